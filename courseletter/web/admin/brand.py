"""The brand: who sends, how it looks, whether its colours can be read, and other looks tried out.

A brand lives in courseletter.toml, where all nodes of an installation have it from. This page changes
nothing: it shows what to write there.
"""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.checking.branding import pairs
from campaigns.models import Lesson
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import Marketer
from courseletter.web.admin.lessons import SAMPLE
from courseletter.web.admin.shell import show
from courseletter.web.mail_frame import framed, in_theme
from courseletter.web.site import READ, Here, Site
from sender.sampling import sampled
from templates.brand import Brand
from templates.compiling import compile_notice
from templates.rendering import render

router = APIRouter(prefix="/settings/brand")

FIELDS: Final = ("accent", "accent_dark", "titles", "footer")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_LONGEST: Final = 200


@router.api_route("", methods=READ)
def show_brand(
    visitor: Marketer, site: Here, request: Request, theme: str = "light", width: str = "phone"
) -> HTMLResponse:
    stands = site.installation.brand
    typed = {name: request.query_params.get(name, getattr(stands, name)) for name in FIELDS}
    problem: InvalidInput | None = None
    tried = stands
    try:
        tried = _tried(stands, typed)
    except InvalidInput as error:
        problem = error
    looks = {name: getattr(tried, name) for name in FIELDS}
    return show(
        request,
        site,
        visitor,
        "brand.html",
        place="settings",
        stands=stands,
        sender=site.installation.settings.sender,
        typed=typed,
        problem=problem,
        pairs=pairs(tried),
        changed={name: value for name, value in looks.items() if value != getattr(stands, name)},
        query=urlencode(looks),
        theme="dark" if theme == "dark" else "light",
        width="desktop" if width == "desktop" else "phone",
    )


@router.api_route("/mail", methods=READ)
def show_mail(visitor: Marketer, site: Here, request: Request, theme: str = "light") -> HTMLResponse:
    """A mail in these looks, for the sandboxed frame: the newest course's first, else the confirmation."""
    stands = site.installation.brand
    typed = {name: request.query_params.get(name, getattr(stands, name)) for name in FIELDS}
    with site.installation.database.read() as session:
        html = _mail(session, site, _tried(stands, typed))
    return framed(in_theme(html, theme))


def _tried(stands: Brand, typed: dict[str, str]) -> Brand:
    """The brand in the looks that were typed. Raises InvalidInput that names the field."""
    for name in ("accent", "accent_dark"):
        if not _COLOUR.fullmatch(typed[name]):
            raise InvalidInput("Write a colour as # and six digits, like #17604f.", field=name)
    if not typed["footer"].isprintable() or len(typed["footer"]) > _LONGEST:
        raise InvalidInput(f"Write one line of at most {_LONGEST} characters.", field="footer")
    titles = "sans" if typed["titles"] == "sans" else "serif"
    return replace(stands, **{**typed, "titles": titles})


def _mail(session: Session, site: Site, brand: Brand) -> str:
    opened = site.installation
    # A brand without a postal address can send nothing, but its looks can be seen.
    brand = brand if brand.address.strip() else replace(brand, address="Your postal address")
    lesson = session.scalars(
        select(Lesson)
        .where(Lesson.kind == "lesson", Lesson.removed.is_(False), Lesson.format == "markdown")
        .order_by(Lesson.course_id, Lesson.position)
        .limit(1)
    ).first()
    if lesson is not None:
        try:
            now = opened.clock.now()
            return render(*sampled(lesson.course, lesson, SAMPLE, brand, opened.links, now)).html
        except InvalidInput:  # of its text: the lesson's own page says which
            pass
    notice = compile_notice("confirm", brand, opened.settings.language)
    course = {"title": "Your course", "total": 0}
    return render(notice, {"course": course, "links": {"confirm": opened.settings.base_url}}).html
