"""What happened, written down once: the story behind every delivery and every enrolment."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, insert, literal, select
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment
from courseletter.bulk import among, dialect_of
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
    _record_each(session, kind, now, Delivery, Delivery.id.in_(ids), delivery_id=Delivery.id)


def record_enrolments(session: Session, kind: str, now: datetime, ids: Select[int]) -> None:
    """Append the same event to the story of each enrolment that a query finds."""
    _record_each(session, kind, now, Enrolment, among(dialect_of(session), Enrolment.id, ids))


def _record_each(
    session: Session, kind: str, now: datetime, of: type[Any], these: ColumnElement[bool], **more: Any
) -> None:
    columns = {
        "at": literal(now, Event.at.type),
        "kind": literal(kind),
        "subscriber_id": of.subscriber_id,
        "course_id": of.course_id,
        "data": literal({}, Event.data.type),
        **more,
    }
    session.execute(insert(Event).from_select([*columns], select(*columns.values()).where(these)))
