"""How many people are where: on a course, waiting for a lesson, finished. Each from an index alone.

Pages ask for these at every view, with 100,000 people in the tables; benchmarks/workshop.py measures them.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from campaigns.models import HAS_A_MOMENT, HAS_NONE, Course, Enrolment, ProfileRecord

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

    @property
    def all(self) -> int:
        return self.under_way + self.completed + self.left


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
    return Crowd(**_by_state(session, None))


def crowd_of(session: Session, course_id: str) -> Crowd:
    return Crowd(**_by_state(session, course_id))


def more_than(session: Session, course_id: str, people: int) -> bool:
    """Whether so many are or were on the course; cheap, however many there are."""
    further = select(Enrolment.id).where(Enrolment.course_id == course_id).offset(people).limit(1)
    return session.scalar(further) is not None


def waiting_for(session: Session, course_id: str) -> dict[str, int]:
    """How many get each lesson next, by the lesson's id; whose lesson is on its way, gets the one after."""
    counts: Counter[str] = Counter()
    for these in (HAS_A_MOMENT, HAS_NONE):
        rows = select(Enrolment.next_lesson, func.count()).where(
            Enrolment.course_id == course_id, text(these)
        )
        for lesson, count in session.execute(rows.group_by(Enrolment.next_lesson)):
            if lesson is not None:
                counts[lesson] += count
    return dict(counts)


def paces(session: Session, course_id: str) -> dict[str, int]:
    """How many of the people under way go at each pace: slower, normal, faster, or so many days."""
    rows = (
        select(ProfileRecord.pace, func.count())
        .join(Enrolment, Enrolment.profile_id == ProfileRecord.id)
        .where(Enrolment.course_id == course_id, Enrolment.state.in_(UNDER_WAY))
        .group_by(ProfileRecord.pace)
    )
    return dict(session.execute(rows).all())


def joined_between(session: Session, start: datetime, end: datetime, course_id: str | None = None) -> int:
    return sum(_joined(session, start, end, course_id).values())


def finishing(session: Session, start: datetime, end: datetime) -> Finishing:
    """Of those who joined in a span of time."""
    counts = _joined(session, start, end)
    return Finishing(sum(counts.values()), counts.get("completed", 0))


def finishing_since(session: Session, start: datetime, crowd: Crowd) -> Finishing:
    """Of all people, those who joined from `start` on. Only who joined before is counted: nobody, or few,
    where this is asked because nobody joined in a whole quarter.
    """
    before = _by_state(session, None, Enrolment.joined_at < start)
    return Finishing(crowd.all - sum(before.values()), crowd.completed - before["completed"])


def _joined(session: Session, start: datetime, end: datetime, course_id: str | None = None) -> dict[str, int]:
    """How many joined in a span of time, by their state now."""
    return _by_state(session, course_id, Enrolment.joined_at >= start, Enrolment.joined_at < end)


def _by_state(session: Session, course_id: str | None, *span: ColumnElement[bool]) -> dict[str, int]:
    """Of one course or of all. Each state of each course is a stretch of one index and counted as such:
    grouping the same rows takes half as long again.
    """
    stretches = [
        select(func.count()).where(Enrolment.course_id == Course.id, Enrolment.state == state, *span)
        for state in STATES
    ]
    sums = select(*(func.sum(one.correlate(Course).scalar_subquery()) for one in stretches))
    if course_id is not None:
        sums = sums.where(Course.id == course_id)
    return {state: int(count or 0) for state, count in zip(STATES, session.execute(sums).one(), strict=True)}
