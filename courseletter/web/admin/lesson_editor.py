"""The lesson editor: its page, saving without overwriting anybody, pictures, and a test to oneself.

What the lesson looks like as mail is lesson_preview's. The page works as a plain form; with script it saves
by itself (docs/tasks/editing.md).
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.orm import Session

from campaigns import editing, formats, image_addresses, images, presence, publishing
from campaigns.editing import LessonText, Saved, Stale
from campaigns.models import Lesson
from campaigns.newsletters.models import Issue, IssueState
from courseletter.errors import CourseletterError, InvalidInput
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.shell import POLICY, Note, Undo, lead_to, show
from courseletter.web.moments import clock
from courseletter.web.site import READ, Here, Site
from courseletter.zones import zone_of
from sender.sampling import Somebody, sampled
from subscribers.fields import recent_fields
from templates.merge_fields import FIXED, SUBSCRIBER

PREFIX: Final = "/courses/{course_id}/lessons/{lesson_id}/edit"
router = APIRouter(prefix=PREFIX)


@dataclass(frozen=True, slots=True)
class Place:
    """Which lesson an address names."""

    course_id: str
    lesson_id: str

    @property
    def path(self) -> str:
        return PREFIX.format(course_id=self.course_id, lesson_id=self.lesson_id)

    def lesson(self, session: Session, *, to_write: bool = False) -> Lesson:
        """Raises NotFound, also where the lesson is another course's."""
        return editing.find_lesson(session, self.course_id, self.lesson_id, to_write=to_write)


Named = Annotated[Place, Depends(Place)]
# An article's own pictures stay where the article has them.
EDITOR_POLICY: Final = POLICY.replace("img-src 'self' data:", "img-src 'self' data: https:")


@router.api_route("", methods=READ)
def show_lesson(named: Named, visitor: Marketer, site: Here, request: Request) -> Response:
    """An issue that is no draft any more is frozen: its own page says how it stands."""
    with site.installation.database.read() as session:
        issue = session.get(Issue, named.lesson(session).id)
        if issue is not None and issue.state != IssueState.DRAFT:
            return lead_to(site, f"/issues/{issue.lesson_id}")
    return _page(named, visitor, site, request)


@router.post("")
def save_form(named: Named, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """Without script: the page again, with what was typed, where it could not be saved."""
    typed, version = _typed(form), form.text("version")
    try:
        _rewrite(site, visitor, named, form, version)
    except InvalidInput as problem:
        return _page(named, visitor, site, request, 422, typed=typed, version=version, problem=problem)
    except Stale as stale:
        theirs = stale.theirs
        return _page(
            named,
            visitor,
            site,
            request,
            409,
            typed=typed,
            version=theirs.text.version,
            theirs=theirs,
        )
    return lead_to(site, named.path, Note("Saved."))


@router.put("")
def save(named: Named, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> JSONResponse:
    """Save what was `If-Match` when its author began. 412: somebody else saved, and here is what."""
    version = request.headers.get("if-match", "").strip('"')
    try:
        saved = _rewrite(site, visitor, named, form, version)
    except InvalidInput as problem:
        return JSONResponse({"field": problem.field, "message": str(problem)}, 422)
    except Stale as stale:
        return _state(site, stale.theirs, 412)
    return _state(site, saved)


@router.post("/format")
def change_format(
    named: Named, visitor: MarketerWrites, form: Posted, site: Here, request: Request
) -> Response:
    """Make MJML of the lesson, or take up what was set aside when that was done. Either can be taken back."""
    opened, by = site.installation, visitor.user.name
    change = formats.swap if form.text("to") == "former" else formats.make_mjml
    try:
        with opened.database.write() as session:
            lesson = named.lesson(session, to_write=True)
            saved = change(lesson, form.text("version"), by, opened.clock.now())
            name = formats.NAMES[lesson.format]
    except InvalidInput as problem:
        return _page(named, visitor, site, request, 422, problem=problem)
    except Stale as stale:
        told = f"Not done: {stale} Look at it, then try again."
        return lead_to(site, named.path, Note(told))
    undo = Undo(f"{named.path}/format", {"to": "former", "version": saved.text.version})
    return lead_to(site, named.path, Note(f"This lesson is {name} now. What it was is kept.", undo))


@router.post("/images")
def upload(named: Named, _visitor: MarketerWrites, form: Posted, site: Here) -> JSONResponse:
    """Keep a picture; the answer names its address in mails and on pages."""
    file, opened = form.file("file"), site.installation
    try:
        with opened.database.write() as session:
            named.lesson(session)
            if file is None:
                raise InvalidInput("Choose a picture.", field="file")
            image = images.keep(session, file.file.read(), opened.clock.now())
    except InvalidInput as problem:
        return JSONResponse({"field": problem.field, "message": str(problem)}, 422)
    address = opened.settings.base_url.rstrip("/") + image.path
    return JSONResponse({"src": address, "width": image.width, "height": image.height}, 201)


@router.post("/here")
def be_here(named: Named, visitor: MarketerWrites, site: Here) -> JSONResponse:
    """The page is open: say so, and hear who else is here."""
    now, user = site.installation.clock.now(), visitor.user
    with site.installation.database.write() as session:
        lesson = named.lesson(session)
        presence.mark(session, lesson, user.id, user.name, now)
        return JSONResponse({"told": presence.told(session, lesson, user.id, now)})


@router.post("/test")
def send_test(named: Named, visitor: MarketerWrites, site: Here, request: Request) -> Response:
    """Send the lesson, as it is saved, to whoever asks."""
    told, status = _send_test(named, visitor, site)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"message": told}, status)
    return lead_to(site, named.path, Note(told))


def _send_test(named: Place, visitor: Visitor, site: Site) -> tuple[str, int]:
    opened, user = site.installation, visitor.user
    reader = Somebody(user.email, user.name.split(" ")[0])
    with opened.database.read() as session:
        lesson = named.lesson(session)
        course, now = lesson.course, opened.clock.now()
        try:
            brand = opened.brands.of(session, course)
            compiled, context = sampled(session, course, lesson, reader, brand, opened.links, now, "[Test] ")
        except InvalidInput as problem:
            return str(problem), 422
    try:
        opened.send_test(compiled, context, brand, course.language, user.email, user.name)
    except CourseletterError as problem:
        return str(problem), 502
    return f"Sent to {user.email}.", 200


def _rewrite(site: Site, visitor: Visitor, named: Place, form: Form, version: str) -> Saved:
    opened, typed = site.installation, _typed(form)
    with opened.database.write() as session:
        lesson = named.lesson(session, to_write=True)
        return editing.rewrite(
            lesson, version, typed, visitor.user.name, opened.clock.now(), form.text("format")
        )


def _typed(form: Form) -> LessonText:
    """The form as typed. A textarea sends CRLF; a lesson has plain line feeds."""
    # No number is 0, which is refused where it can be told.
    gap = (form.number("gap_days") or 0) if form.text("gap_days").strip() else None
    lines = ("title", "subject", "preheader", "recap", "teaser", "only_if")
    return LessonText(
        body=form.text("body").replace("\r\n", "\n").replace("\r", "\n"),
        gap_days=gap,
        **{name: form.text(name).strip() for name in lines},
    )


def _state(site: Site, saved: Saved, status: int = 200) -> JSONResponse:
    """A lesson as it is saved, and by whom."""
    version, at = saved.text.version, _moment(site, saved)
    values = {**_values(saved.text), "version": version, "by": saved.by, "at": at}
    return JSONResponse(values, status, {"ETag": f'"{version}"'})


def _values(text: LessonText) -> dict[str, str]:
    """As the form's fields hold it."""
    return {
        "title": text.title,
        "subject": text.subject,
        "preheader": text.preheader,
        "recap": text.recap,
        "teaser": text.teaser,
        "only_if": text.only_if,
        "gap_days": "" if text.gap_days is None else str(text.gap_days),
        "body": text.body,
    }


def _shown(session: Session, site: Site, text: LessonText) -> LessonText:
    """The text with its pictures where they are now; they are saved so with the next change."""
    return replace(
        text, body=image_addresses.at_home(session, text.body, site.installation.settings.base_url)
    )


def _moment(site: Site, saved: Saved) -> str:
    """`09:41`, in the installation's zone; '' where nobody has saved."""
    zone = zone_of(site.installation.settings.timezone)
    return clock(saved.at.astimezone(zone)) if saved.at else ""


def _page(
    named: Place,
    visitor: Visitor,
    site: Site,
    request: Request,
    status: int = 200,
    *,
    typed: LessonText | None = None,
    version: str = "",
    problem: InvalidInput | None = None,
    theirs: Saved | None = None,
) -> HTMLResponse:
    with site.installation.database.read() as session:
        lesson = named.lesson(session)
        saved, course = Saved.of(lesson), lesson.course
        context: dict[str, Any] = {
            "lesson": lesson,
            "course": course,
            "place_in_course": _place_in_course(lesson),
            "is_issue": lesson.kind == "issue",
            "values": _values(typed or _shown(session, site, saved.text)),
            "version": version or saved.text.version,
            "saved_at": _moment(site, saved),
            "presence": presence.told(session, lesson, visitor.user.id, site.installation.clock.now()),
            "fields": _fields(recent_fields(session)),
            "problem": problem,
            "theirs": theirs,
            "their_values": _values(theirs.text) if theirs else {},
            "their_moment": _moment(site, theirs) if theirs else "",
        }
    place = "newsletters" if context["is_issue"] else "courses"
    response = show(request, site, visitor, "lesson_edit.html", place=place, status=status, **context)
    response.headers["Content-Security-Policy"] = EDITOR_POLICY
    return response


def _place_in_course(lesson: Lesson) -> str:
    if lesson.kind == "issue":
        return "An issue, drafted"
    number = next(number for number, one in publishing.numbered(lesson.course) if one is lesson)
    total = sum(one.kind == "lesson" for one in lesson.course.lessons)
    return f"Lesson {number} of {total}" if number else "The welcome"


def _fields(own: frozenset[str]) -> list[tuple[str, list[str]]]:
    """What a lesson may ask for, by group: people's own fields after those that everybody has."""
    person = [*sorted(SUBSCRIBER), *sorted(own - SUBSCRIBER)]
    groups = [("The reader", "subscriber", person)]
    names = {"lesson": "This lesson", "course": "The course", "sender": "The sender", "links": "Links"}
    groups += [(names[group], group, sorted(FIXED[group])) for group in names]
    return [(title, [f"{group}.{name}" for name in members]) for title, group, members in groups]
