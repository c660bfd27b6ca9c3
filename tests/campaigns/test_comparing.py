"""What a draft has that the published revision has not, and how the order of lessons is changed."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from school import School
from sqlalchemy.orm import Session

from campaigns import arranging, comparing
from campaigns.cadence import Cadence
from campaigns.comparing import Change
from campaigns.models import Course
from courseletter.errors import InvalidInput, NotFound


def lesson(course: Course, place: int) -> object:
    return [one for one in course.lessons if one.kind == "lesson"][place - 1]


def take_out(session: Session, course: Course) -> None:
    arranging.take_out(session, course, lesson(course, 2))


def move(session: Session, course: Course) -> None:
    arranging.move(session, course, lesson(course, 3), 1)


def rewrite(session: Session, course: Course) -> None:
    course.lessons[1].body = "Other words."


def resubject(session: Session, course: Course) -> None:
    course.lessons[1].subject = "1/3: Another subject"


def reschedule(session: Session, course: Course) -> None:
    course.cadence = replace(Cadence.from_json(course.cadence), start=7 * 60 + 30).to_json()


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (take_out, [(Change.REMOVED, "Choose a cue")]),
        (move, [(Change.MOVED, "Forgive a bad day")]),
        (rewrite, [(Change.EDITED, "Start small")]),
        (resubject, [(Change.EDITED, "Start small")]),
        (reschedule, [(Change.RULE, "At")]),
    ],
)
def test_one_edit_is_one_edit(
    school: School, edit: Callable[[Session, Course], None], found: list[tuple[Change, str]]
) -> None:
    """The numbers in subjects and the welcome's count follow by themselves, and are no edits of a person."""
    with school.database.write() as session:
        course = session.get_one(Course, school.course_id)
        assert comparing.edits(course) == []
        edit(session, course)
        assert [(one.change, one.name) for one in comparing.edits(course)] == found


def test_a_lesson_put_back_leaves_no_edit(school: School) -> None:
    with school.database.write() as session:
        course = session.get_one(Course, school.course_id)
        second = lesson(course, 2)
        arranging.take_out(session, course, second)
        arranging.put_back(session, course, second, 2)
        assert comparing.edits(course) == []


def test_what_cannot_be_moved_is_refused(school: School) -> None:
    with school.database.write() as session:
        course = session.get_one(Course, school.course_id)
        with pytest.raises(InvalidInput, match="welcome comes first"):
            arranging.move(session, course, course.lessons[0], 2)
        second = lesson(course, 2)
        arranging.take_out(session, course, second)
        with pytest.raises(InvalidInput, match="taken out"):
            arranging.move(session, course, second, 1)
        with pytest.raises(NotFound):
            arranging.lesson_of(session, course, "les_0000000000")
