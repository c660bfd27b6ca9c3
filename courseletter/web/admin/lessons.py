"""The lessons of a draft: their order, taking one out and back, and what each looks like as mail."""

from html import escape
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from campaigns import arranging, publishing
from campaigns.models import Course, Lesson
from campaigns.wording import shown
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import Marketer, MarketerWrites
from courseletter.web.admin.courses import course_of
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.mail_frame import framed
from courseletter.web.site import READ, Here, Site
from sender.sampling import Somebody, sampled
from templates.rendering import Rendered, render

router = APIRouter()

SAMPLE: Final = Somebody("ana.pereira@example.org", "Ana")
VIEWS: Final = {"phone": "Phone", "desktop": "Desktop", "text": "Text only"}


@router.post("/courses/{course_id}/lessons")
def begin(course_id: str, visitor: MarketerWrites, form: Posted, site: Here) -> Response:
    """A new lesson, open in the editor."""
    with site.installation.database.write() as session:
        course = course_of(session, course_id)
        lesson = arranging.begin_lesson(session, course, form.number("after") or 0)
    return lead_to(site, f"/courses/{course_id}/lessons/{lesson.id}/edit")


@router.post("/courses/{course_id}/lessons/{lesson_id}/move")
def move(course_id: str, lesson_id: str, visitor: MarketerWrites, form: Posted, site: Here) -> Response:
    with site.installation.database.write() as session:
        course = course_of(session, course_id)
        lesson = arranging.lesson_of(session, course, lesson_id)
        wanted = form.number("place")
        if wanted is None:
            raise InvalidInput("Say to which place: a number from 1.", field="place")
        before = 0 if lesson.removed else arranging.place_of(course, lesson)
        place = arranging.move(session, course, lesson, wanted)
        title = shown(lesson.title)
    path = f"/courses/{course_id}/lessons/{lesson_id}/move"
    note = Note(f"“{title}” is lesson {place} now.", Undo(path, {"place": str(before)}))
    return lead_to(site, f"/courses/{course_id}", note if place != before else None)


@router.post("/courses/{course_id}/lessons/{lesson_id}/remove")
def take_out(course_id: str, lesson_id: str, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        course = course_of(session, course_id)
        lesson = arranging.lesson_of(session, course, lesson_id)
        before = arranging.place_of(course, lesson) if not lesson.removed else 1
        arranging.take_out(session, course, lesson)
        title = shown(lesson.title)
    path = f"/courses/{course_id}/lessons/{lesson_id}/restore"
    note = Note(f"“{title}” is out of the draft.", Undo(path, {"place": str(before)}))
    return lead_to(site, f"/courses/{course_id}", note)


@router.post("/courses/{course_id}/lessons/{lesson_id}/restore")
def put_back(course_id: str, lesson_id: str, visitor: MarketerWrites, form: Posted, site: Here) -> Response:
    with site.installation.database.write() as session:
        course = course_of(session, course_id)
        lesson = arranging.lesson_of(session, course, lesson_id)
        arranging.put_back(session, course, lesson, form.number("place") or 1)
        title = shown(lesson.title)
    return lead_to(site, f"/courses/{course_id}", Note(f"“{title}” is in the draft again."))


@router.api_route("/courses/{course_id}/lessons/{lesson_id}", methods=READ)
def show_lesson(
    course_id: str, lesson_id: str, visitor: Marketer, site: Here, request: Request, view: str = "phone"
) -> HTMLResponse:
    with site.installation.database.read() as session:
        course = course_of(session, course_id)
        lesson = arranging.lesson_of(session, course, lesson_id)
        mail, refusal = _mail(session, site, course, lesson)
        order = [one for _, one in publishing.numbered(course)]
        at = order.index(lesson) if lesson in order else None
        return show(
            request,
            site,
            visitor,
            "lesson.html",
            place="courses",
            course=course,
            lesson=lesson,
            number=0 if at is None else publishing.numbered(course)[at][0],
            before=order[at - 1] if at else None,
            after=order[at + 1] if at is not None and at + 1 < len(order) else None,
            removed=at is None,
            view=view if view in VIEWS else "phone",
            views=VIEWS,
            mail=mail,
            refusal=refusal,
        )


@router.api_route("/courses/{course_id}/lessons/{lesson_id}/mail", methods=READ)
def show_mail(course_id: str, lesson_id: str, visitor: Marketer, site: Here) -> HTMLResponse:
    """The mail as it is, for the sandboxed frame."""
    with site.installation.database.read() as session:
        course = course_of(session, course_id)
        mail, refusal = _mail(session, site, course, arranging.lesson_of(session, course, lesson_id))
    return framed(mail.html if mail else f"<p>{escape(refusal)}</p>")


def _mail(session: Session, site: Site, course: Course, lesson: Lesson) -> tuple[Rendered | None, str]:
    """The lesson as Ana would get it, or why nobody can."""
    opened = site.installation
    if lesson.removed:
        return None, "It is out of the draft."
    try:
        brand, now = opened.brands.of(session, course), opened.clock.now()
        compiled, context = sampled(session, course, lesson, SAMPLE, brand, opened.links, now)
        return render(compiled, context), ""
    except InvalidInput as problem:  # of its text, or of the brand: the message says what to mend
        return None, str(problem)
