"""Find: courses, lessons, people and pages by what they are called; and the list of all keys."""

from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaigns.models import Course, Lesson
from campaigns.wording import shown
from courseletter.accounts.models import Role
from courseletter.web.admin.access import Marketer
from courseletter.web.admin.shell import show
from courseletter.web.site import READ, Here
from subscribers.searching import search

router = APIRouter()

MOST: Final = 10  # of each kind


class Found(NamedTuple):
    """Something to open."""

    name: str
    what: str  # where it belongs
    path: str
    language: str = "en"
    role: Role = Role.MARKETER  # the least that it is for


PAGES: Final = (
    Found("Home", "What leaves, and what needs you", "/"),
    Found("Courses", "All of them", "/courses"),
    Found("New course", "From an article", "/articles/new"),
    Found("Posts", "Published elsewhere, to make courses of", "/posts"),
    Found("Begun articles", "Reviews that are no course yet", "/articles"),
    Found("Import a course", "From its folder, as a zip", "/folders/new"),
    Found("Newsletters", "Their issues, drafted and sent", "/newsletters"),
    Found("New issue", "Of a newsletter", "/newsletters/new"),
    Found("Subscribers", "Everybody", "/subscribers"),
    Found("What was done", "Acts upon many people, to look up and undo", "/subscribers/acts"),
    Found("Segments", "Questions about people", "/segments"),
    Found("Custom fields", "What else is known of people", "/fields"),
    Found("Add a person", "Somebody whose consent you have", "/subscribers/new", role=Role.ADMIN),
    Found("Suppression list", "Whom nothing is sent to", "/suppressions", role=Role.ADMIN),
    Found("Import subscribers", "Bring a list over", "/subscribers/imports", role=Role.ADMIN),
    Found("Export subscribers", "Take a list out", "/subscribers/export", role=Role.ADMIN),
    Found("Results", "How far people get", "/results"),
    Found("Messages", "Failed, waiting, in doubt", "/deliveries"),
    Found("Settings", "Your password, who works here", "/settings"),
    Found("Brands", "Whom mail is from, and how it looks", "/settings/brands"),
    Found("Keys", "What the keyboard does", "/keys"),
)


@router.api_route("/find", methods=READ)
def find(visitor: Marketer, site: Here, request: Request, q: str = "") -> HTMLResponse:
    text = " ".join(q[:320].split())
    with site.installation.database.read() as session:
        groups = _groups(session, text) if text else []
    pages = [
        one
        for one in PAGES
        if visitor.user.role.includes(one.role) and text.casefold() in f"{one.name} {one.what}".casefold()
    ]
    found = [(title, many) for title, many in [*groups, ("Pages", pages)] if many]
    return show(request, site, visitor, "find.html", place="find", q=q, found=found)


@router.api_route("/keys", methods=READ)
def show_keys(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return show(request, site, visitor, "keys.html", place="")


def _groups(session: Session, text: str) -> list[tuple[str, list[Found]]]:
    courses = select(Course).where(Course.kind == "course", Course.title.icontains(text, autoescape=True))
    lessons = (
        select(Lesson)
        .where(Lesson.title.icontains(text, autoescape=True), Lesson.removed.is_(False))
        .options(joinedload(Lesson.course))
        .order_by(Lesson.course_id, Lesson.position)
    )
    return [
        (
            "Courses",
            [
                Found(one.title, "Published" if one.revision_id else "Draft", _home(one), one.language)
                for one in session.scalars(courses.order_by(Course.title).limit(MOST))
            ],
        ),
        (
            "Lessons",
            [
                Found(
                    shown(one.title),
                    one.course.title,
                    f"{_home(one.course)}/lessons/{one.id}/edit",
                    one.course.language,
                )
                for one in session.scalars(lessons.limit(MOST))
            ],
        ),
        (
            "People",
            [
                Found(
                    f"{one.first_name} {one.last_name}".strip() or one.email,
                    one.email,
                    f"/subscribers/{one.id}",
                )
                for one in search(session, text, MOST)
            ],
        ),
    ]


def _home(course: Course) -> str:
    return f"/courses/{course.id}"
