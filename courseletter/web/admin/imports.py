"""Bringing a list over: choose the file, look at its columns, try it out, import it, take it back."""

import csv
import io
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.models import Course
from campaigns.reading.substack import is_export
from courseletter import uploads
from courseletter.errors import InvalidInput
from courseletter.lists import set_out
from courseletter.web.admin.access import Admin, AdminUploads, AdminWrites, Visitor
from courseletter.web.admin.forms import Form, Posted, Uploaded
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.admin.subscribers import is_number
from courseletter.web.site import READ, Here, Site
from subscribers.importing import running, undoing
from subscribers.importing.columns import Column, columns_of
from subscribers.importing.mapping import TARGETS, Consent, ImportSettings, field_name
from subscribers.importing.models import LEASE, Import, ImportProblem, ImportState
from subscribers.importing.problems import write_csv
from subscribers.importing.reading import tables_in
from subscribers.importing.running import as_problem
from subscribers.importing.sources import BY_KEY
from subscribers.importing.sources.substack import SUBSTACK
from subscribers.importing.values import KINDS, Order, order_of
from subscribers.models import MailingList

router = APIRouter()

SHOWN: Final = 50  # rows that were not taken, on the page; the file has all
PAST: Final = 20  # imports listed
SAMPLED: Final = 200  # rows that a column is judged by
TAKEN_BACK_FOR: Final = timedelta(days=30)
# What our own exports write is no column of anybody else's.
OWN: Final = ("lists", "consent", "suppressed", "courses")
OFFERED: Final = {key: title for key, title in TARGETS.items() if key not in OWN}
KIND_NAMES: Final = {
    "text": "Custom field, text",
    "number": "Custom field, number",
    "yes_no": "Custom field, yes or no",
    "date": "Custom field, date",
}
BUSY: Final = (ImportState.TRYING, ImportState.RUNNING, ImportState.TAKING_BACK)


@router.api_route("/subscribers/imports", methods=READ)
def list_imports(visitor: Admin, site: Here, request: Request) -> HTMLResponse:
    return _choose_page(request, site, visitor)


@router.post("/subscribers/imports")
def upload(visitor: AdminUploads, form: Uploaded, site: Here, request: Request) -> Response:
    file, opened = form.file("file"), site.installation
    if file is None or file.filename is None:
        return _choose_page(request, site, visitor, InvalidInput("Choose a file.", field="file"))
    path = uploads.folder(opened) / secrets.token_hex(12)
    with path.open("wb") as kept:
        shutil.copyfileobj(file.file, kept)
    path.chmod(0o600)
    try:
        tables = tables_in(path)
        targets: dict[str, str] = {}
        for table, source in tables:
            targets |= {**dict(source.suggest(table.headings)), **targets}
        cells = [cell for row in tables[0][0].sample(SAMPLED) for cell in row]
        settings = ImportSettings(tables[0][1].key, tuple(targets.items()), order=order_of(cells))
        with opened.database.write() as session:
            now, name = opened.clock.now(), file.filename[:200]
            row = running.choose(session, path, name, settings, visitor.user.name, now)
    except InvalidInput as problem:
        path.unlink()
        return _choose_page(request, site, visitor, problem)
    return lead_to(site, f"/subscribers/imports/{row.id}/columns")


@router.api_route("/subscribers/imports/{import_id}/columns", methods=READ)
def show_columns(import_id: str, visitor: Admin, site: Here, request: Request) -> Response:
    with site.installation.database.read() as session:
        row = import_of(session, import_id)
    waiting = row.state in (ImportState.CHOSEN, ImportState.TRIED, ImportState.FAILED)
    if not waiting or not uploads.is_there(row):
        return lead_to(site, f"/subscribers/imports/{row.id}")
    return _columns_page(request, site, visitor, row, ImportSettings.from_json(row.settings))


@router.post("/subscribers/imports/{import_id}/columns")
def try_out(import_id: str, visitor: AdminWrites, form: Posted, site: Here, request: Request) -> Response:
    opened = site.installation
    with opened.database.read() as session:
        row = import_of(session, import_id)
    if not uploads.is_there(row):
        return lead_to(site, f"/subscribers/imports/{row.id}")
    settings = _chosen(form, ImportSettings.from_json(row.settings))
    try:
        with opened.database.write() as session:
            running.want_trial(session, import_of(session, import_id), settings, opened.clock.now())
    except InvalidInput as problem:
        return _columns_page(request, site, visitor, row, settings, problem)
    set_out(opened, row.id)
    return lead_to(site, f"/subscribers/imports/{row.id}")


@router.api_route("/subscribers/imports/{import_id}", methods=READ)
def show_import(import_id: str, visitor: Admin, site: Here, request: Request) -> Response:
    opened = site.installation
    with opened.database.read() as session:
        row = import_of(session, import_id)
        wanted = select(ImportProblem).where(ImportProblem.import_id == row.id)
        problems = session.scalars(wanted.order_by(ImportProblem.id).limit(SHOWN)).all()
        many = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    if row.state == ImportState.CHOSEN and uploads.is_there(row):
        return lead_to(site, f"/subscribers/imports/{row.id}/columns")
    return show(
        request,
        site,
        visitor,
        "import.html",
        place="subscribers",
        row=row,
        counts={name: row.counts.get(name, 0) for name in _COUNTED},
        lost=undoing.lost(row.counts),
        total=sum(row.counts.get(name, 0) for name in ("new", "updated", "kept_out", "skipped")),
        problems=problems,
        many=many,
        busy=row.state in BUSY,
        stopped=_has_stopped(row, opened.clock.now()),
        source=BY_KEY[row.settings["source"]].title,
        has_posts=uploads.is_there(row)
        and row.settings["source"] == SUBSTACK.key
        and is_export(Path(row.path)),
        may_be_taken_back=_may_be_taken_back(row, opened.clock.now()),
        there=uploads.is_there(row),
        step=3 if row.state in (ImportState.TRYING, ImportState.TRIED, ImportState.FAILED) else 4,
    )


_COUNTED: Final = ("new", "updated", "kept_out", "skipped", "pending", "taken_back", "restored", "kept")


@router.post("/subscribers/imports/{import_id}/start")
def start(import_id: str, visitor: AdminWrites, site: Here) -> Response:
    opened = site.installation
    with opened.database.write() as session:
        row = import_of(session, import_id)
        if row.state != ImportState.RUNNING:  # pressed twice: the first press counts
            running.want(session, row, opened.clock.now())
    set_out(opened, row.id)
    return lead_to(site, f"/subscribers/imports/{row.id}")


@router.post("/subscribers/imports/{import_id}/resume")
def resume(import_id: str, visitor: AdminWrites, site: Here) -> Response:
    """Go on with what has stopped; what has not is left to who is at it."""
    opened = site.installation
    with opened.database.read() as session:
        row = import_of(session, import_id)
    if _has_stopped(row, opened.clock.now()):
        set_out(opened, row.id)
    return lead_to(site, f"/subscribers/imports/{row.id}")


@router.post("/subscribers/imports/{import_id}/undo")
def take_back(import_id: str, visitor: AdminWrites, site: Here) -> Response:
    opened = site.installation
    with opened.database.write() as session:
        row = undoing.want(session, import_of(session, import_id).id, opened.clock.now())
    set_out(opened, row.id)
    return lead_to(site, f"/subscribers/imports/{row.id}", Note(f"“{row.name}” is being taken back."))


@router.api_route("/subscribers/imports/{import_id}/skipped.csv", methods=READ)
def skipped(import_id: str, visitor: Admin, site: Here) -> Response:
    """The rows that were not taken, to mend and import again."""
    database = site.installation.database
    with database.read() as session:
        row = import_of(session, import_id)
    settings = ImportSettings.from_json(row.settings)

    def lines() -> Iterator[str]:
        text = io.StringIO()
        write = write_csv(csv.writer(text), settings)
        wanted = select(ImportProblem).where(ImportProblem.import_id == row.id).order_by(ImportProblem.id)
        with database.read() as session:
            for one in session.scalars(wanted.execution_options(yield_per=1000)):
                write([as_problem(one)])
                if text.tell() > 100_000:
                    yield text.getvalue()
                    text.seek(0)
                    text.truncate()
        yield text.getvalue()

    attached = {"Content-Disposition": f'attachment; filename="import-{row.id}-to-mend.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=attached)


def _has_stopped(row: Import, now: datetime) -> bool:
    return row.state in BUSY and (row.touched_at < now - LEASE or bool(row.why))


def _may_be_taken_back(row: Import, now: datetime) -> bool:
    """When it is done, or a person has to mend something before it goes on."""
    ended = row.state == ImportState.DONE or (row.state == ImportState.RUNNING and row.why)
    return bool(ended) and (row.finished_at or row.touched_at) > now - TAKEN_BACK_FOR


def import_of(session: Session, number: str) -> Import:
    return running.find(session, int(number) if is_number(number) else 0)


def _chosen(form: Form, before: ImportSettings) -> ImportSettings:
    """The settings as they were typed. Columns are numbered, since their headings may be anything."""
    targets = []
    for place, (heading, _) in enumerate(before.columns):
        target = form.text(f"column-{place}")
        if target in KINDS:
            target = f"field:{field_name(form.text(f'name-{place}') or heading)}:{target}"
        targets.append((heading, target))
    consent, order = form.text("consent", Consent.KEEP), form.text("order")
    return ImportSettings(
        source=before.source,
        columns=tuple(targets),
        list_slug=form.text("list") or None,
        consent=Consent(consent) if consent in list(Consent) else Consent.KEEP,
        note=form.text("note").strip(),
        order=Order(order) if order in list(Order) else None,
        extra_tags=tuple(filter(None, (one.strip() for one in form.text("tags").split(",")))),
    )


def _choose_page(
    request: Request, site: Site, visitor: Visitor, problem: InvalidInput | None = None
) -> HTMLResponse:
    with site.installation.database.read() as session:
        past = session.scalars(select(Import).order_by(Import.id.desc()).limit(PAST)).all()
    return show(
        request, site, visitor, "imports.html", place="subscribers", past=past, problem=problem, step=1
    )


def _columns_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    row: Import,
    settings: ImportSettings,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    with site.installation.database.read() as session:
        lists = session.execute(select(MailingList.slug, MailingList.name).order_by(MailingList.name)).all()
        courses = session.execute(
            select(Course.slug, Course.title).where(Course.revision_id.is_not(None)).order_by(Course.title)
        ).all()
    columns = columns_of(row.path, settings, SAMPLED)
    return show(
        request,
        site,
        visitor,
        "import_columns.html",
        place="subscribers",
        row=row,
        settings=settings,
        columns=_open_first(columns, problem),
        lists=lists,
        courses=courses,
        targets=OFFERED,
        kinds=KIND_NAMES,
        source=BY_KEY[settings.source].title,
        matched=sum(bool(one.target) for one in columns),
        own=settings.source == "courseletter",
        problem=problem,
        step=2,
    )


def _open_first(columns: list[Column], problem: InvalidInput | None) -> list[Column]:
    """What needs a look stands on top: the column that is wrong, then those that nobody matched."""
    wrong = problem.field if problem else None
    return sorted(columns, key=lambda one: (one.heading != wrong, bool(one.target)))
