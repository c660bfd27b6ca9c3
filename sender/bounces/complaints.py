"""The complaint breaker: a course whose readers call it spam is warned about, then paused for a person."""

from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.models import Course
from sender import events
from sender.bounces.judging import RATE_WINDOW, WARN_RATE, Alarm, alarm
from sender.bounces.models import Bounce
from sender.bounces.report import Kind
from sender.models import Delivery, State
from sender.stopping import stop_course


def watch(session: Session, delivery: Delivery, now: datetime) -> bool:
    """Look at a course after a complaint about one of its deliveries. True: it was paused by this one.

    The warning is written when the limit is crossed, the pause whenever it is exceeded: who has resumed a
    course and gets one complaint more has to look again.
    """
    # One at a time: of two complaints in two transactions each would else miss the other.
    course = session.get_one(Course, delivery.course_id, with_for_update=True)
    complaints = _complaints(session, course.id, now)
    deliveries = _deliveries(session, course.id, now, enough=ceil(complaints / WARN_RATE) + 1)
    figures: dict[str, Any] = {"complaints": complaints, "deliveries": deliveries, "days": RATE_WINDOW.days}
    found = alarm(complaints, deliveries)
    if found is Alarm.WARN and alarm(complaints - 1, deliveries) is Alarm.NONE:
        events.record(session, "complaints_warned", now, delivery=delivery, **figures)
    why = f"{complaints} complaints about {deliveries} deliveries in {RATE_WINDOW.days} days"
    if found is not Alarm.PAUSE or not stop_course(session, course, why, now):
        return False
    events.record(session, "complaints_paused", now, delivery=delivery, **figures)
    return True


def _complaints(session: Session, course_id: str, now: datetime) -> int:
    counting = (
        select(func.count())
        .select_from(Bounce)
        .join(Delivery, Delivery.id == Bounce.delivery_id)
        .where(Bounce.kind == Kind.COMPLAINT, Bounce.at > now - RATE_WINDOW, Delivery.course_id == course_id)
    )
    return session.scalar(counting) or 0


def _deliveries(session: Session, course_id: str, now: datetime, enough: int) -> int:
    """How many were accepted lately. Counting stops at `enough`: more would not change the decision."""
    lately = (
        select(Delivery.id)
        .where(
            Delivery.course_id == course_id,
            Delivery.state == State.ACCEPTED,
            Delivery.finished_at > now - RATE_WINDOW,
        )
        .order_by(Delivery.id.desc())
        .limit(enough)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(lately)) or 0
