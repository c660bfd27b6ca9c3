"""Messages that may have arrived: each is listed, and under the policy `hold` a person decides about it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from campaigns.models import Lesson
from courseletter.errors import InvalidInput, NotFound
from sender import events
from sender.calling_back import call_back_unawaited
from sender.models import Delivery, Event, State
from sender.outcomes import lock_enrolment, tell_enrolment
from subscribers.models import Subscriber

IN_DOUBT = "unknown"  # the event's kind


@dataclass(frozen=True, slots=True)
class Doubt:
    """One message that went past the final dot without an answer, and what has become of its delivery."""

    delivery: int
    at: datetime
    email: str
    lesson: str
    why: str
    state: str
    undecided: bool  # it waits for its second try or, under `hold`, for a person


def doubts(session: Session) -> list[Doubt]:
    """Every in-doubt event, the oldest first. A delivery that was tried once more may stand here twice."""
    rows = session.execute(
        select(Event, Delivery, Subscriber.email, Lesson.title)
        .join(Delivery, Delivery.id == Event.delivery_id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .outerjoin(Lesson, Lesson.id == Delivery.lesson_id)
        .where(Event.kind == IN_DOUBT)
        .order_by(Event.at, Event.id)
    )
    return [
        Doubt(
            delivery=delivery.id,
            at=event.at,
            email=email,
            lesson=title or "confirmation",
            why=str(event.data.get("reply") or delivery.reply),
            state=delivery.state,
            undecided=delivery.state == State.UNKNOWN and delivery.finished_at is None,
        )
        for event, delivery, email, title in rows
    ]


def settle(session: Session, delivery_id: int, now: datetime, *, arrived: bool) -> None:
    """A person knows whether it arrived: it counts as had, or it is ready to be sent again.

    Raises NotFound for no such delivery, InvalidInput for one that is not in doubt.
    """
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound(f"There is no delivery {delivery_id}. See `courseletter delivery in-doubt`.")
    enrolment = lock_enrolment(session, delivery)
    undecided = (
        Delivery.id == delivery_id,
        Delivery.state == State.UNKNOWN,
        Delivery.finished_at.is_(None),
    )
    values = (
        {"finished_at": now} if arrived else {"state": State.READY, "due_at": now, "retried_unknown": True}
    )
    if session.scalar(update(Delivery).where(*undecided).values(**values).returning(Delivery.id)) is None:
        raise InvalidInput(
            f"Delivery {delivery_id} is not in doubt any more. See `courseletter delivery in-doubt`."
        )
    session.refresh(delivery)
    events.record(session, "settled", now, delivery=delivery, arrived=arrived)
    if arrived:
        tell_enrolment(session, delivery, now)
    elif enrolment is not None:
        call_back_unawaited(session, delivery, enrolment, now)
