"""The order of a draft's lessons: moved, taken out, put back. Learners see it once it is published."""

from sqlalchemy.orm import Session

from campaigns.drafting import renumber
from campaigns.models import Course, Lesson
from courseletter.errors import InvalidInput, NotFound
from courseletter.ids import new_id

UNTITLED = "New lesson"


def lesson_of(session: Session, course: Course, lesson_id: str) -> Lesson:
    """A lesson of this course, whether it is in the draft or was taken out. Raises NotFound."""
    lesson = session.get(Lesson, lesson_id)
    if lesson is None or lesson.course_id != course.id:
        raise NotFound(f"“{course.title}” has no such lesson.")
    return lesson


def place_of(course: Course, lesson: Lesson) -> int:
    """Where the lesson stands among the lessons of the draft, from 1; 0 for the welcome."""
    return _lessons(course).index(lesson) + 1 if lesson.kind == "lesson" else 0


def move(session: Session, course: Course, lesson: Lesson, place: int) -> int:
    """Put a lesson at a place among the lessons, from 1; a place past either end is that end. Returns it.

    The welcome stays where it is: it is what comes first.
    """
    if lesson.kind == "welcome":
        raise InvalidInput("The welcome comes first. Move the lessons after it.", field="place")
    if lesson.removed:
        raise InvalidInput(f"“{lesson.title}” was taken out of the draft. Put it back first.", field="place")
    lessons = [one for one in _lessons(course) if one is not lesson]
    place = min(max(place, 1), len(lessons) + 1)
    lessons.insert(place - 1, lesson)
    _order(session, course, lessons)
    return place


def begin_lesson(session: Session, course: Course, after: int) -> Lesson:
    """Add a lesson with nothing in it behind so many others; one without text cannot be published."""
    lesson = Lesson(
        id=new_id("les"),
        course_id=course.id,
        position=len(course.lessons),
        kind="lesson",
        title=UNTITLED,
        subject=UNTITLED,
        body="",
    )
    session.add(lesson)
    session.flush()
    session.refresh(course, ["lessons"])
    move(session, course, lesson, after + 1)
    return lesson


def take_out(session: Session, course: Course, lesson: Lesson) -> None:
    """Take a lesson out of the draft. It stays known: revisions and deliveries name it."""
    lesson.removed = True
    _order(session, course, [one for one in _lessons(course) if one is not lesson])


def put_back(session: Session, course: Course, lesson: Lesson, place: int) -> None:
    """Take a lesson into the draft again, at its place."""
    lesson.removed = False
    session.flush()
    session.refresh(course, ["lessons"])
    if lesson.kind == "lesson":
        move(session, course, lesson, place)


def _lessons(course: Course) -> list[Lesson]:
    return [one for one in course.lessons if one.kind == "lesson" and not one.removed]


def _order(session: Session, course: Course, lessons: list[Lesson]) -> None:
    """Number the positions anew, the welcome first, and let what counts the lessons follow."""
    welcome = [one for one in course.lessons if one.kind == "welcome" and not one.removed]
    for position, one in enumerate([*welcome, *lessons]):
        one.position = position
    session.flush()
    session.refresh(course, ["lessons"])
    renumber(course)
