"""What is wrong with sending just now, in numbers: sends held, messages waiting, in doubt, or failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment, Lesson
from sender import instance
from sender.claiming import ready_since
from sender.doctor.finding import Finding, Level
from sender.doctor.visit import last_found
from sender.models import Delivery, State, Visit, is_in
from subscribers.models import Subscriber
from templates.merge_fields import without_recipient

LATELY: Final = timedelta(days=1)
STALLED: Final = timedelta(minutes=15)  # a tick comes every few seconds, and nobody is told to wait longer


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that a relay put off: how many, when the next is tried, and what one relay said."""

    count: int
    next_try: datetime
    reply: str


@dataclass(frozen=True, slots=True)
class Troubles:
    held: str | None  # why this may not be the database we know, so that nothing at all is sent
    unbelieved: list[Finding]  # what the doctor found bad
    blocked: bool  # by it nothing at all is sent
    waiting: Waiting | None
    overdue: datetime | None  # since then something is due that nobody has taken
    in_doubt: int  # may have arrived; a person decides
    failed: int  # for good, since a day ago
    failed_reply: str


class Trouble(StrEnum):
    """What a list of deliveries is about."""

    IN_DOUBT = "in-doubt"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Troubled:
    """One message of such a list."""

    delivery: int
    at: datetime  # of its end, or of its next move
    email: str
    lesson: str
    course: str
    reply: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """How messages that were tried ended, and how many of those that did not arrive."""

    accepted: int
    ended: int

    @property
    def share(self) -> float:
        return self.accepted / self.ended if self.ended else 0.0


def troubles(session: Session, now: datetime) -> Troubles:
    lost = _lost(now)
    failed = session.scalar(select(func.count()).where(*lost)) or 0
    example = select(Delivery.reply).where(*lost).order_by(Delivery.finished_at.desc()).limit(1)
    doubts = select(func.count()).where(*_IN_DOUBT)
    return Troubles(
        held=instance.why_held(session),
        unbelieved=[one for one in last_found(session) if one.level is Level.BAD],
        blocked=session.scalar(select(Visit.blocked_why)) is not None,
        waiting=_waiting(session),
        overdue=_overdue(session, now),
        in_doubt=session.scalar(doubts) or 0,
        failed=failed,
        failed_reply=(session.scalar(example) or "") if failed else "",
    )


def in_trouble(session: Session, which: Trouble, now: datetime, most: int) -> list[Troubled]:
    """The messages of one kind: what failed last first, else what moves next."""
    at, conditions, order = _lists(now)[which]
    rows = session.execute(
        select(Delivery.id, at, Subscriber.email, Lesson.title, Course.title, Delivery.reply)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .join(Course, Course.id == Delivery.course_id)
        .outerjoin(Lesson, Lesson.id == Delivery.lesson_id)
        .where(*conditions)
        .order_by(order, Delivery.id)
        .limit(most)
    )
    return [
        Troubled(number, moment, email, without_recipient(lesson or "Confirmation"), course, reply)
        for number, moment, email, lesson, course, reply in rows
    ]


_IN_DOUBT: Final = (is_in(State.UNKNOWN), Delivery.finished_at.is_(None))


def _lost(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Delivery.state.in_((State.FAILED, State.EXPIRED)), Delivery.finished_at > now - LATELY


def _lists(now: datetime) -> Mapping[Trouble, tuple[Any, tuple[ColumnElement[bool], ...], Any]]:
    """Of each list: which moment it shows, what stands on it, in which order."""
    due, ended = Delivery.due_at, Delivery.finished_at
    return {
        Trouble.IN_DOUBT: (due, _IN_DOUBT, due),
        Trouble.FAILED: (ended, _lost(now), ended.desc()),
        Trouble.WAITING: (due, (is_in(State.DEFERRED),), due),
    }


def delivered(session: Session, since: datetime, until: datetime) -> Delivered:
    """Of the messages that ended in a span of time; what was called back was never tried."""
    counts = {}
    for state in (State.ACCEPTED, State.FAILED, State.EXPIRED):
        ended = (is_in(state), Delivery.finished_at >= since, Delivery.finished_at < until)
        counts[state] = session.scalar(select(func.count()).where(*ended)) or 0
    return Delivered(counts[State.ACCEPTED], sum(counts.values()))


def _overdue(session: Session, now: datetime) -> datetime | None:
    """Since when a lesson or a message is due that no tick and no sender has taken, where that is long ago.

    What a relay's limit holds back counts too: how long it does is for a person to know.
    """
    late = now - STALLED
    first = (
        select(Enrolment.due_at)
        .where(
            Enrolment.course_id == Course.id,
            Enrolment.state == "active",
            Enrolment.due_at <= late,
            Enrolment.queued_lesson.is_(None),
        )
        .order_by(Enrolment.due_at)
        .limit(1)
        .correlate(Course)
        .scalar_subquery()
    )
    running = (Course.paused_at.is_(None), Course.revision_id.is_not(None), ~instance.is_held())
    moments = (session.scalar(select(func.min(first)).where(*running)), ready_since(session, late))
    return min((moment for moment in moments if moment is not None), default=None)


def _waiting(session: Session) -> Waiting | None:
    deferred = is_in(State.DEFERRED)
    count = session.scalar(select(func.count()).where(deferred)) or 0
    if not count:
        return None
    first = select(Delivery.due_at, Delivery.reply).where(deferred).order_by(Delivery.due_at).limit(1)
    next_try, reply = session.execute(first).one()
    return Waiting(count, next_try, reply)
