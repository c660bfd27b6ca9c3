"""The ledger of deliveries and the events, for an export: every row once, in order, and few in memory."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Course, Lesson
from sender.models import Delivery, Event
from subscribers.models import Subscriber

WINDOW: Final = 5_000

DELIVERIES: Final = (
    *("id", "kind", "email", "course", "lesson", "run", "copy", "by", "state"),
    *("created_at", "first_attempt_at", "finished_at", "attempts", "reply"),
)
EVENTS: Final = ("id", "at", "kind", "email", "course", "delivery", "data")


def deliveries(session: Session) -> Iterator[dict[str, Any]]:
    moments = (Delivery.created_at, Delivery.first_attempt_at, Delivery.finished_at)
    columns = (
        *(Delivery.id, Delivery.kind, Subscriber.email, Course.slug, Lesson.title, Delivery.run),
        *(Delivery.copy, Delivery.by, Delivery.state, *moments, Delivery.attempts, Delivery.reply),
    )
    wanted = (
        select(*columns)
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .outerjoin(Course, Course.id == Delivery.course_id)
        .outerjoin(Lesson, Lesson.id == Delivery.lesson_id)
    )
    yield from _windows(session, wanted, Delivery.id, DELIVERIES)


def events(session: Session) -> Iterator[dict[str, Any]]:
    columns = (
        *(Event.id, Event.at, Event.kind, Subscriber.email, Course.slug, Event.delivery_id, Event.data),
    )
    wanted = (
        select(*columns)
        .outerjoin(Subscriber, Subscriber.id == Event.subscriber_id)
        .outerjoin(Course, Course.id == Event.course_id)
    )
    yield from _windows(session, wanted, Event.id, EVENTS)


def _windows(session: Session, wanted: Any, id_: Any, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    after = 0
    while rows := session.execute(wanted.where(id_ > after).order_by(id_).limit(WINDOW)).all():
        after = rows[-1][0]
        for row in rows:
            yield {name: _plain(value) for name, value in zip(names, row, strict=True)}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
