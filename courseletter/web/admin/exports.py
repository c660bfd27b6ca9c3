"""Taking everything out, at any time: people in our own columns or in another program's, and the ledgers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.placing import standings
from courseletter.errors import NotFound
from courseletter.web.admin.access import Admin
from courseletter.web.admin.shell import show
from courseletter.web.site import READ, Here
from sender import exporting
from subscribers.exporting import forms, records
from subscribers.exporting.forms import MEDIA_TYPES, Form
from subscribers.exporting.layouts import BY_KEY, LAYOUTS, text_of
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
    """The file, whole: written before its first octet leaves, so that a fault is no half of a file."""
    if form not in list(Form) or layout not in BY_KEY or what not in ("subscribers", *LEDGERS):
        raise NotFound("There is no such export.")
    kind, chosen, opened = Form(form), BY_KEY[layout], site.installation
    file = TemporaryFile()  # noqa: SIM115 - open until it is sent
    with opened.database.read() as session:
        if what == "subscribers":
            people = records.people(session, opened.settings.key, standings)
            forms.write(kind, file, chosen.columns, people, chosen.cells)
        else:
            ledger = LEDGERS[what]

            def cells(record: dict[str, Any]) -> list[str]:
                return [text_of(record[name]) for name in ledger.columns]

            forms.write(kind, file, ledger.columns, ledger.rows(session), cells)
    octets = file.tell()
    file.seek(0)

    def blocks() -> Iterator[bytes]:
        with file:
            while block := file.read(BLOCK):
                yield block

    name = what if layout == "courseletter" else f"{what}-{layout}"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Content-Length": str(octets)}
    return StreamingResponse(blocks(), media_type=MEDIA_TYPES[kind], headers=headers)
