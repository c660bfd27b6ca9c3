"""How many people are where: on a course, waiting for a lesson, finished. Each from an index alone.

Pages ask for these at every view, with 100,000 people in the tables; benchmarks/workshop.py measures them.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.models import Enrolment

UNDER_WAY = ("active", "paused")
STATES = (*UNDER_WAY, "completed", "left")


@dataclass(frozen=True, slots=True)
class Crowd:
    """The people of one course, or of all."""

    active: int = 0
    paused: int = 0  # by themselves
    completed: int = 0
    left: int = 0

    @property
    def under_way(self) -> int:
        return self.active + self.paused


@dataclass(frozen=True, slots=True)
class Finishing:
    """Of those who joined in a span of time, how many had finished by now."""

    joined: int
    finished: int

    @property
    def share(self) -> float:
        return self.finished / self.joined if self.joined else 0.0


def crowds(session: Session) -> dict[str, Crowd]:
    """The people of each course, by its id; a course without any is not in it."""
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    rows = select(Enrolment.course_id, Enrolment.state, func.count())
    for course, state, count in session.execute(rows.group_by(Enrolment.course_id, Enrolment.state)):
        counts[course][state] = count
    return {course: Crowd(**states) for course, states in counts.items()}


def everybody(session: Session) -> Crowd:
    """All courses together: whoever is on two of them counts twice."""
    return Crowd(
        **{
            state: session.scalar(select(func.count()).where(Enrolment.state == state)) or 0
            for state in STATES
        }
    )


def crowd_of(session: Session, course_id: str) -> Crowd:
    rows = select(Enrolment.state, func.count()).where(Enrolment.course_id == course_id)
    return Crowd(**dict(session.execute(rows.group_by(Enrolment.state)).all()))


def waiting_for(session: Session, course_id: str) -> dict[str, int]:
    """How many get each lesson next, by the lesson's id; whose lesson is on its way, gets the one after."""
    rows = (
        select(Enrolment.next_lesson, func.count())
        .where(Enrolment.course_id == course_id, Enrolment.state.in_(UNDER_WAY))
        .group_by(Enrolment.next_lesson)
    )
    return {lesson: count for lesson, count in session.execute(rows) if lesson is not None}


def joined_between(session: Session, start: datetime, end: datetime, course_id: str | None = None) -> int:
    counting = select(func.count()).where(
        Enrolment.state.in_(STATES), Enrolment.joined_at >= start, Enrolment.joined_at < end
    )
    if course_id is not None:
        # Behind coalesce no index is used for it: SQLite would go by the course, and read all of its rows.
        counting = counting.where(func.coalesce(Enrolment.course_id, "") == course_id)
    return session.scalar(counting) or 0


def finishing(session: Session, start: datetime, end: datetime) -> Finishing:
    """Of those who joined in a span of time."""
    span = (Enrolment.joined_at >= start, Enrolment.joined_at < end)
    counts = {
        state: session.scalar(select(func.count()).where(Enrolment.state == state, *span)) or 0
        for state in STATES
    }
    return Finishing(sum(counts.values()), counts["completed"])
