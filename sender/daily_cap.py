"""The daily cap: how many scheduled messages a person wants of a local day, over all courses
and newsletters (S16).

Both queries come to people by the indexes on their id: a plan that looked for what is due instead would read
all of it for each of a chunk's people.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from campaigns.enrolling import Place
from campaigns.models import Course, Enrolment
from campaigns.newsletters.timing import known
from campaigns.schedule import GRACE
from courseletter.bulk import among, dialect_of
from courseletter.database import UtcDateTime
from sender import alike
from sender.models import Delivery, State
from subscribers.models import Subscriber

BUSY_DAY = timedelta(hours=48)  # no local day reaches further back
_NOT_HAD = (State.CANCELLED, State.FAILED, State.EXPIRED)
# Lessons and issues that came by themselves, and that a person has had or is about to have.
_COUNTED = (
    Delivery.by == "schedule",
    Delivery.kind != "confirmation",
    Delivery.state.not_in(_NOT_HAD),
)
_PLANNED = (Enrolment.subscriber_id, Enrolment.planned_at, Enrolment.id)


class _Message(NamedTuple):
    """What somebody has had lately, or is to have first."""

    enrolment: int
    cap: int
    at: datetime


def perhaps_full(session: Session, course_id: str, now: datetime) -> Mapping[int, Sequence[datetime]]:
    """Of those gathered, who may have had as much as they want of a day: enrolment -> when lately.

    What goes before it now counts as had.
    """
    caps: dict[int, int] = {}
    lately: defaultdict[int, list[datetime]] = defaultdict(list)
    for enrolment, cap, at in (*_had(session, now), *_ahead(session, course_id, now)):
        caps[enrolment] = cap
        lately[enrolment].append(at)
    return {enrolment: moments for enrolment, moments in lately.items() if len(moments) >= caps[enrolment]}


def had_today(place: Place, moments: Sequence[datetime], now: datetime) -> int:
    """How many of the moments fall on the learner's present local day."""
    zone = place.zone
    return sum(moment.astimezone(zone).date() == now.astimezone(zone).date() for moment in moments)


def at_their_cap(session: Session, people: Select[int], usual_zone: str, now: datetime) -> set[int]:
    """Of these subscribers, who have had as many scheduled messages on their local day as they want.

    `usual_zone` is that of who has none. Only who might be full comes to Python.
    """
    lately = (
        among(dialect_of(session), Delivery.subscriber_id, people),
        Delivery.created_at > now - BUSY_DAY,
        *_COUNTED,
    )
    busy = (
        select(Delivery.subscriber_id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(*lately)
        .group_by(Delivery.subscriber_id, Subscriber.daily_cap)
        .having(func.count() >= Subscriber.daily_cap)
    )
    ids = session.scalars(busy).all()
    if not ids:
        return set()
    had: Counter[int] = Counter()
    caps: dict[int, int] = {}
    rows = (
        select(Subscriber.id, Subscriber.zone, Subscriber.daily_cap, Delivery.created_at)
        .join(Delivery, Delivery.subscriber_id == Subscriber.id)
        .where(Subscriber.id.in_(ids), Delivery.created_at > now - BUSY_DAY, *_COUNTED)
    )
    for person, zone, cap, at in session.execute(rows):
        clock = known(zone, usual_zone)
        caps[person] = cap
        had[person] += at.astimezone(clock).date() == now.astimezone(clock).date()
    return {person for person, cap in caps.items() if had[person] >= cap}


def _had(session: Session, now: datetime) -> Iterator[_Message]:
    rows = session.execute(_lately_had(dialect_of(session)), {"since": now - BUSY_DAY})
    return (_Message(*row) for row in rows)


def _ahead(session: Session, course_id: str, now: datetime) -> Iterator[_Message]:
    """What is due to the same people in other courses and was planned earlier.

    It goes first: else the cap would hold back the same course day after day.
    """
    dialect = dialect_of(session)
    due: defaultdict[int, list[tuple[datetime, int]]] = defaultdict(list)
    elsewhere = session.execute(_elsewhere(dialect), {"course": course_id})
    for person, planned_at, enrolment, due_at, state, queued in elsewhere:
        if state != "active" or queued is not None or planned_at is None or due_at is None:
            continue
        if now - GRACE <= due_at <= now:
            due[person].append((planned_at, enrolment))
    if not due:
        return
    for person, planned_at, enrolment, cap in session.execute(_here(dialect)):
        yield from (_Message(enrolment, cap, now) for other in due[person] if other < (planned_at, enrolment))


# Each is written once: a chunk is through sooner than they are put together.


@cache
def _lately_had(dialect: str) -> Select[int, int, datetime]:
    return (
        select(Enrolment.id, Subscriber.daily_cap, Delivery.created_at)
        .join(Subscriber, Subscriber.id == Enrolment.subscriber_id)
        .join(Delivery, Delivery.subscriber_id == Enrolment.subscriber_id)
        .where(
            among(dialect, Enrolment.id, alike.members()),
            Delivery.created_at > bindparam("since", type_=UtcDateTime()),
            *_COUNTED,
        )
    )


@cache
def _elsewhere(dialect: str) -> Select[*tuple[Any, ...]]:
    people = select(Enrolment.subscriber_id).where(among(dialect, Enrolment.id, alike.members()))
    return (
        select(*_PLANNED, Enrolment.due_at, Enrolment.state, Enrolment.queued_lesson)
        .join(Course, Course.id == Enrolment.course_id)
        .where(
            among(dialect, Enrolment.subscriber_id, people),
            Enrolment.course_id != bindparam("course"),
            Course.paused_at.is_(None),
        )
    )


@cache
def _here(dialect: str) -> Select[*tuple[Any, ...]]:
    return (
        select(*_PLANNED, Subscriber.daily_cap)
        .join(Subscriber, Subscriber.id == Enrolment.subscriber_id)
        .where(among(dialect, Enrolment.id, alike.members()))
    )
