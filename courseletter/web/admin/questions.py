"""What a course asks its readers, what they answered, and whether it gives certificates. In force at once."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from campaigns import questions
from campaigns.models import Course, Lesson
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.courses import course_of
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.choices import Choice
from courseletter.web.site import READ, Here, Site

router = APIRouter(prefix="/courses/{course_id}")

NEWEST = 20  # answers in words that the page shows of each question
NAMES = {"text": "Question", "choices": "Choices", "lesson": "Lesson"}


@router.api_route("/questions", methods=READ)
def show_questions(course_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        return _page(session, request, site, visitor, course_of(session, course_id))


@router.post("/questions")
def ask(course_id: str, visitor: MarketerWrites, site: Here, request: Request, form: Posted) -> Response:
    with site.installation.database.write() as session:
        course = course_of(session, course_id)
        try:
            lesson = _lesson(course, form.text("lesson"))
            choices, right = _choices(form.text("choices"))
            questions.ask(session, lesson, form.text("text"), choices, right, site.installation.clock.now())
        except InvalidInput as problem:
            return _page(session, request, site, visitor, course, form, problem)
        title = lesson.title
    note = Note(f"“{title}” asks it from now on, on its page.")
    return lead_to(site, f"/courses/{course_id}/questions", note)


@router.post("/questions/{lesson_id}/remove")
def drop(course_id: str, lesson_id: str, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        lesson = session.get(Lesson, lesson_id)
        if lesson is None or lesson.course_id != course_id:
            raise NotFound("There is no such lesson.")
        questions.drop(session, lesson)
    note = Note("The question is gone, with its answers.")
    return lead_to(site, f"/courses/{course_id}/questions", note)


@router.post("/certificate")
def give_certificates(course_id: str, visitor: MarketerWrites, site: Here, form: Posted) -> Response:
    with site.installation.database.write() as session:
        course = course_of(session, course_id)
        course.certificate = form.text("certificate") == "yes"
        given = course.certificate
    said = (
        "Who has finished the course gets a certificate." if given else "No certificate is offered any more."
    )
    return lead_to(site, f"/courses/{course_id}/questions", Note(said))


def _page(
    session: Session,
    request: Request,
    site: Site,
    visitor: Visitor,
    course: Course,
    form: Form | None = None,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    return show(
        request,
        site,
        visitor,
        "questions.html",
        place="courses",
        tab="questions",
        course=course,
        revision=course.revision,
        lessons=[Choice(one.id, one.title) for one in course.lessons if one.kind == "lesson"],
        answered=questions.answers(session, course, NEWEST),
        typed=form.texts() if form else {},
        names=NAMES,
        problem=problem,
    )


def _choices(text: str) -> tuple[list[str], str]:
    """A choice a line; the right one begins with an asterisk."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    right = [line[1:].strip() for line in lines if line.startswith("*")]
    if len(right) > 1:
        raise InvalidInput("Mark one choice as right, not several.", field="choices")
    return [line.removeprefix("*").strip() for line in lines], "".join(right)


def _lesson(course: Course, lesson_id: str) -> Lesson:
    found = next((one for one in course.lessons if one.id == lesson_id), None)
    if found is None:
        raise InvalidInput("Choose a lesson of this course.", field="lesson")
    return found
