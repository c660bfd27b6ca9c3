"""A course as a folder of Markdown, for git and other editors: out as a zip, and back into its draft."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from campaigns import folder_zip, folders
from campaigns.models import Course
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.courses import course_of
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.site import READ, Here, Site

router = APIRouter()

TOLD: Final = 2  # notes of an import that fit a toast, and the cookie it travels in


@router.api_route("/courses/{course_id}/folder", methods=READ)
def show_folder(course_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _page(course_id, visitor, site, request)


@router.api_route("/courses/{course_id}/folder.zip", methods=READ)
def export(course_id: str, visitor: Marketer, site: Here) -> Response:
    """The draft, as `courseletter course export` writes it."""
    with site.installation.database.read() as session, TemporaryDirectory() as folder:
        course = course_of(session, course_id)
        folders.export_course(session, course, Path(folder))
        packed, name = folder_zip.pack(Path(folder)), f"{course.slug}.zip"
    attached = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(packed, media_type="application/zip", headers=attached)


@router.post("/courses/{course_id}/folder")
def import_(course_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """Read a zip into the draft of this course, all of it or nothing."""
    with site.installation.database.read() as session:
        course_of(session, course_id)
    try:
        _, note = _read(form, site, course_id)
    except InvalidInput as problem:
        return _page(course_id, visitor, site, request, problem)
    return lead_to(site, f"/courses/{course_id}", note)


@router.api_route("/folders/new", methods=READ)
def show_new(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _new_page(visitor, site, request)


@router.post("/folders")
def import_new(visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """Read a zip into a course that is not here yet."""
    try:
        course_id, note = _read(form, site)
    except InvalidInput as problem:
        return _new_page(visitor, site, request, problem)
    return lead_to(site, f"/courses/{course_id}", note)


def _read(form: Form, site: Site, wanted: str | None = None) -> tuple[str, Note]:
    """Read the zip into the draft of the course that is `wanted`, or into a new one.

    Returns the course's id, and what there is to tell.
    """
    file, opened = form.file("folder"), site.installation
    if file is None:
        raise InvalidInput("Choose a zip.", field="folder")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "the zip"  # as messages name it
        folder_zip.unpack(file.file.read(), folder)
        with opened.database.write() as session:
            known = set(session.scalars(select(Course.id)))
            course, notes = folders.import_course(
                session,
                folder,
                opened.clock.now(),
                default_zone=opened.settings.timezone,
                base_url=opened.settings.base_url,
            )
            if wanted is None and course.id in known:
                raise InvalidInput(
                    f"“{course.title}” is here already: its id says so. Open it, and read the zip there.",
                    field="folder",
                )
            if wanted not in (None, course.id):
                raise InvalidInput(
                    f"This is another course, “{course.title}”: the id in its course.toml says so. Open "
                    "that course to read it there.",
                    field="folder",
                )
            return course.id, Note(" ".join([_counted(len(course.lessons)), *_clipped(notes)]))


def _counted(lessons: int) -> str:
    return f"The draft has {'1 mail' if lessons == 1 else f'{lessons} mails'} now, as the zip has them."


def _clipped(notes: Sequence[str]) -> list[str]:
    more = len(notes) - TOLD
    return [*(one[:300] for one in notes[:TOLD]), *([f"And {more} more notes: see the checks."] * (more > 0))]


def _page(
    course_id: str, visitor: Visitor, site: Site, request: Request, problem: InvalidInput | None = None
) -> HTMLResponse:
    with site.installation.database.read() as session:
        course = course_of(session, course_id)
        return show(
            request,
            site,
            visitor,
            "folder.html",
            place="courses",
            course=course,
            problem=problem,
        )


def _new_page(
    visitor: Visitor, site: Site, request: Request, problem: InvalidInput | None = None
) -> HTMLResponse:
    return show(request, site, visitor, "folder_new.html", place="courses", problem=problem)
