"""What leaves in the next hours, without touching anything: the queue, and the enrolments that fall due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from campaigns.models import Course, Enrolment, ProfileRecord, Revision
from courseletter.zones import zone_of
from sender.models import Delivery, State, is_in

FIRST = func.min(Enrolment.id).label("first")
ALONE = 0.2  # of its course's people: so many at one moment are a row of their own


@dataclass(frozen=True, slots=True)
class Leaving:
    """The lessons of one course that leave from `first` to `last`. `places` are zones of some of them."""

    course_id: str
    title: str
    first: datetime
    last: datetime
    people: int
    places: tuple[str, ...]
    their_time: str  # `08:00`

    def joined_with(self, later: "Leaving") -> "Leaving":
        places = tuple(dict.fromkeys((*self.places, *later.places)))
        return Leaving(
            self.course_id,
            self.title,
            self.first,
            later.last,
            self.people + later.people,
            places,
            self.their_time,
        )


@dataclass(frozen=True, slots=True)
class Outlook:
    """`queued` messages leave at once, or are leaving; `moments` are every due moment with its people."""

    queued: int
    rows: list[Leaving]
    moments: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.queued + sum(people for _, people in self.moments)


def outlook(session: Session, now: datetime, until: datetime) -> Outlook:
    """What courses that run will send before `until`, if nobody touches anything."""
    courses = {
        course_id: (title, zone)
        for course_id, title, zone in session.execute(
            select(Course.id, Revision.title, Revision.zone)
            .join(Revision, Revision.id == Course.revision_id)
            .where(Course.paused_at.is_(None))
        )
    }
    leaving = []
    for course_id, at, people, theirs in _due(session, courses, until):
        title, own = courses[course_id]
        zone = zone_of(theirs or own)
        moment = max(at, now)  # overdue: with the next tick
        leaving.append(Leaving(course_id, title, moment, moment, people, (zone.key,), _clock(at, zone)))
    return Outlook(_queued(session), merged(leaving), [(one.first, one.people) for one in leaving])


def merged(leaving: Sequence[Leaving]) -> list[Leaving]:
    """Rows for people to read, in the order of time: small groups of a course that follow one another and
    get it at the same hour of their own become one row.
    """
    totals: dict[str, int] = {}
    for one in leaving:
        totals[one.course_id] = totals.get(one.course_id, 0) + one.people
    rows: list[Leaving] = []
    open_row: dict[str, int] = {}  # course -> the row that a small group may join
    for one in sorted(leaving, key=lambda each: (each.first, each.title)):
        if one.people >= ALONE * totals[one.course_id]:
            open_row.pop(one.course_id, None)
            rows.append(one)
            continue
        at = open_row.get(one.course_id)
        if at is not None and rows[at].their_time == one.their_time:
            rows[at] = rows[at].joined_with(one)
        else:
            open_row[one.course_id] = len(rows)
            rows.append(one)
    return rows


def _queued(session: Session) -> int:
    """What is ready, and what a sender has in hand: a partial index of each."""
    counts = (is_in(State.READY), Delivery.lease_until.is_not(None))
    return sum(session.scalar(select(func.count()).select_from(Delivery).where(one)) or 0 for one in counts)


def _due(
    session: Session, courses: Collection[str], until: datetime
) -> Sequence[tuple[str, datetime, int, str | None]]:
    """(course, moment, people, the zone that one of them chose).

    The groups are read from one index alone, in its own order, and then one row of each.
    """
    groups = (
        select(Enrolment.course_id, Enrolment.due_at, func.count().label("people"), FIRST)
        .where(
            Enrolment.state == "active",
            Enrolment.due_at.is_not(None),
            Enrolment.due_at < until,
            Enrolment.course_id.in_(courses),
        )
        .group_by(Enrolment.course_id, Enrolment.due_at)
        .subquery()
    )
    one = aliased(Enrolment)
    rows = (
        select(groups.c.course_id, groups.c.due_at, groups.c.people, ProfileRecord.zone)
        .join(one, one.id == groups.c.first)
        .join(ProfileRecord, ProfileRecord.id == one.profile_id)
    )
    return [(course, at, people, zone) for course, at, people, zone in session.execute(rows)]


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"
