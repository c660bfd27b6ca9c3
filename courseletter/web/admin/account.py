"""Settings: one's own password, second factor and sessions."""

from typing import Any

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courseletter.accounts import codes, passwords, sessions
from courseletter.accounts.models import Role, User, UserSession
from courseletter.errors import InvalidInput
from courseletter.web.admin import people
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.site import READ, Here, Site

router = APIRouter()


@router.api_route("/settings", methods=READ)
def show_settings(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        return _page(request, site, visitor, session)


@router.post("/settings/password")
def change_password(visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """Whoever finds an open screen does not know the old one. All other sessions end (REQUIREMENTS 30)."""
    with site.installation.database.write() as session:
        user = session.get_one(User, visitor.user.id)
        try:
            if not passwords.verify(form.text("old"), user.password_hash):
                raise InvalidInput("This is not your present password.", field="old")
            passwords.check(form.text("password"), user.email)
        except InvalidInput as problem:
            return _page(request, site, visitor, session, problem)
        user.password_hash = passwords.hashed(form.text("password"))
        ended = sessions.end_others(session, user, keep=visitor.digest)
    others = f" {ended} other {'browser was' if ended == 1 else 'browsers were'} signed out." if ended else ""
    return lead_to(site, "/settings", Note(f"Your new password holds from now on.{others}"))


@router.post("/settings/sign-out-others")
def sign_out_others(visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        ended = sessions.end_others(session, visitor.user, keep=visitor.digest)
    browsers = "browser" if ended == 1 else "browsers"
    return lead_to(site, "/settings", Note(f"{ended} other {browsers} signed out."))


@router.api_route("/settings/code", methods=READ)
def show_code(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _code_page(request, site, visitor, codes.new_secret())


@router.post("/settings/code")
def set_up_code(visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """The first code proves that the phone has the secret."""
    secret, now = form.text("secret"), site.installation.clock.now()
    if len(secret) != len(codes.new_secret()) or not secret.isalnum():
        secret = codes.new_secret()
    step = codes.step_of(secret, form.text("code"), now)
    if step is None:
        problem = InvalidInput(
            "This is not the present code. Wait for the next one, and type it at once.", field="code"
        )
        return _code_page(request, site, visitor, secret, problem)
    with site.installation.database.write() as session:
        user = session.get_one(User, visitor.user.id)
        user.totp_secret, user.totp_step = secret, step
    return lead_to(site, "/settings", Note("From now on, signing in asks for a code."))


@router.post("/settings/code/remove")
def remove_code(visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    with site.installation.database.write() as session:
        user = session.get_one(User, visitor.user.id)
        if not passwords.verify(form.text("confirm"), user.password_hash):
            problem = InvalidInput("This is not your present password.", field="confirm")
            return _page(request, site, visitor, session, problem)
        user.totp_secret = None
    return lead_to(site, "/settings", Note("Signing in asks for no code any more."))


def _page(
    request: Request, site: Site, visitor: Visitor, session: Session, problem: InvalidInput | None = None
) -> HTMLResponse:
    counting = select(func.count()).where(UserSession.user_id == visitor.user.id)
    others = session.scalar(counting.where(UserSession.digest != visitor.digest))
    guards: dict[str, Any] = {"people": []}
    if visitor.user.role.includes(Role.ADMIN):
        guards = people.listed(session, visitor)
    return show(
        request,
        site,
        visitor,
        "settings.html",
        place="settings",
        others=others,
        problem=problem,
        **guards,
    )


def _code_page(
    request: Request, site: Site, visitor: Visitor, secret: str, problem: InvalidInput | None = None
) -> HTMLResponse:
    address = codes.address(secret, visitor.user.email, site.installation.brands.configured.name)
    square = segno.make(address, error="m").svg_inline(omitsize=True, svgclass="square")
    return show(
        request,
        site,
        visitor,
        "code.html",
        place="settings",
        secret=secret,
        square=square,
        problem=problem,
    )
