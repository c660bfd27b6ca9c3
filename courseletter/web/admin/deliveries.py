"""Deliveries: those in trouble, the story of each, and what a person decides about one."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin.access import Marketer, MarketerWrites
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.admin.subscribers import is_number
from courseletter.web.site import READ, Here
from courseletter.zones import zone_of
from sender import wishes
from sender.doubts import settle
from sender.models import Delivery
from sender.stories import story
from sender.troubles import Trouble, in_trouble

router = APIRouter()

SHOWN: Final = 50
WORDS: Final = {
    Trouble.IN_DOUBT: ("In doubt", "They may have arrived, or not: the connection broke before the answer."),
    Trouble.FAILED: (
        "Failed since yesterday",
        "The mail server refused them, or two days were over.",
    ),
    Trouble.WAITING: ("Wait for another try", "A mail server put them off. Nothing is lost."),
}


@router.api_route("/deliveries", methods=READ)
def list_deliveries(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    opened = site.installation
    chosen = request.query_params.get("show", Trouble.IN_DOUBT)
    which = Trouble(chosen) if chosen in list(Trouble) else Trouble.IN_DOUBT
    zone = zone_of(opened.settings.timezone)
    with opened.database.read() as session:
        rows = in_trouble(session, which, opened.clock.now(), SHOWN)
    return show(
        request,
        site,
        visitor,
        "deliveries.html",
        place="home",
        rows=rows,
        which=which,
        words=WORDS,
        zone=zone,
        most=SHOWN,
    )


@router.api_route("/deliveries/{delivery_id}", methods=READ)
def show_delivery(delivery_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    opened = site.installation
    now = opened.clock.now()
    with opened.database.read() as session:
        told = story(session, _delivery(session, delivery_id).id, now, opened.retrying)
    here = zone_of(told.zone)
    return show(
        request,
        site,
        visitor,
        "delivery.html",
        place="subscribers",
        told=told,
        here=here,
        now=now.astimezone(here),
    )


@router.post("/deliveries/{delivery_id}/settle")
def decide(delivery_id: str, visitor: MarketerWrites, form: Posted, site: Here) -> Response:
    """Say what became of a message in doubt."""
    opened = site.installation
    with opened.database.write() as session:
        found = _delivery(session, delivery_id)
        if form.text("outcome") not in ("arrived", "lost"):
            raise InvalidInput("Say whether it arrived or was lost.", field="outcome")
        arrived = form.text("outcome") == "arrived"
        settle(session, found.id, opened.clock.now(), arrived=arrived)
    word = "It counts as had." if arrived else "It is sent again with the next round."
    return lead_to(site, f"/deliveries/{delivery_id}", Note(word))


@router.post("/deliveries/{delivery_id}/copies")
def send_again(delivery_id: str, visitor: MarketerWrites, site: Here) -> Response:
    opened = site.installation
    with opened.database.write() as session:
        found = _delivery(session, delivery_id)
        again = wishes.send_again(session, found, opened.clock.now(), opened.settings.key)
        enrolment, person = again.enrolment_id, again.subscriber_id
    undo = Undo(f"/enrolments/{enrolment}/take-back", {})
    note = Note("Another copy is queued for one person. No date changes by it.", undo)
    return lead_to(site, f"/subscribers/{person}", note)


def _delivery(session: Session, number: str) -> Delivery:
    found = session.get(Delivery, int(number)) if is_number(number) else None
    if found is None:
        raise NotFound("There is no delivery with this number.")
    return found
