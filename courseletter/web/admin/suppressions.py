"""Whom nothing is ever sent to: looked up, added, brought in, taken out, and released once for a reason."""

from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from courseletter import uploads
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin.access import Admin, AdminUploads, AdminWrites, Visitor
from courseletter.web.admin.forms import Form, Posted, Uploaded
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.admin.subscribers import is_number
from courseletter.web.site import READ, Here, Site
from subscribers import suppression
from subscribers.addresses import check_address
from subscribers.exporting.forms import Form as FileForm
from subscribers.importing.suppressions import add_all
from subscribers.importing.tables import Problem
from subscribers.models import Suppression, SuppressionReason

router = APIRouter(prefix="/suppressions")

SIZE: Final = 50  # of each, on a page
LONGEST: Final = 500  # characters of a note
REASONS: Final = {
    SuppressionReason.UNSUBSCRIBED: "Unsubscribed from everything",
    SuppressionReason.BOUNCED: "Bounced",
    SuppressionReason.COMPLAINED: "Called mail spam",
    SuppressionReason.ERASED: "Erased on their wish",
    SuppressionReason.MANUAL: "Put here by hand",
}


@router.api_route("", methods=READ)
def list_suppressions(
    visitor: Admin, site: Here, request: Request, q: str = "", reason: str = "", before: str = ""
) -> HTMLResponse:
    return _page(request, site, visitor, q=q, reason=reason, before=before)


@router.post("")
def add(visitor: AdminWrites, form: Posted, site: Here, request: Request) -> Response:
    opened, note = site.installation, " ".join(form.text("note").split())
    try:
        address = str(check_address(form.text("email")))
        if len(note) > LONGEST:
            raise InvalidInput(f"Write it in at most {LONGEST} characters.", field="note")
    except InvalidInput as problem:
        return _page(request, site, visitor, problem=problem, form=form)
    with opened.database.write() as session:
        told = f"by {visitor.user.name}" + (f": {note}" if note else "")
        now, key = opened.clock.now(), opened.settings.key
        fresh = suppression.suppress(session, key, address, SuppressionReason.MANUAL, now, told)
    said = f"{address} gets nothing more." if fresh else f"{address} was on the list already, and stays."
    return lead_to(site, "/suppressions", Note(said), q=address)


@router.post("/import")
def bring_in(visitor: AdminUploads, form: Uploaded, site: Here, request: Request) -> Response:
    """Everybody in a file goes on the list. The file is not kept."""
    file, opened = form.file("file"), site.installation
    if file is None:
        return _page(request, site, visitor, problem=InvalidInput("Choose a file.", field="file"), form=form)
    with NamedTemporaryFile(dir=uploads.folder(opened)) as kept:
        copyfileobj(file.file, kept)
        kept.flush()
        try:
            added, problems = add_all(
                opened.database, Path(kept.name), opened.settings.key, opened.clock.now()
            )
        except InvalidInput as problem:
            return _page(request, site, visitor, problem=problem, form=form)
    return _page(request, site, visitor, added=added, problems=problems)


@router.post("/{suppression_id}/release")
def release(
    suppression_id: str, visitor: AdminWrites, form: Posted, site: Here, request: Request
) -> Response:
    opened = site.installation
    try:
        with opened.database.write() as session:
            found = session.get(Suppression, int(suppression_id)) if is_number(suppression_id) else None
            if found is None:
                raise NotFound("This address is not on the list any more.")
            address, now, key = found.email or "", opened.clock.now(), opened.settings.key
            suppression.release(session, key, address, form.text("why"), visitor.user.name, now)
    except InvalidInput as problem:
        return _page(request, site, visitor, q=address, problem=problem, form=form)
    said = f"{address} may be written to again, where it is on a list. Once: what comes back stays."
    return lead_to(site, "/suppressions", Note(said))


def _page(
    request: Request,
    site: Site,
    visitor: Visitor,
    *,
    q: str = "",
    reason: str = "",
    before: str = "",
    problem: InvalidInput | None = None,
    form: Form | None = None,
    added: int | None = None,
    problems: list[Problem] | None = None,
) -> HTMLResponse:
    opened, q = site.installation, q.strip()[:320]
    after = int(before) if is_number(before) else None
    wanted = reason if reason in list(SuppressionReason) else ""
    with opened.database.read() as session:
        rows = suppression.listed(session, opened.settings.key, q, wanted, SIZE + 1, after)
        released = suppression.releases(session, SIZE)
    return show(
        request,
        site,
        visitor,
        "suppressions.html",
        place="subscribers",
        problem=problem,
        typed=form.texts() if form else {},
        q=q,
        reason=wanted,
        reasons=REASONS,
        rows=rows[:SIZE],
        more=rows[SIZE - 1].id if len(rows) > SIZE else None,
        mistakable=suppression.MISTAKABLE,
        released=released,
        forms=list(FileForm),
        added=added,
        problems=(problems or [])[:SIZE],
        problems_in_all=len(problems or []),
    )
