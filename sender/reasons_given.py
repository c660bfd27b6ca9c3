"""Why people say that they left, asked after they had (courseletter/web/leaving.py)."""

from collections import Counter
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Course
from sender.models import Event

LEFT_BECAUSE: Final = "left_because"  # the kind of the event


def reasons_given(session: Session, course: Course) -> list[tuple[str, int]]:
    """The reasons of those who told one, the most frequent first, each with how many people."""
    told = session.scalars(select(Event.data).where(Event.kind == LEFT_BECAUSE, Event.course_id == course.id))
    return Counter(data["reason"] for data in told if "reason" in data).most_common()
