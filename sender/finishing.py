"""Coming to the end of a course without its last mail: passed over by wish, or not meant for that person.

Who received the last lesson is known by the ledger. Of the others, and of who goes on again, an event tells
the results (sender/results.py).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import Session, aliased

from campaigns.enrolling import store
from campaigns.models import Enrolment, RevisionLesson
from campaigns.schedule import Profile
from campaigns.standing import Standing
from sender import events


def move(
    session: Session, enrolment: Enrolment, after: Standing, now: datetime, profile: Profile | None = None
) -> None:
    """Store what an act that sends nothing makes of an enrolment, and note where that ends the course."""
    before = enrolment.state
    store(session, enrolment, after, profile)
    if before != "completed" and after.state == "completed":
        events.record(session, "finished", now, enrolment=enrolment)
    elif before == "completed" and after.state == "active":
        events.record(session, "unfinished", now, enrolment=enrolment)


def is_last(lesson: Any) -> ColumnElement[bool]:
    """Whether no lesson of its revision follows a RevisionLesson."""
    later = aliased(RevisionLesson)
    return ~exists().where(later.revision_id == lesson.revision_id, later.position > lesson.position)


def ends_with(revision_id: Any, lesson_id: Any) -> ColumnElement[bool]:
    """Whether a revision ends with this lesson."""
    this = aliased(RevisionLesson)
    return exists().where(this.revision_id == revision_id, this.lesson_id == lesson_id, is_last(this))
