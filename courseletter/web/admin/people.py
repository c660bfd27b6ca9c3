"""Who may work here: invited, given another role or a new link, or taken out. Owners alone touch owners."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from courseletter.accounts import invitations
from courseletter.accounts.models import Role, User
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin.access import Admin, AdminWrites, Forbidden, Visitor
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.site import READ, Here, Site

router = APIRouter()

MEANING = {
    Role.MARKETER: "makes and publishes courses",
    Role.ADMIN: "also imports, exports, and says who works here",
    Role.OWNER: "also says who is an owner",
}


def listed(session: Session, visitor: Visitor) -> dict[str, Any]:
    """What the settings page shows of colleagues."""
    users = session.scalars(select(User).order_by(User.id)).all()
    return {"people": [(one, _may_touch(visitor, one)) for one in users]}


@router.api_route("/settings/people/new", methods=READ)
def show_new(visitor: Admin, site: Here, request: Request) -> HTMLResponse:
    return _new_page(request, site, visitor, {})


@router.post("/settings/people")
def invite(visitor: AdminWrites, form: Posted, site: Here, request: Request) -> Response:
    now = site.installation.clock.now()
    try:
        role = _role(form.text("role"), visitor)
        with site.installation.database.write() as session:
            token = invitations.invite(session, form.text("email"), form.text("name"), role, now)
    except InvalidInput as problem:
        return _new_page(request, site, visitor, form.texts(), problem)
    return _link_page(request, site, visitor, form.text("email"), token)


@router.post("/settings/people/{user_id}/link")
def send_back(user_id: int, visitor: AdminWrites, site: Here, request: Request) -> Response:
    with site.installation.database.write() as session:
        user = _other(session, visitor, user_id)
        token = invitations.invite_back(session, user, site.installation.clock.now())
        return _link_page(request, site, visitor, user.email, token)


@router.post("/settings/people/{user_id}/role")
def change_role(user_id: int, visitor: AdminWrites, form: Posted, site: Here) -> Response:
    with site.installation.database.write() as session:
        user = _other(session, visitor, user_id)
        role = user.role = _role(form.text("role"), visitor)
    return lead_to(site, "/settings", Note(f"{user.name} is {_a(role)} now."))


@router.post("/settings/people/{user_id}/remove")
def remove(user_id: int, visitor: AdminWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        user = _other(session, visitor, user_id)
        session.delete(user)
    return lead_to(site, "/settings", Note(f"{user.name} cannot sign in any more."))


def _other(session: Session, visitor: Visitor, user_id: int) -> User:
    """Somebody else whom the visitor may touch; so the last owner is never lost."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("There is nobody with this number.")
    if not _may_touch(visitor, user):
        raise Forbidden("Nobody changes their own role, and only owners change an owner's.")
    return user


def _may_touch(visitor: Visitor, user: User) -> bool:
    return user.id != visitor.user.id and visitor.user.role.includes(user.role)


def _role(text: str, visitor: Visitor) -> Role:
    if text not in list(Role):
        raise InvalidInput("Choose what they may do.", field="role")
    role = Role(text)
    if not visitor.user.role.includes(role):
        raise Forbidden("Only owners make somebody an owner.")
    return role


def _new_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    typed: dict[str, str],
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    return show(
        request,
        site,
        visitor,
        "person_new.html",
        place="settings",
        roles=[(role, MEANING[role]) for role in reversed(Role) if visitor.user.role.includes(role)],
        typed=typed,
        problem=problem,
    )


def _link_page(request: Request, site: Site, visitor: Visitor, email: str, token: str) -> HTMLResponse:
    link = f"{site.installation.settings.base_url}/invitations/{token}"
    return show(request, site, visitor, "person_link.html", place="settings", email=email, link=link)


def _a(role: Role) -> str:
    return f"an {role}" if role is not Role.MARKETER else f"a {role}"
