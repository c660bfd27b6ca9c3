"""What a list shows of people beside their names: where they stand, what comes next, their last click."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment, ProfileRecord, Revision, RevisionLesson
from courseletter.zones import zone_of
from sender.models import Click, Delivery
from subscribers.models import (
    MailingList,
    Membership,
    MemberStatus,
    Subscriber,
    SubscriberTag,
    Suppression,
    Tag,
)
from subscribers.suppression import address_hash

_ENDED: Final = {"completed": "finished", "left": "left"}


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place in a course: `where` is `3 of 5`, or how it ended; `due` in their own time."""

    course: str
    where: str
    due: datetime | None
    zone: str
    paused: bool
    paused_until: date | None


@dataclass(slots=True)
class Listed:
    """A row of the list. `status` is a key of subscribers.filters.STATUSES."""

    person: Subscriber
    status: str
    lists: list[tuple[str, str]] = field(default_factory=list)  # name and status
    tags: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    clicked: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.person.first_name} {self.person.last_name}".strip()

    @property
    def next(self) -> Place | None:
        """The place in which something comes first; else one that rests."""
        due = [(one.due, one) for one in self.places if one.due is not None]
        resting = (one for one in self.places if one.paused)
        return min(due, key=lambda pair: pair[0])[1] if due else next(resting, None)


def described(session: Session, people: Sequence[Subscriber], key: bytes) -> list[Listed]:
    """The people of one page, in their order; a fixed number of queries."""
    ids = [one.id for one in people]
    memberships, tags = _memberships(session, ids), _tags(session, ids)
    places, clicks, held = _places(session, ids), _clicks(session, ids), _held(session, people, key)
    return [
        Listed(
            one,
            "held" if one.id in held else _status(memberships[one.id]),
            [(name, status) for name, status in memberships[one.id]],
            tags[one.id],
            places[one.id],
            clicks.get(one.id),
        )
        for one in people
    ]


def _status(memberships: Collection[tuple[str, str]]) -> str:
    statuses = {status for _, status in memberships}
    if MemberStatus.CONFIRMED in statuses:
        return "subscribed"
    if MemberStatus.PENDING in statuses:
        return "pending"
    return "left" if statuses else "none"


def _held(session: Session, people: Sequence[Subscriber], key: bytes) -> set[int]:
    hashes = {address_hash(key, one.email): one.id for one in people}
    found = session.scalars(select(Suppression.address_hash).where(Suppression.address_hash.in_(hashes)))
    return {hashes[one] for one in found}


def _memberships(session: Session, ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    rows = session.execute(
        select(Membership.subscriber_id, MailingList.name, Membership.status)
        .join(MailingList, MailingList.id == Membership.list_id)
        .where(Membership.subscriber_id.in_(ids))
        .order_by(MailingList.name)
    )
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for person, name, status in rows:
        found[person].append((name, status))
    return found


def _tags(session: Session, ids: Collection[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(SubscriberTag.subscriber_id, Tag.name)
        .join(Tag, Tag.id == SubscriberTag.tag_id)
        .where(SubscriberTag.subscriber_id.in_(ids))
        .order_by(Tag.name_key)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for person, name in rows:
        found[person].append(name)
    return found


def _places(session: Session, ids: Collection[int]) -> dict[int, list[Place]]:
    rows = session.execute(
        select(Enrolment, Course.title, RevisionLesson.number, Revision.zone, ProfileRecord.zone)
        .join(Course, Course.id == Enrolment.course_id)
        .join(Revision, Revision.id == Enrolment.revision_id)
        .join(ProfileRecord, ProfileRecord.id == Enrolment.profile_id)
        .outerjoin(
            RevisionLesson,
            (RevisionLesson.revision_id == Enrolment.revision_id)
            & (RevisionLesson.lesson_id == Enrolment.next_lesson),
        )
        .where(Enrolment.subscriber_id.in_(ids))
        .order_by(Enrolment.id)
    ).all()
    longest = _lessons(session, {row[0].revision_id for row in rows})
    found: dict[int, list[Place]] = defaultdict(list)
    for enrolment, title, number, zone, own in rows:
        where = _ENDED.get(enrolment.state)
        if where is None:
            where = "welcome" if not number else f"{number} of {longest[enrolment.revision_id]}"
        resting = enrolment.state == "paused" or (
            enrolment.state == "active" and enrolment.paused_until is not None
        )
        due = enrolment.due_at and enrolment.due_at.astimezone(zone_of(own or zone))
        found[enrolment.subscriber_id].append(
            Place(title, where, due, own or zone, resting, enrolment.paused_until if resting else None)
        )
    return found


def _lessons(session: Session, revisions: Collection[int]) -> dict[int, int]:
    rows = session.execute(
        select(RevisionLesson.revision_id, func.max(RevisionLesson.number))
        .where(RevisionLesson.revision_id.in_(revisions))
        .group_by(RevisionLesson.revision_id)
    )
    return dict(rows.all())


def _clicks(session: Session, ids: Collection[int]) -> dict[int, datetime]:
    rows = session.execute(
        select(Delivery.subscriber_id, func.max(Click.at))
        .join(Click, Click.delivery_id == Delivery.id)
        .where(Delivery.subscriber_id.in_(ids), Click.scanner.is_(False))
        .group_by(Delivery.subscriber_id)
    )
    return dict(rows.all())
