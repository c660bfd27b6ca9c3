"""Adding one person by hand."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from courseletter.web.admin.access import Admin, AdminWrites, Visitor
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.listing import choices_of
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.moments import zones
from courseletter.web.site import READ, Here, Site
from subscribers.adding import add
from subscribers.editing import Refused

router = APIRouter(prefix="/subscribers/new")


@router.api_route("", methods=READ)
def show_new(visitor: Admin, site: Here, request: Request) -> HTMLResponse:
    return _page(request, site, visitor, {})


@router.post("")
def add_person(visitor: AdminWrites, form: Posted, site: Here, request: Request) -> Response:
    opened, typed = site.installation, form.texts()
    source = f"{opened.settings.base_url}/subscribers/new"
    try:
        with opened.database.write() as session:
            now, key = opened.clock.now(), opened.settings.key
            person = add(session, key, typed, visitor.user.name, now, source)
    except Refused as refused:
        return _page(request, site, visitor, typed, refused)
    note = Note(f"{person.email} is here. They get nothing until they are in a course.")
    return lead_to(site, f"/subscribers/{person.id}", note)


def _page(
    request: Request, site: Site, visitor: Visitor, typed: dict[str, str], problem: Refused | None = None
) -> HTMLResponse:
    with site.installation.database.read() as session:
        lists = choices_of(session)["list"]
    return show(
        request,
        site,
        visitor,
        "subscriber_new.html",
        place="subscribers",
        problem=problem,
        problems=problem.problems if problem else {},
        typed=typed,
        lists=lists,
        zones=zones(),
    )
