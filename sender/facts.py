"""What a delivery's mail is written from, as the claim freezes it: its reader's values, what comes next.

Gathered by the database in the claiming statement itself, kept with the delivery as JSON until it has ended,
so that every attempt says the same, whatever changes meanwhile.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from campaigns.models import Course, Enrolment, ProfileRecord
from sender.models import Delivery, State
from subscribers.models import Subscriber

_HAD = (State.ACCEPTED, State.UNKNOWN)


def gathered(dialect: str) -> ColumnElement[Any]:
    """The facts of the delivery that an enclosing statement is about, as a JSON value."""
    as_json = func.jsonb_build_object if dialect == "postgresql" else func.json_object
    values = {
        "email": Subscriber.email,
        "first_name": Subscriber.first_name,
        "last_name": Subscriber.last_name,
        "fields": Subscriber.fields if dialect == "postgresql" else func.json(Subscriber.fields),
        "zone": ProfileRecord.zone,
        "joined_at": func.coalesce(Enrolment.joined_at, Subscriber.created_at),
        "next_lesson": Enrolment.next_lesson,
        "next_at": Enrolment.due_at,
        "progress": Enrolment.progress_id,
        "previous": _came_before().scalar_subquery(),
        "tracked": and_(Course.tracks_clicks, Subscriber.no_tracking.is_(False)),
    }
    pairs = [part for name, value in values.items() for part in (name, value)]
    facts = (
        select(as_json(*pairs))
        .select_from(Subscriber)
        .join(Course, Course.id == Delivery.course_id)
        .outerjoin(Enrolment, Enrolment.id == Delivery.enrolment_id)
        .outerjoin(ProfileRecord, ProfileRecord.id == Enrolment.profile_id)
        .where(Subscriber.id == Delivery.subscriber_id)
        .correlate(Delivery)
    )
    return facts.scalar_subquery()


def moment(text: str | None) -> datetime | None:
    """A moment of the facts, if it has one."""
    return None if text is None else read_moment(text)


@lru_cache(maxsize=1024)  # what is claimed together shares most of them
def read_moment(text: str) -> datetime:
    """A moment as the database writes it; SQLite leaves its zone out, UTC."""
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _came_before() -> Select[str | None]:
    """The lesson that the reader got before this one."""
    before = aliased(Delivery)
    return (
        select(before.lesson_id)
        .where(
            and_(before.enrolment_id == Delivery.enrolment_id, before.run == Delivery.run),
            before.id != Delivery.id,
            before.state.in_(_HAD),
        )
        .order_by(before.finished_at.desc(), before.id.desc())
        .limit(1)
        .correlate(Delivery)
    )
