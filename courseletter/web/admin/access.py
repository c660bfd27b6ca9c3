"""Who is asking, and may they: the session cookie, roles, and the marks of a form that is really ours.

A route of the workshop names what it asks for by the type of its first parameter: `Marketer` or `Admin` to
read, `MarketerWrites` and so on to change something. tests/web/test_authorisation.py walks all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from courseletter.accounts import sessions
from courseletter.accounts.models import Role, User
from courseletter.installation import is_this_machine
from courseletter.web.admin.forms import Form, Posted, Uploaded
from courseletter.web.site import Here, Site

TOKEN_FIELD: Final = "form_token"  # noqa: S105 - the name of a field


class SignedOut(Exception):
    """Nobody is signed in, or not any more (HTTP 401)."""


class Forbidden(Exception):
    """Not for this role, or not a form of ours (HTTP 403). The text says which."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, and the session they are signed in by."""

    user: User
    session_id: str
    digest: str

    @property
    def form_token(self) -> str:
        return sessions.form_token(self.session_id)


def visitor_of(request: Request, site: Here) -> Visitor:
    session_id, opened = request.cookies.get(cookie_name(site), ""), site.installation
    now = opened.clock.now()
    with opened.database.read() as session:
        found = sessions.find(session, session_id, now) if session_id else None
    if found is None:
        raise SignedOut
    if found.seen_at <= now - sessions.BETWEEN_MARKS:
        with opened.database.write() as session:
            sessions.mark_seen(session, found.digest, now)
    visitor = Visitor(found.user, session_id, found.digest)
    request.state.visitor = visitor  # an error's page shows the shell, too
    return visitor


def from_here(request: Request, site: Here) -> None:
    """Raise Forbidden unless a page of ours sent this: browsers name the page's origin in every POST."""
    origin = urlsplit(request.headers.get("origin", "")).netloc
    ours = (request.headers.get("host", ""), urlsplit(site.installation.settings.base_url).netloc)
    if not origin or origin not in ours:
        raise Forbidden("This did not come from a page of ours, so nothing was changed. Open the page anew.")


def reads(role: Role) -> Callable[..., Visitor]:
    def check(visitor: Annotated[Visitor, Depends(visitor_of)]) -> Visitor:
        if not visitor.user.role.includes(role):
            raise Forbidden(f"This is for {_whom(role)}. Ask one of them to do it, or to change your role.")
        return visitor

    return check


def writes(role: Role) -> Callable[..., Visitor]:
    def check(
        visitor: Annotated[Visitor, Depends(reads(role))],
        _origin: Annotated[None, Depends(from_here)],
        form: Posted,
    ) -> Visitor:
        return _with_token(visitor, form)

    return check


def uploads(role: Role) -> Callable[..., Visitor]:
    """As `writes`, for a form whose file is too large to be held."""

    def check(
        visitor: Annotated[Visitor, Depends(reads(role))],
        _origin: Annotated[None, Depends(from_here)],
        form: Uploaded,
    ) -> Visitor:
        return _with_token(visitor, form)

    return check


def _with_token(visitor: Visitor, form: Form) -> Visitor:
    if not compare_digest(form.text(TOKEN_FIELD).encode(), visitor.form_token.encode()):
        raise Forbidden("This page is from before you signed in. Open it anew, and send it again.")
    return visitor


def _whom(role: Role) -> str:
    return {Role.OWNER: "owners", Role.ADMIN: "admins and owners"}.get(role, "people who work here")


Marketer = Annotated[Visitor, Depends(reads(Role.MARKETER))]
Admin = Annotated[Visitor, Depends(reads(Role.ADMIN))]
MarketerWrites = Annotated[Visitor, Depends(writes(Role.MARKETER))]
AdminWrites = Annotated[Visitor, Depends(writes(Role.ADMIN))]
MarketerUploads = Annotated[Visitor, Depends(uploads(Role.MARKETER))]
AdminUploads = Annotated[Visitor, Depends(uploads(Role.ADMIN))]


def is_secure(site: Site) -> bool:
    """Whether cookies go over HTTPS alone. Off only on the machine itself, where nobody listens in."""
    parts = urlsplit(site.installation.settings.base_url)
    return not (parts.scheme == "http" and is_this_machine(parts.hostname or ""))


def cookie_name(site: Site) -> str:
    # With __Host- no other host of the domain can set it, and no page without HTTPS.
    return "__Host-courseletter" if is_secure(site) else "courseletter"


def let_in(site: Site, response: Response, session_id: str) -> None:
    response.set_cookie(
        cookie_name(site),
        session_id,
        max_age=int(sessions.LONGEST.total_seconds()),
        secure=is_secure(site),
        httponly=True,
        samesite="lax",
    )


def let_out(site: Site, response: Response) -> None:
    response.delete_cookie(cookie_name(site), secure=is_secure(site), httponly=True, samesite="lax")
