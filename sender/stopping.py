"""A course that trouble stops. Apart from what people do to courses, as those who send import it."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from campaigns.models import Course


def stop_course(session: Session, course: Course, why: str, now: datetime) -> bool:
    """Pause a course for a person to look at. What is queued waits. False: it was paused before."""
    stopping = update(Course).where(Course.id == course.id, Course.paused_at.is_(None))
    stopped = stopping.values(paused_at=now, paused_why=why).returning(Course.id)
    return session.scalar(stopped) is not None
