"""What was published in a course so far, what has been taken back, and what is under way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaigns.enrolling import timetable_in
from campaigns.models import Course, Publish, Revision
from campaigns.moving import Choices, Move, Publication, RollBack
from courseletter.errors import InvalidInput

LONGEST_NOTE = 200  # characters, of what is said of a publish


class PublishUnderWay(InvalidInput):
    """Another publish of the course has not moved everybody yet: its people live in two revisions."""


@dataclass(frozen=True, slots=True)
class PastRevision:
    """A revision, as a list of them shows it."""

    number: int
    title: str
    lessons: int  # without the welcome
    published_at: datetime
    author: str
    note: str
    in_force: bool
    taken_back: bool


def unfinished(session: Session, course_id: str) -> Publish | None:
    """The publish of this course that has not moved everybody yet."""
    return session.scalar(
        select(Publish).where(Publish.course_id == course_id, Publish.finished_at.is_(None))
    )


def is_under_way(session: Session, course_id: str) -> bool:
    return unfinished(session, course_id) is not None


def refuse_if_under_way(session: Session, course: Course) -> None:
    """Raise PublishUnderWay where there is no deciding on another change yet."""
    publish = unfinished(session, course.id)
    if publish is not None:
        raise PublishUnderWay(
            f"Revision {publish.after.number} of “{course.title}” is being put in force: "
            f"{publish.moved:,} of {publish.people:,} people have been moved. Wait until that is done; if it "
            f"was interrupted, the running server or `courseletter course publish {course.slug}` goes on.",
            field="course",
        )


def in_effect(session: Session, course_id: str) -> Sequence[Publish]:
    """The publishes that have not been taken back, in order: the last one made the revision in force."""
    made = session.scalars(
        select(Publish)
        .where(Publish.course_id == course_id)
        .order_by(Publish.id)
        .options(joinedload(Publish.after))
    ).unique()
    stack: list[Publish] = []
    for one in made:
        if one.kind == "publish":
            stack.append(one)
        else:
            stack = [former for former in stack if former.after.number not in one.taken_back]
    return stack


def revisions(session: Session, course: Course) -> list[PastRevision]:
    """Every revision there ever was, latest first."""
    kept = {one.after.number for one in in_effect(session, course.id)}
    found = session.scalars(
        select(Revision).where(Revision.course_id == course.id).order_by(Revision.number.desc())
    )
    return [
        PastRevision(
            number=one.number,
            title=one.title,
            lessons=sum(lesson.kind == "lesson" for lesson in one.lessons),
            published_at=one.published_at,
            author=one.author,
            note=one.note,
            in_force=one.id == course.revision_id,
            taken_back=one.number not in kept,
        )
        for one in found
    ]


def move_of(session: Session, publish: Publish) -> Move:
    """What a publish or roll-back does to everybody, as values."""
    if publish.before is None:
        raise ValueError("nobody was in the course before its first publish")
    old = timetable_in(publish.before)
    if publish.kind == "publish":
        return Publication(old, timetable_in(publish.after), Choices.from_json(publish.choices))
    undone = select(Publish).where(
        Publish.course_id == publish.course_id,
        Publish.kind == "publish",
        Publish.after.has(Revision.number.in_(publish.taken_back)),
    )
    return taking_back(publish.before, session.scalars(undone).all())


def taking_back(in_force: Revision, publishes: Sequence[Publish]) -> RollBack:
    """These publishes taken back, latest first."""
    latest_first = sorted(publishes, key=lambda one: -one.after.number)
    stages = [(one.after.number, timetable_in(one.before)) for one in latest_first if one.before]
    return RollBack(timetable_in(in_force), tuple(stages))
