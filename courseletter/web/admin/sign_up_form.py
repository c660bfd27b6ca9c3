"""The course's sign-up form to put into another site's page: plain HTML, without script."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from campaigns.models import Course
from courseletter.errors import NotFound
from courseletter.web import wording
from courseletter.web.admin.access import Marketer
from courseletter.web.admin.shell import show
from courseletter.web.site import READ, Here, Site
from courseletter.web.speech import speech

router = APIRouter()


@router.api_route("/courses/{course_id}/form", methods=READ)
def show_form(course_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        course = _published(session, course_id)
        address = site.installation.links.sign_up(course.slug)
        return show(
            request,
            site,
            visitor,
            "sign_up_form.html",
            place="courses",
            tab="form",
            course=course,
            revision=course.revision,
            address=address,
            host=urlsplit(address).netloc,
            snippet=snippet(site, course, address),
        )


def snippet(site: Site, course: Course, address: str) -> str:
    """The form as a page of another site carries it, in the course's language."""
    spoken = speech(course.language)
    page = site.pages.show(
        "embedded_form.html",
        language=spoken.language,
        address=address,
        title=course.title,
        course_language=course.language,
        words=spoken.say_all(wording.SIGN_UP),
    )
    return bytes(page.body).decode().strip() + "\n"


def _published(session: Session, course_id: str) -> Course:
    course = session.get(Course, course_id)
    if course is None or course.revision_id is None:
        raise NotFound("There is no published course with this id.")
    return course
