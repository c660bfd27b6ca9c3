"""Taking everything out, at any time: people in our own columns or in another program's, and the ledgers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from campaigns.placing import standings
from courseletter.errors import NotFound
from courseletter.installation import Installation
from courseletter.web.admin.access import Admin
from courseletter.web.admin.shell import show
from courseletter.web.site import READ, Here
from sender import exporting
from subscribers.exporting import forms, records, writing
from subscribers.exporting.forms import MEDIA_TYPES, Form
from subscribers.exporting.layouts import BY_KEY, LAYOUTS, text_of
from subscribers.exporting.records import People
from subscribers.models import Subscriber

router = APIRouter()

BLOCK: Final = 1 << 16  # octets

SUPPRESSION: Final = ("email", "hash", "reason", "at", "note")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is exported beside people."""

    title: str
    columns: tuple[str, ...]
    rows: Callable[[Session], Iterator[dict[str, Any]]]


LEDGERS: Final = {
    "deliveries": Ledger("Deliveries", exporting.DELIVERIES, exporting.deliveries),
    "events": Ledger("Events", exporting.EVENTS, exporting.events),
    "suppression": Ledger("Suppression list", SUPPRESSION, records.suppressions),
}


@router.api_route("/subscribers/export", methods=READ)
def show_export(visitor: Admin, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        people = session.scalar(select(func.count(Subscriber.id)).where(Subscriber.erased_at.is_(None))) or 0
    return show(
        request,
        site,
        visitor,
        "export.html",
        place="subscribers",
        people=people,
        layouts=LAYOUTS,
        ledgers=LEDGERS,
        forms=list(Form),
    )


@router.api_route("/subscribers/export/{what}", methods=READ)
def download(
    what: str, visitor: Admin, site: Here, form: str = Form.CSV, layout: str = "courseletter"
) -> Response:
    """A ledger, or everybody."""
    opened = site.installation
    with opened.database.read() as session:
        if what == "subscribers":
            return people_file(session, opened, form, layout)
        if what not in LEDGERS or form not in list(Form):
            raise NotFound("There is no such export.")
        ledger = LEDGERS[what]

        def cells(record: dict[str, Any]) -> list[str]:
            return [text_of(record[name]) for name in ledger.columns]

        return _file(
            Form(form),
            what,
            lambda file: forms.write(Form(form), file, ledger.columns, ledger.rows(session), cells),
        )


def people_file(
    session: Session, opened: Installation, form: str, layout: str, wanted: ColumnElement[bool] | None = None
) -> Response:
    """People as a file: all, or those whom a condition wants."""
    if form not in list(Form) or layout not in BY_KEY:
        raise NotFound("There is no such export.")
    chosen = BY_KEY[layout]
    people = People(session, opened.settings.key, standings, wanted)
    name = "subscribers" if layout == "courseletter" else f"subscribers-{layout}"
    return _file(Form(form), name, lambda file: writing.write(Form(form), file, chosen, people))


def _file(form: Form, name: str, write: Callable[[IO[bytes]], None]) -> Response:
    """The file, whole: written before its first octet leaves, so that a fault is no half of a file."""
    file = TemporaryFile()  # noqa: SIM115 - open until it is sent
    write(file)
    octets = file.tell()
    file.seek(0)

    def blocks() -> Iterator[bytes]:
        with file:
            while block := file.read(BLOCK):
                yield block

    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Content-Length": str(octets)}
    return StreamingResponse(blocks(), media_type=MEDIA_TYPES[form], headers=headers)
