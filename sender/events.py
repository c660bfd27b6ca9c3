"""What happened, written down once: the story behind every delivery and every enrolment."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, literal, select
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment
from sender.models import Delivery, Event


def record(
    session: Session,
    kind: str,
    now: datetime,
    *,
    enrolment: Enrolment | None = None,
    delivery: Delivery | None = None,
    course: Course | None = None,
    **data: Any,
) -> None:
    """Append one event. Whom and what it concerns is taken from the enrolment, the delivery or the course."""
    about = delivery or enrolment
    session.add(
        Event(
            at=now,
            kind=kind,
            subscriber_id=about.subscriber_id if about else None,
            course_id=about.course_id if about else course and course.id,
            delivery_id=delivery.id if delivery else None,
            data=data,
        )
    )


def record_deliveries(session: Session, kind: str, now: datetime, ids: Collection[int]) -> None:
    """Append the same event to the story of each of these deliveries."""
    about = select(
        literal(now, Event.at.type),
        literal(kind),
        Delivery.subscriber_id,
        Delivery.course_id,
        Delivery.id,
        literal({}, Event.data.type),
    ).where(Delivery.id.in_(ids))
    session.execute(
        insert(Event).from_select(["at", "kind", "subscriber_id", "course_id", "delivery_id", "data"], about)
    )


def record_enrolments(session: Session, kind: str, now: datetime, ids: Select[int]) -> None:
    """Append the same event to the story of each of these enrolments."""
    about = select(
        literal(now, Event.at.type),
        literal(kind),
        Enrolment.subscriber_id,
        Enrolment.course_id,
        literal({}, Event.data.type),
    ).where(Enrolment.id.in_(ids))
    session.execute(insert(Event).from_select(["at", "kind", "subscriber_id", "course_id", "data"], about))
