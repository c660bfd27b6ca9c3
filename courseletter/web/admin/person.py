"""One subscriber's record: edited, with who changed what; lists and consent, with their proof; all of it."""

import io
import json
import zipfile
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from courseletter.accounts.models import Role
from courseletter.web.admin.access import Admin, Marketer, MarketerWrites, Visitor
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.admin.subscribers import subscriber_of
from courseletter.web.moments import zones
from courseletter.web.site import READ, Here, Site
from courseletter.zones import zone_of
from sender import personal_data
from sender.editing import edit
from sender.listed import described
from sender.timeline import changes, timeline
from subscribers import custom_fields, editing, tags
from subscribers.editing import FIELD, Refused
from subscribers.models import ConsentAct, Subscriber
from subscribers.signing_up import in_words

router = APIRouter(prefix="/subscribers/{subscriber_id}")

ACTS: Final = {
    ConsentAct.REQUESTED: "asked to join",
    ConsentAct.CONFIRMED: "confirmed",
    ConsentAct.ADDED: "was added by somebody here",
    ConsentAct.UNSUBSCRIBED: "unsubscribed",
    ConsentAct.COMPLAINED: "called the mail spam",
    ConsentAct.TAKEN_BACK: "was put back as before",
}
OFFERED: Final = 200  # tags
ZIP_MOMENT: Final = (1980, 1, 1, 0, 0, 0)  # of files in a zip: their own say when they were made


@router.api_route("/edit", methods=READ)
def show_edit(subscriber_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        person = subscriber_of(session, subscriber_id)
        return _edit_page(request, site, visitor, session, person, editing.as_typed(session, person))


@router.post("/edit")
def save(subscriber_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    opened, typed = site.installation, form.texts()
    try:
        with opened.database.write() as session:
            person = subscriber_of(session, subscriber_id)
            now, key = opened.clock.now(), opened.settings.key
            changed = edit(session, key, person, typed, visitor.user.name, now)
    except Refused as refused:
        with opened.database.read() as session:
            person = subscriber_of(session, subscriber_id)
            known = editing.as_typed(session, person) | typed
            return _edit_page(request, site, visitor, session, person, known, refused)
    home = f"/subscribers/{person.id}/edit"
    if not changed:
        return lead_to(site, home, Note("Nothing was changed."))
    back = Undo(home, {name: was for name, (was, _) in changed.items()})
    what = ", ".join(LABELS.get(name, name.removeprefix(FIELD)) for name in changed)
    return lead_to(site, home, Note(f"Changed: {what}.", back))


LABELS: Final = {
    "first_name": "first name",
    "last_name": "last name",
    "email": "address",
    "zone": "time zone",
    "language": "language",
    "daily_cap": "messages a day",
    "tags": "tags",
}


def _edit_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    session: Session,
    person: Subscriber,
    typed: dict[str, str],
    problem: Refused | None = None,
) -> HTMLResponse:
    return show(
        request,
        site,
        visitor,
        "person_edit.html",
        place="subscribers",
        problem=problem,
        problems=problem.problems if problem else {},
        typed=typed,
        kinds=custom_fields.kinds(session),
        prefix_of_fields=FIELD,
        zones=zones(),
        offered=tags.names(session, OFFERED),
        changes=list(changes(session, person)),
        here=_zone(site),
        **_head(site, visitor, session, person, "edit"),
    )


@router.api_route("/lists", methods=READ)
def show_lists(subscriber_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    opened = site.installation
    with opened.database.read() as session:
        person = subscriber_of(session, subscriber_id)
        known = personal_data.of(session, opened.settings.key, person)
        head = _head(site, visitor, session, person, "lists")
    return show(
        request,
        site,
        visitor,
        "person_lists.html",
        place="subscribers",
        known=known,
        consent=known["consent"][::-1],
        here=_zone(site),
        words=ACTS,
        in_words=in_words,
        **head,
    )


@router.api_route("/history", methods=READ)
def show_history(subscriber_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        person = subscriber_of(session, subscriber_id)
        entries = timeline(session, person)
        head = _head(site, visitor, session, person, "history")
    return show(
        request,
        site,
        visitor,
        "person_history.html",
        place="subscribers",
        entries=entries,
        here=_zone(site),
        **head,
    )


@router.api_route("/proof", methods=READ)
def show_proof(subscriber_id: str, visitor: Admin, site: Here, request: Request) -> HTMLResponse:
    """What this person agreed to, in which words, when and from where: a page to print."""
    opened = site.installation
    with opened.database.read() as session:
        person = subscriber_of(session, subscriber_id)
        known = personal_data.of(session, opened.settings.key, person)
    return show(
        request,
        site,
        visitor,
        "proof.html",
        place="subscribers",
        known=known,
        words=ACTS,
        in_words=in_words,
        now=opened.clock.now(),
        back=f"/subscribers/{person.id}/lists",
    )


@router.api_route("/everything.zip", methods=READ)
def download(subscriber_id: str, visitor: Admin, site: Here) -> Response:
    """All that is known of them: as a page to read, and as JSON for programs."""
    opened = site.installation
    with opened.database.read() as session:
        person = subscriber_of(session, subscriber_id)
        known = personal_data.of(session, opened.settings.key, person)
    text = personal_data.as_json(known)
    page = _readable(site, json.loads(text), opened.clock.now())
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in (("everything.html", page), ("everything.json", text.encode())):
            packed.writestr(zipfile.ZipInfo(name, ZIP_MOMENT), content, zipfile.ZIP_DEFLATED)
    headers = {"Content-Disposition": f'attachment; filename="subscriber-{person.id}.zip"'}
    return Response(file.getvalue(), media_type="application/zip", headers=headers)


def _readable(site: Site, known: dict[str, Any], now: datetime) -> bytes:
    return bytes(site.pages.show("workshop/everything.html", known=known, now=now).body)


def _zone(site: Site) -> ZoneInfo:
    """Where those who look at it are."""
    return zone_of(site.installation.settings.timezone)


def _head(site: Site, visitor: Visitor, session: Session, person: Subscriber, tab: str) -> dict[str, Any]:
    """What stands above each of a person's pages."""
    row = described(session, [person], site.installation.settings.key)[0]
    return {"row": row, "tab": tab, "admin": visitor.user.role.includes(Role.ADMIN)}
