"""Getting in and out: the sign-in page, signing out, and the links that let a person in once."""

from typing import Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from courseletter.accounts import invitations, sessions
from courseletter.accounts.signing_in import Attempt, TooManyTries, sign_in
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin.access import MarketerWrites, cookie_name, from_here, let_in, let_out
from courseletter.web.admin.shell import Note, lead_to, show_outside
from courseletter.web.site import READ, Fields, Here, Site

router = APIRouter()

NAMES: Final = {"email": "email", "name": "your name", "password": "the password"}


@router.api_route("/sign-in", methods=READ)
def show_sign_in(site: Here) -> HTMLResponse:
    return sign_in_page(site, 200)


@router.post("/sign-in", dependencies=[Depends(from_here)])
def carry_out_sign_in(site: Here, fields: Fields, request: Request) -> Response:
    opened = site.installation
    attempt = Attempt(
        email=fields.get("email", ""),
        password=fields.get("password", ""),
        code=fields.get("code", ""),
        ip=request.client.host if request.client else "",
        before=request.cookies.get(cookie_name(site)),
    )
    onward = fields.get("onward", "")
    try:
        session_id = sign_in(opened.database, attempt, opened.clock.now())
    except TooManyTries as refusal:
        response = sign_in_page(site, 429, onward, attempt.email, str(refusal))
        response.headers["Retry-After"] = str(int(refusal.wait.total_seconds()) + 1)
        return response
    except InvalidInput as problem:
        return sign_in_page(site, 422, onward, attempt.email, str(problem))
    onward_page = lead_to(site, _own_path(onward))
    let_in(site, onward_page, session_id)
    return onward_page


def sign_in_page(
    site: Site, status: int, onward: str = "", email: str = "", problem: str = ""
) -> HTMLResponse:
    """`onward` is the path that was asked for, and where signing in leads."""
    return show_outside(site, "sign_in.html", status, onward=onward, email=email, problem=problem)


@router.post("/sign-out")
def sign_out(visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        sessions.end(session, visitor.session_id)
    response = lead_to(site, "/sign-in")
    let_out(site, response)
    return response


@router.api_route("/invitations/{token}", methods=READ)
def show_invitation(token: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        try:
            invitation = invitations.find(session, token, site.installation.clock.now())
        except NotFound:
            return show_outside(site, "invitation_over.html", 404)
        return show_outside(
            site, "invitation.html", invitation=invitation, typed={}, problem=None, names=NAMES
        )


@router.post("/invitations/{token}", dependencies=[Depends(from_here)])
def accept_invitation(token: str, site: Here, fields: Fields, request: Request) -> Response:
    opened, now = site.installation, site.installation.clock.now()
    with opened.database.write() as session:
        try:
            invitation = invitations.find(session, token, now)
        except NotFound:
            return show_outside(site, "invitation_over.html", 404)
        back = invitation.user is not None
        try:
            user = invitations.accept(
                session,
                invitation,
                email=fields.get("email", ""),
                name=fields.get("name", ""),
                password=fields.get("password", ""),
                now=now,
            )
        except InvalidInput as problem:
            return show_outside(
                site,
                "invitation.html",
                422,
                invitation=invitation,
                typed=fields,
                problem=problem,
                names=NAMES,
            )
        if back:  # the link alone does not stand for the code of a second factor
            return lead_to(site, "/sign-in", Note("Your new password holds from now on."))
        session_id = sessions.begin(session, user, now, request.cookies.get(cookie_name(site)))
    response = lead_to(site, "/")
    let_in(site, response, session_id)
    return response


def _own_path(onward: str) -> str:
    """Where to go after signing in: a page of ours, never another site's."""
    ours = onward.startswith("/") and not onward.startswith(("//", "/\\")) and onward.isprintable()
    return onward if ours else "/"
