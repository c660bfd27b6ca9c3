"""The list of subscribers: searched while somebody types, narrowed by filters, seen a page at a time."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.datastructures import QueryParams
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from campaigns.models import Course
from courseletter.accounts import views
from courseletter.accounts.models import Role
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.admin.subscribers import is_number
from courseletter.web.site import READ, Here, Site
from sender.listed import Listed, described
from sender.segmenting import COMPILERS
from subscribers import searching, segments, tags
from subscribers.filters import FORM, STATUSES, Filters, import_source, meant, narrowed
from subscribers.importing.models import Import, ImportState
from subscribers.listing import Page, counted, page
from subscribers.models import MailingList

router = APIRouter()

SIZE: Final = 50  # people a page
SURE: Final = 1_000  # people are counted up to here at once; beyond it takes a moment more
OFFERED: Final = 200  # tags, imports
COLUMNS: Final = {
    "course": "Course",
    "next": "Next, their time",
    "click": "Last click",
    "status": "Status",
    "lists": "Lists",
    "tags": "Tags",
    "since": "Since",
    "zone": "Zone",
    "language": "Language",
}
USUAL: Final = ("course", "next", "click", "status")
TITLES: Final = {
    "status": "Status",
    "list": "List",
    "tag": "Tag",
    "course": "Course",
    "segment": "Segment",
    "source": "Came by",
    "since": "Since",
    "until": "Until",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is chosen, and the list without it."""

    name: str
    title: str
    value: str
    without: str


@router.api_route("/subscribers", methods=READ)
def list_subscribers(
    visitor: Marketer,
    site: Here,
    request: Request,
    before: str = "",
    after: str = "",
    exact: str = "",
) -> HTMLResponse:
    filters = Filters.read(request.query_params)
    columns = columns_of(request.query_params.getlist("column"))
    return listed(request, site, visitor, filters, columns, before=before, after=after, exact=bool(exact))


@router.post("/subscribers/views")
def save_view(visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """Keep what the list is narrowed to, and its columns, under a name; not what was typed, which may be
    somebody's address.
    """
    opened = site.installation
    chosen = QueryParams(form.text("query"))
    filters, columns = Filters.read(chosen), columns_of(chosen.getlist("column"))
    query = address(Filters(**filters.without("q")), columns)
    try:
        with opened.database.write() as session:
            shared = form.text("shared") == "yes"
            views.save(session, visitor.user, form.text("name"), query, opened.clock.now(), shared=shared)
    except InvalidInput as problem:
        return listed(request, site, visitor, filters, columns, problem=problem, typed=form.texts())
    return lead_to(site, f"/subscribers?{query}", Note(f"The view “{form.text('name').strip()}” is saved."))


@router.post("/subscribers/views/{view_id}/remove")
def remove_view(view_id: int, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        gone = views.remove(session, visitor.user, view_id)
    back = {"query": gone.query, "name": gone.name, "shared": "yes" if gone.shared else ""}
    note = Note(f"The view “{gone.name}” is gone.", Undo("/subscribers/views", back))
    return lead_to(site, f"/subscribers?{gone.query}", note)


def columns_of(chosen: list[str]) -> tuple[str, ...]:
    return tuple(one for one in COLUMNS if one in chosen) or USUAL


def address(filters: Filters, columns: tuple[str, ...], **more: object) -> str:
    """The query of the list's address: what is as usual is left out."""
    shown = [] if columns == USUAL else [("column", one) for one in columns]
    return urlencode([*filters.chosen().items(), *shown, *more.items()])


def listed(
    request: Request,
    site: Site,
    visitor: Visitor,
    filters: Filters,
    columns: tuple[str, ...],
    *,
    before: str = "",
    after: str = "",
    exact: bool = False,
    problem: InvalidInput | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    """The list as its address says. What is wrong with it is told, and nothing of it is lost."""
    opened, found = site.installation, Page([])
    rows: list[Listed] = []
    many, sure = 0, True
    with opened.database.read() as session:
        now = opened.clock.now()
        try:
            narrow = narrowed(session, filters, now, COMPILERS)
            found = _page(session, filters, narrow, before, after)
            if not (before or after) and len(found.people) < SIZE:
                many = len(found.people)
            elif exact:
                many = counted(session, meant(session, filters, now, COMPILERS))
            elif filters.q:
                many = searching.counted(session, filters.q, SURE, narrow)
            else:
                many = counted(session, narrow, SURE)
            sure = exact or many <= SURE
        except InvalidInput as wrong:
            problem = problem or wrong
        rows = described(session, found.people, opened.settings.key)
        choices = choices_of(session)
        saved = views.of(session, visitor.user)
    return show(
        request,
        site,
        visitor,
        "subscribers.html",
        place="subscribers",
        problem=problem,
        filters=filters,
        rows=rows,
        many=many,
        sure=sure,
        page=found,
        choices=choices,
        chips=_chips(filters, columns, choices),
        columns=columns,
        titles=COLUMNS,
        words=STATUSES,
        saved=saved,
        typed=typed or {},
        here=address(filters, columns),
        turned=bool(before or after),
        admin=visitor.user.role.includes(Role.ADMIN),
    )


def _page(session: Session, filters: Filters, narrow: ColumnElement[bool], before: str, after: str) -> Page:
    if filters.q:  # the first that are found: whoever types goes on typing
        return Page(searching.search(session, filters.q, SIZE, narrow))
    return page(session, narrow, SIZE, before=_number(before), after=_number(after))


def _number(text: str) -> int | None:
    return int(text) if is_number(text) else None


def choices_of(session: Session) -> dict[str, dict[str, str]]:
    """What each filter may be: value -> words."""
    lists = session.execute(select(MailingList.slug, MailingList.name).order_by(MailingList.name)).all()
    courses = session.execute(
        select(Course.slug, Course.title).where(Course.revision_id.is_not(None)).order_by(Course.title)
    ).all()
    imports = session.execute(
        select(Import.id, Import.name)
        .where(Import.state == ImportState.DONE)
        .order_by(Import.id.desc())
        .limit(OFFERED)
    ).all()
    return {
        "status": dict(STATUSES),
        "list": dict(lists),
        "tag": {name: name for name in tags.names(session, OFFERED)},
        "course": dict(courses),
        "segment": {str(one.id): one.name for one in segments.every(session)},
        "source": {
            FORM: "A sign-up form",
            **{import_source(number): f"Import {number}, {name}" for number, name in imports},
        },
    }


def _chips(filters: Filters, columns: tuple[str, ...], choices: dict[str, dict[str, str]]) -> list[Chip]:
    chips = []
    for name, value in filters.chosen().items():
        if name in TITLES:
            said = choices.get(name, {}).get(value, value)
            without = address(Filters(**filters.without(name)), columns)
            chips.append(Chip(name, TITLES[name], said, without))
    return chips


def in_words(filters: Filters, choices: dict[str, dict[str, str]]) -> str:
    """Who is meant, for those who look later. What was typed may be somebody's address, and is not kept."""
    said = [f"{one.title}: {one.value}" for one in _chips(filters, USUAL, choices)]
    if filters.q:
        said.append("found by what was typed")
    told = "; ".join(said) or "everybody"
    return f"{told[0].upper()}{told[1:]}"
