"""Custom fields: which there are, each with its kind, who asks about it, and how it gets another name."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from campaigns.field_uses import require_unused
from courseletter.accounts.models import Role
from courseletter.acts import change_field, set_out
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import AdminWrites, Marketer, Visitor
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.choices import Choice
from courseletter.web.site import READ, Here, Site
from subscribers import custom_fields
from subscribers.acts.doing import Kind
from subscribers.acts.fielding import RENAME, RETYPE

router = APIRouter(prefix="/fields")

KINDS: Final = {"text": "Text", "number": "A number", "yes_no": "Yes or no", "date": "A day"}
HOME: Final = "/fields"


@router.api_route("", methods=READ)
def list_fields(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _list(request, site, visitor)


@router.post("")
def define(visitor: AdminWrites, form: Posted, site: Here, request: Request) -> Response:
    try:
        with site.installation.database.write() as session:
            name = custom_fields.define(session, form.text("name"), form.text("kind")).name
    except InvalidInput as problem:
        return _list(request, site, visitor, form, problem)
    return lead_to(site, HOME, Note(f"“{name}” is there. Mails and segments may ask for it."))


@router.api_route("/{name}", methods=READ)
def show_field(name: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _page(request, site, visitor, name)


@router.post("/{name}/rename")
def rename(name: str, visitor: AdminWrites, form: Posted, site: Here, request: Request) -> Response:
    return _change(request, site, visitor, name, form, RENAME)


@router.post("/{name}/retype")
def retype(name: str, visitor: AdminWrites, form: Posted, site: Here, request: Request) -> Response:
    return _change(request, site, visitor, name, form, RETYPE)


@router.post("/{name}/remove")
def remove(name: str, visitor: AdminWrites, site: Here, request: Request) -> Response:
    opened = site.installation
    try:
        with opened.database.write() as session:
            require_unused(session, custom_fields.find(session, name).name)
            custom_fields.remove(session, name, opened.clock.now())
    except InvalidInput as problem:
        return _page(request, site, visitor, name, problem=problem)
    told = f"“{name}” is removed. What it said is kept for {custom_fields.KEPT.days} days."
    return lead_to(site, HOME, Note(told, Undo(f"{HOME}/{name}/restore", {})))


@router.post("/{name}/restore")
def restore(name: str, visitor: AdminWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        custom_fields.bring_back(session, name)
    return lead_to(site, f"{HOME}/{name}", Note(f"“{name}” is back, with what it said."))


def _change(request: Request, site: Site, visitor: Visitor, name: str, form: Form, kind: Kind) -> Response:
    """Rename or retype: at once where few have something there, else beside the answer, with its own page."""
    opened = site.installation
    try:
        with opened.database.read() as session:
            if kind is RENAME:
                require_unused(session, custom_fields.find(session, name).name)
        act = change_field(opened, kind, {**form.texts(), "field": name}, visitor.user.name)
    except InvalidInput as problem:
        return _page(request, site, visitor, name, form, problem)
    if act is not None:
        set_out(opened, act)
        return lead_to(site, f"/subscribers/acts/{act.id}")
    return lead_to(site, f"{HOME}/{form.text('name').strip() if kind is RENAME else name}", Note("Changed."))


def _list(
    request: Request,
    site: Site,
    visitor: Visitor,
    form: Form | None = None,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    with site.installation.database.read() as session:
        there, gone = custom_fields.in_use(session), custom_fields.removed(session)
        asking = {one.name: custom_fields.segments_about(session, one.name) for one in there}
    forgotten = [(one, one.removed_at + custom_fields.KEPT) for one in gone if one.removed_at]
    context = {"there": there, "asking": asking, "gone": forgotten}
    return _shown(request, site, visitor, "fields.html", form, problem, context)


def _page(
    request: Request,
    site: Site,
    visitor: Visitor,
    name: str,
    form: Form | None = None,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    with site.installation.database.read() as session:
        row = custom_fields.find(session, name)
        context = {
            "row": row,
            "people": custom_fields.people(session, name),
            "asking": custom_fields.segments_about(session, name),
            "days": custom_fields.KEPT.days,
        }
    return _shown(request, site, visitor, "field.html", form, problem, context)


def _shown(
    request: Request,
    site: Site,
    visitor: Visitor,
    template: str,
    form: Form | None,
    problem: InvalidInput | None,
    context: dict[str, Any],
) -> HTMLResponse:
    return show(
        request,
        site,
        visitor,
        template,
        place="subscribers",
        kinds=KINDS,
        choices=[Choice(key, words) for key, words in KINDS.items()],
        admin=visitor.user.role.includes(Role.ADMIN),
        typed=form.texts() if form else {},
        problem=problem,
        **context,
    )
