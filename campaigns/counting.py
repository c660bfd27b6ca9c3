"""How many people are where: on a course, waiting for a lesson, finished. Each from an index alone.

Pages ask for these at every view, with 100,000 people in the tables; benchmarks/workshop.py measures them.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, select, text
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
    """All courses together: whoever is on two of them counts twice. Who is active is whom the others leave:
    SQLite knows how long a table is, and would go through a stretch of it.
    """
    counts = _counted(session, _EVERYBODY)
    whole = session.scalar(select(func.count()).select_from(Enrolment)) or 0
    return Crowd(**counts, active=whole - sum(counts.values()))


def crowd_of(session: Session, course_id: str) -> Crowd:
    return Crowd(**_counted(session, _OF_COURSE, course=course_id))


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
    if course_id is None:
        return sum(_counted(session, _JOINED, start=start, end=end).values())
    return sum(_counted(session, _JOINED_COURSE, start=start, end=end, course=course_id).values())


def finishing(session: Session, start: datetime, end: datetime) -> Finishing:
    """Of those who joined in a span of time."""
    counts = _counted(session, _JOINED, start=start, end=end)
    return Finishing(sum(counts.values()), counts["completed"])


def finishing_since(session: Session, start: datetime, crowd: Crowd) -> Finishing:
    """Of all people, those who joined from `start` on. Only who joined before is counted: nobody, or few,
    where this is asked because nobody joined in a whole quarter.
    """
    before = _counted(session, _JOINED_BEFORE, start=start)
    return Finishing(crowd.all - sum(before.values()), crowd.completed - before["completed"])


def _counted(session: Session, counts: Select[Any], **values: Any) -> dict[str, int]:
    return {state: int(count or 0) for state, count in session.execute(counts, values).one()._mapping.items()}


def _by_state(*these: ColumnElement[bool], states: Sequence[str] = STATES) -> Select[Any]:
    """Of one course or of all. Each state of each course is a stretch of one index and counted as such:
    grouping the same rows takes half as long again.
    """
    stretches = {
        state: select(func.count()).where(Enrolment.course_id == Course.id, Enrolment.state == state, *these)
        for state in states
    }
    return select(*(one.scalar_subquery().label(state) for state, one in stretches.items()))


# Written once: to put one together takes longer than to count a few thousand people.
_SINCE: Final = Enrolment.joined_at >= bindparam("start")
_BEFORE: Final = Enrolment.joined_at < bindparam("end")
_HERE: Final = Course.id == bindparam("course")
_EVERYBODY: Final = _by_state(states=STATES[1:])
_OF_COURSE: Final = _by_state(_HERE)
_JOINED: Final = _by_state(_SINCE, _BEFORE)
_JOINED_COURSE: Final = _by_state(_SINCE, _BEFORE, _HERE)
_JOINED_BEFORE: Final = _by_state(Enrolment.joined_at < bindparam("start"))
