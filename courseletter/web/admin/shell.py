"""The frame around every page of the workshop: places, who is signed in, what just happened."""

from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from itsdangerous import BadSignature, URLSafeSerializer

from courseletter.accounts.models import Role
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import TOKEN_FIELD, Visitor, is_secure
from courseletter.web.site import Site

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# With no-referrer a browser sends no true origin either, and the origin of a form is checked (access.py).
HEADERS: Final = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
NOTE_COOKIE: Final = "courseletter-note"
NOTE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the sidebar, and the least role that it is for."""

    key: str
    name: str
    path: str
    role: Role = Role.MARKETER


PLACES: Final = (
    Place("find", "Find", "/find"),
    Place("home", "Home", "/"),
    Place("courses", "Courses", "/courses"),
    Place("newsletters", "Newsletters", "/newsletters"),
    Place("subscribers", "Subscribers", "/subscribers"),
    Place("results", "Results", "/results"),
    Place("settings", "Settings", "/settings"),
)


@dataclass(frozen=True, slots=True)
class Undo:
    """The form that takes an act back."""

    path: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Note:
    """What just happened and to how many, shown once on the next page."""

    text: str
    undo: Undo | None = None


def show(
    request: Request,
    site: Site,
    visitor: Visitor,
    template: str,
    *,
    place: str,
    status: int | None = None,
    problem: InvalidInput | None = None,
    **context: Any,
) -> HTMLResponse:
    """Answer with a page of the workshop. `place` is the sidebar's entry that it belongs to; a `problem` with
    what was typed is told on the page, which is a 422 then unless `status` says otherwise.
    """
    note = _note_of(request, site)
    response = site.pages.show(
        f"workshop/{template}",
        status or (422 if problem else 200),
        HEADERS,
        **context,
        brand=site.installation.brands.configured,  # who works here; a course's own may be another
        problem=problem,
        place=place,
        places=[one for one in PLACES if visitor.user.role.includes(one.role)],
        user=visitor.user,
        form_token=visitor.form_token,
        token_field=TOKEN_FIELD,
        note=note,
    )
    if note is not None:
        response.delete_cookie(NOTE_COOKIE)
    return response


def show_outside(site: Site, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Answer with a page for whoever is not signed in."""
    return site.pages.show(f"workshop/{template}", status, HEADERS, **context)


def lead_to(site: Site, path: str, note: Note | None = None, **query: str) -> RedirectResponse:
    """Lead on after a write, so that reloading the page repeats nothing."""
    address = site.path(site.installation.settings.base_url) + path
    response = RedirectResponse(f"{address}?{urlencode(query)}" if query else address, 303)
    if note is not None:
        response.set_cookie(
            NOTE_COOKIE,
            _signer(site).dumps(asdict(note)),
            max_age=NOTE_SECONDS,
            secure=is_secure(site),
            httponly=True,
            samesite="lax",
        )
    return response


def _note_of(request: Request, site: Site) -> Note | None:
    try:
        found = _signer(site).loads(request.cookies.get(NOTE_COOKIE, ""))
    except BadSignature:
        return None
    return Note(found["text"], Undo(**found["undo"]) if found["undo"] else None)


def _signer(site: Site) -> URLSafeSerializer:
    return URLSafeSerializer(site.installation.settings.key, salt="courseletter.note")
