"""What happened, written down once: the story behind every delivery and every enrolment."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from campaigns.models import Enrolment
from sender.models import Delivery, Event


def record(
    session: Session,
    kind: str,
    now: datetime,
    *,
    enrolment: Enrolment | None = None,
    delivery: Delivery | None = None,
    **data: Any,
) -> None:
    """Append one event. Whom and what it concerns is taken from the enrolment or the delivery."""
    about = delivery or enrolment
    session.add(
        Event(
            at=now,
            kind=kind,
            subscriber_id=about.subscriber_id if about else None,
            course_id=about.course_id if about else None,
            delivery_id=delivery.id if delivery else None,
            data=data,
        )
    )
