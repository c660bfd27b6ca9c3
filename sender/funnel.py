"""How far people get in a course, and where they stop: the results added up by lesson and week of sign-up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.models import Course, Lesson, RevisionLesson
from campaigns.wording import shown
from sender.models import Result
from sender.results import counted_until


@dataclass(frozen=True, slots=True)
class Numbers:
    """As the table of results has them; people, but for `scanner_clicks`."""

    received: int = 0
    finished: int = 0
    clicked: int = 0
    scanner_clicks: int = 0
    stopped: int = 0
    paused: int = 0
    unsubscribed: int = 0
    bounced: int = 0
    complained: int = 0


NUMBERS: Final = tuple(one.name for one in fields(Numbers))


@dataclass(frozen=True, slots=True)
class Step:
    """A lesson. `number` is 0 for the welcome, and None for a lesson that is not in the course any more."""

    lesson_id: str
    number: int | None
    title: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Crowd:
    """People who joined together. `joined` are those who received anything."""

    joined: int = 0
    finished: int = 0
    stopped: int = 0

    @property
    def under_way(self) -> int:
        return max(0, self.joined - self.finished - self.stopped)

    @property
    def through(self) -> int:
        """Finished or stopped: those of whom the end is known."""
        return self.finished + self.stopped

    @property
    def in_100(self) -> int | None:
        """Of 100 whose end is known, how many finish; None before there is one."""
        return round(100 * self.finished / self.through) if self.through > 0 else None


@dataclass(frozen=True, slots=True)
class Funnel:
    """The results of a course for those who joined from one week to another."""

    steps: list[Step]
    everybody: Crowd
    weeks: list[tuple[date, list[Step], Crowd]]  # newest first
    until: datetime | None  # counted up to then
    tracked: bool

    @property
    def loses_most(self) -> Step | None:
        """The lesson after which most people stop; None where nobody does."""
        return _loses_most(self.steps)


@dataclass(frozen=True, slots=True)
class Glance:
    """What a list of courses tells of one: everybody who ever joined, and where most of them stopped."""

    course: Course
    everybody: Crowd
    loses_most: Step | None


@dataclass
class _Sums:
    """Numbers by lesson, as they are added up."""

    by_lesson: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, lesson_id: str, numbers: Sequence[int]) -> None:
        sums = self.by_lesson.setdefault(lesson_id, dict.fromkeys(NUMBERS, 0))
        for name, number in zip(NUMBERS, numbers, strict=True):
            sums[name] += number

    def steps(self, lessons: Iterable[tuple[str, int | None, str]], *, whole: bool = False) -> list[Step]:
        found = ((one, self.by_lesson.get(one[0])) for one in lessons)
        return [
            Step(*one, Numbers(**(sums or {})))
            for one, sums in found
            if sums or (whole and one[1] is not None)
        ]


def funnel(session: Session, course: Course, first: date | None = None, last: date | None = None) -> Funnel:
    """Of those who joined in the weeks that begin from `first` to `last`; None: without an end."""
    sums = (func.sum(getattr(Result, name)) for name in NUMBERS)
    rows = (
        select(Result.cohort, Result.lesson_id, *sums)
        .where(Result.course_id == course.id)
        .group_by(Result.cohort, Result.lesson_id)
    )
    if first is not None:
        rows = rows.where(Result.cohort >= first)
    if last is not None:
        rows = rows.where(Result.cohort <= last)
    everybody, weeks = _Sums(), dict[date, _Sums]()
    for week, lesson_id, *numbers in session.execute(rows):
        everybody.add(lesson_id, numbers)
        weeks.setdefault(week, _Sums()).add(lesson_id, numbers)
    lessons = _lessons(session, {course.id: course.revision_id}, {course.id: everybody.by_lesson})[course.id]
    steps = everybody.steps(lessons, whole=True)
    by_week = [(week, weeks[week].steps(lessons)) for week in sorted(weeks, reverse=True)]
    return Funnel(
        steps,
        _crowd(steps),
        [(week, of_week, _crowd(of_week)) for week, of_week in by_week],
        counted_until(session),
        course.tracks_clicks,
    )


def glances(session: Session) -> list[Glance]:
    """All published courses by title, in as many queries as one takes."""
    published = select(Course).where(Course.revision_id.is_not(None)).order_by(Course.title, Course.id)
    courses = session.scalars(published).all()
    told = ("received", "finished", "stopped")
    rows = (
        select(Result.course_id, Result.lesson_id, *(func.sum(getattr(Result, name)) for name in told))
        .where(Result.course_id.in_([course.id for course in courses]))
        .group_by(Result.course_id, Result.lesson_id)
    )
    found: dict[str, dict[str, Numbers]] = {course.id: {} for course in courses}
    for course_id, lesson_id, *numbers in session.execute(rows):
        found[course_id][lesson_id] = Numbers(**dict(zip(told, numbers, strict=True)))
    lessons = _lessons(session, {course.id: course.revision_id for course in courses}, found)
    return [_glance(course, lessons[course.id], found[course.id]) for course in courses]


def weeks_of(session: Session, course: Course) -> list[date]:
    """The weeks in which anybody of the results joined, in order."""
    weeks = select(Result.cohort).where(Result.course_id == course.id).distinct().order_by(Result.cohort)
    return list(session.scalars(weeks))


def as_dict(found: Funnel) -> dict[str, Any]:
    """For scripts."""
    return {
        "counted_until": found.until,
        "tracks_clicks": found.tracked,
        **asdict(found.everybody),
        "under_way": found.everybody.under_way,
        "lessons": [_flat(step) for step in found.steps],
        "weeks": [
            {
                "week": week,
                **asdict(crowd),
                "under_way": crowd.under_way,
                "lessons": [_flat(one) for one in steps],
            }
            for week, steps, crowd in found.weeks
        ],
    }


def as_table(found: Funnel) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    """Column names and rows, a row a week and lesson, for spreadsheets."""
    columns = ("week", "lesson", "id", "title", *NUMBERS)
    rows = [
        (week, "" if step.number is None else step.number, step.lesson_id, step.title, *_values(step))
        for week, steps, _ in found.weeks
        for step in steps
    ]
    return columns, rows


def _flat(step: Step) -> dict[str, Any]:
    about = {"id": step.lesson_id, "number": step.number, "title": step.title}
    return about | asdict(step.numbers)


def _values(step: Step) -> list[int]:
    return [getattr(step.numbers, name) for name in NUMBERS]


def _crowd(steps: Sequence[Step]) -> Crowd:
    numbers = [step.numbers for step in steps]
    return Crowd(
        joined=max((one.received for one in numbers), default=0),
        finished=sum(one.finished for one in numbers),
        stopped=sum(one.stopped for one in numbers if not one.finished),
    )


def _glance(
    course: Course, lessons: Sequence[tuple[str, int | None, str]], numbers: Mapping[str, Numbers]
) -> Glance:
    steps = [Step(*one, numbers[one[0]]) for one in lessons if one[0] in numbers]
    return Glance(course, _crowd(steps), _loses_most(steps))


def _loses_most(steps: Sequence[Step]) -> Step | None:
    most = max(steps, key=lambda step: step.numbers.stopped, default=None)
    return most if most is not None and most.numbers.stopped > 0 else None


def _lessons(
    session: Session, revisions: Mapping[str, int | None], found: Mapping[str, Iterable[str]]
) -> dict[str, list[tuple[str, int | None, str]]]:
    """By course (id, number, title) of its lessons in the order of the revision in force; then those that it
    has not any more, of the ones that were found.
    """
    courses = {revision: course for course, revision in revisions.items() if revision is not None}
    columns = (
        RevisionLesson.revision_id,
        RevisionLesson.lesson_id,
        RevisionLesson.number,
        RevisionLesson.title,
    )
    rows = select(*columns).where(RevisionLesson.revision_id.in_(courses)).order_by(RevisionLesson.position)
    lessons: dict[str, list[tuple[str, int | None, str]]] = {course: [] for course in revisions}
    gone = {lesson_id: course for course, ids in found.items() for lesson_id in ids}
    for revision, lesson_id, number, title in session.execute(rows):
        lessons[courses[revision]].append((lesson_id, number, shown(title)))
        gone.pop(lesson_id, None)
    titles = select(Lesson.id, Lesson.title).where(Lesson.id.in_(gone)).order_by(Lesson.position, Lesson.id)
    for lesson_id, title in session.execute(titles) if gone else ():
        lessons[gone[lesson_id]].append((lesson_id, None, shown(title)))
    return lessons
