"""Writing deliveries: one statement queues the lesson of one enrolment, or of ten thousand."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from campaigns.models import Course, Enrolment
from courseletter.bulk import among, dialect_of
from courseletter.database import UtcDateTime
from courseletter.errors import CourseletterError
from courseletter.upserting import insert_on
from sender import alike
from sender.models import Delivery, State
from subscribers.models import Subscriber

_KEY = ("enrolment_id", "run", "lesson_id", "copy")
SENT_ALREADY = "Its lesson has been sent to this reader already."
_REUSABLE = (State.CANCELLED, State.FAILED, State.EXPIRED)


def queue_lesson(session: Session, enrolment: Enrolment, now: datetime) -> None:
    """Write the delivery of the lesson that the enrolment has just queued.

    Raises CourseletterError for one that may have arrived: no mistake of the schedule's sends it twice.
    """
    session.flush()
    if not _queue(session, now, this=enrolment.id):
        raise CourseletterError(SENT_ALREADY)


def queue_lessons(session: Session, now: datetime) -> Collection[int | None]:
    """Write the delivery of the lesson that each of the gathered enrolments has queued, if any.

    Returns the enrolments' ids; one is left out whose lesson may have arrived.
    """
    return _queue(session, now)


def _queue(session: Session, now: datetime, **this: int) -> Collection[int | None]:
    """A lesson that was called back, failed or expired keeps its one row: it is made ready again."""
    queueing = _queueing(dialect_of(session), one="this" in this)
    return session.connection().execute(queueing, {"now": now, **this}).scalars().all()


@cache
def _queueing(dialect: str, *, one: bool) -> ReturningInsert[int | None]:
    this, gathered = Enrolment.id == bindparam("this"), among(dialect, Enrolment.id, alike.members())
    now = bindparam("now", type_=UtcDateTime())
    values = {
        "kind": literal("lesson"),
        "subscriber_id": Enrolment.subscriber_id,
        "course_id": Enrolment.course_id,
        "enrolment_id": Enrolment.id,
        "run": Enrolment.run,
        "lesson_id": Enrolment.queued_lesson,
        "copy": literal(0),
    }
    fresh = {
        "revision_id": Enrolment.revision_id,
        "by": Enrolment.queued_by,
        "state": literal(State.READY),
        "due_at": now,
        "created_at": now,
        "attempts": literal(0),
        "reply": literal(""),
        "retried_unknown": literal(False),
    }
    queued: Select[*tuple[Any, ...]] = (
        select(*(column.label(name) for name, column in (values | fresh).items()))
        .where(this if one else gathered, Enrolment.queued_lesson.is_not(None))
        .order_by(Enrolment.id)
    )
    adding = insert_on(dialect, Delivery).from_select([*values, *fresh], queued)
    again = {name: adding.excluded[name] for name in fresh}
    forgotten = {"facts": None, "dated_at": None, "first_attempt_at": None, "finished_at": None}
    unless_sent = adding.on_conflict_do_update(
        index_elements=_KEY, set_=again | forgotten, where=Delivery.state.in_(_REUSABLE)
    )
    return unless_sent.returning(Delivery.enrolment_id)


def queue_confirmation(session: Session, course: Course, subscriber: Subscriber, now: datetime) -> None:
    """Ask the subscriber whether it was them: the only mail that goes out before consent."""
    session.add(
        Delivery(
            kind="confirmation",
            subscriber_id=subscriber.id,
            course_id=course.id,
            by="learner",
            due_at=now,
            created_at=now,
        )
    )
