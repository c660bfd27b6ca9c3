"""Brands: the list, one brand with its mail beside it while its looks are chosen, its logo."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns import brand_editing, images
from campaigns.brands import FIRST, TYPED
from campaigns.checking.branding import pairs
from campaigns.models import Course, Lesson
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.lessons import SAMPLE
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.choices import Choice
from courseletter.web.mail_frame import framed, in_theme
from courseletter.web.site import READ, Here, Site
from sender.sampling import sampled
from templates.brand import Brand
from templates.compiling import compile_notice
from templates.rendering import render

PLACE: Final = "/settings/brands"
router = APIRouter(prefix=PLACE)

NEW: Final = "new"  # in an address, in place of the id that it has not yet
NAMES: Final = {
    "name": "Name",
    "address": "Postal address",
    "url": "Site",
    "from_name": "Sender’s name",
    "from_local": "Sender’s address",
    "reply_to": "Replies go to",
    "accent": "Links and buttons",
    "accent_dark": "The same in dark mode",
    "footer": "Footer",
    "logo_alt": "What the logo says",
    "file": "Logo",
}
FACES: Final = (
    Choice("serif", "Palatino, a book’s letters"),
    Choice("georgia", "Georgia, a newspaper’s"),
    Choice("sans", "The device’s own"),
    Choice("humanist", "Optima, written by a broad pen"),
    Choice("verdana", "Verdana, wide and large"),
)
_NOBODYS: Final = Brand("", "")  # a new brand before anything is typed


@dataclass(frozen=True, slots=True)
class Desk:
    """One request about one brand."""

    request: Request
    site: Site
    visitor: Visitor
    brand_id: str

    @property
    def path(self) -> str:
        return f"{PLACE}/{self.brand_id}"

    @property
    def domain(self) -> str:
        return self.site.installation.settings.sender.domain

    def brand(self, session: Session) -> Brand:
        """The brand as it stands. Raises NotFound."""
        if self.brand_id == NEW:
            return _NOBODYS
        return self.site.installation.brands.find(session, self.brand_id)


@router.api_route("", methods=READ)
def show_brands(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    opened = site.installation
    with opened.database.read() as session:
        listed = opened.brands.every(session)
    sender = opened.settings.sender
    return show(
        request, site, visitor, "brands.html", place="settings", listed=listed, sender=sender, first=FIRST
    )


@router.api_route("/{brand_id}", methods=READ)
def show_brand(brand_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _page(Desk(request, site, visitor, brand_id), {})


@router.post("/{brand_id}/look")
def look(brand_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> HTMLResponse:
    """The page with what is typed so far. Changes nothing."""
    return _page(Desk(request, site, visitor, brand_id), form.texts())


@router.post("/{brand_id}")
def save(brand_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    desk, opened = Desk(request, site, visitor, brand_id), site.installation
    try:
        with opened.database.write() as session:
            desk.brand(session)
            known = "" if brand_id == NEW else brand_id
            kept = brand_editing.save(session, opened.brands, known, form.texts(), desk.domain)
            later = _later(_published_otherwise(session, site, kept))
    except InvalidInput as problem:
        return _page(desk, form.texts(), problem)
    return lead_to(site, f"{PLACE}/{kept}", Note(f"“{form.text('name').strip()}” is saved.{later}"))


@router.post("/{brand_id}/logo")
def set_logo(brand_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """Keep an uploaded picture as the logo; without one, show none any more."""
    desk, opened, file = Desk(request, site, visitor, brand_id), site.installation, form.file("file")
    try:
        with opened.database.write() as session:
            desk.brand(session)
            if file is None and not form.text("none"):
                raise InvalidInput("Choose a picture.", field="file")
            now = opened.clock.now()
            image = images.keep(session, file.file.read(), now, images.LOGO) if file else None
            brand_editing.set_logo(session, opened.brands, brand_id, image)
            later = _later(_published_otherwise(session, site, brand_id))
    except InvalidInput as problem:
        return _page(desk, {}, problem)
    return lead_to(site, desk.path, Note(f"The logo is {'saved' if image else 'out'}.{later}"))


@router.post("/{brand_id}/remove")
def remove(brand_id: str, visitor: MarketerWrites, site: Here, request: Request) -> Response:
    desk = Desk(request, site, visitor, brand_id)
    with site.installation.database.write() as session:
        name = desk.brand(session).name
        brand_editing.remove(session, brand_id)
    told = "courseletter.toml says again who sends." if brand_id == FIRST else f"“{name}” is taken out."
    return lead_to(site, PLACE, Note(told, Undo(f"{desk.path}/restore", {})))


@router.post("/{brand_id}/restore")
def restore(brand_id: str, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        brand_editing.bring_back(session, brand_id)
    return lead_to(site, f"{PLACE}/{brand_id}", Note("It is as it was."))


@router.api_route("/{brand_id}/mail", methods=READ)
def show_mail(
    brand_id: str, visitor: Marketer, site: Here, request: Request, theme: str = "light"
) -> HTMLResponse:
    """A mail in these looks, for the sandboxed frame: a course's first lesson, else the confirmation."""
    desk = Desk(request, site, visitor, brand_id)
    with site.installation.database.read() as session:
        brand = brand_editing.tried(desk.brand(session), {"name": "Your name", **request.query_params}, "")
        html = _mail(session, site, brand_id, brand)
    return framed(in_theme(html, theme))


def _page(desk: Desk, typed: Mapping[str, str], problem: InvalidInput | None = None) -> HTMLResponse:
    """The brand, with what was typed over what stands; the looks are shown as far as they can be."""
    opened = desk.site.installation
    with opened.database.read() as session:
        stands = desk.brand(session)
        listed = next((one for one in opened.brands.every(session) if one.id == desk.brand_id), None)
        otherwise = _published_otherwise(session, desk.site, desk.brand_id)
    fields = {name: typed.get(name, getattr(stands, name) or "") for name in TYPED}
    shown, named = stands, {**fields, "name": fields["name"].strip() or "Your name"}
    try:
        shown = brand_editing.tried(stands, named, desk.domain)
    except InvalidInput as refusal:
        problem = problem or refusal
    looks = {name: getattr(shown, name) or "" for name in TYPED}
    return show(
        desk.request,
        desk.site,
        desk.visitor,
        "brand.html",
        place="settings",
        path=desk.path,
        listed=listed,
        stands=stands,
        is_first=desk.brand_id == FIRST,
        otherwise=otherwise,
        sender=opened.settings.sender,
        fields=fields,
        problem=problem,
        names=NAMES,
        faces=FACES,
        pairs=pairs(shown),
        query=urlencode(looks),
        theme="dark" if typed.get("theme") == "dark" else "light",
        width="desktop" if typed.get("width") == "desktop" else "phone",
        logo=opened.brands.own_path(stands.logo),
    )


def _published_otherwise(session: Session, site: Site, brand_id: str) -> list[Course]:
    """The courses of this brand whose learners get it as it was before."""
    brands, own = site.installation.brands, None if brand_id == FIRST else brand_id
    published = select(Course).where(Course.brand_id == own, Course.revision_id.is_not(None))
    return [
        course
        for course in session.scalars(published.order_by(Course.title))
        if course.revision and brands.of_revision(course.revision) != brands.of(session, course)
    ]


def _later(courses: list[Course]) -> str:
    if not courses:
        return ""
    what = f"“{courses[0].title}”" if len(courses) == 1 else f"{len(courses)} courses"
    return f" Learners see it once {what} {'is' if len(courses) == 1 else 'are'} published again."


def _mail(session: Session, site: Site, brand_id: str, brand: Brand) -> str:
    opened = site.installation
    # A brand without a postal address can send nothing, but its looks can be seen.
    brand = brand if brand.address.strip() else replace(brand, address="Your postal address")
    own = None if brand_id == FIRST else brand_id
    lesson = session.scalars(
        select(Lesson)
        .join(Course, Lesson.course_id == Course.id)
        .where(Lesson.kind == "lesson", Lesson.removed.is_(False), Lesson.format == "markdown")
        .order_by((Course.brand_id == own).desc() if own else Course.brand_id.is_not(None))
        .order_by(Lesson.course_id, Lesson.position)
        .limit(1)
    ).first()
    if lesson is not None:
        try:
            now = opened.clock.now()
            return render(*sampled(session, lesson.course, lesson, SAMPLE, brand, opened.links, now)).html
        except InvalidInput:  # of its text: the lesson's own page says which
            pass
    notice = compile_notice("confirm", brand, opened.settings.language)
    course: dict[str, Any] = {"title": "Your course", "total": 0}
    return render(notice, {"course": course, "links": {"confirm": opened.settings.base_url}}).html
