"""One subscriber: why they got what when, and what comes next."""

from datetime import date
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from campaigns.reasons import RULES
from campaigns.schedule import pace_named
from courseletter.accounts.models import Role
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin.access import Marketer
from courseletter.web.admin.shell import show
from courseletter.web.moments import zones
from courseletter.web.site import READ, Here
from courseletter.zones import zone_named, zone_of
from sender.listed import described
from sender.why import WhatIf, why
from subscribers.models import Subscriber

router = APIRouter()

PACES: Final = ("slower", "normal", "faster")


@router.api_route("/subscribers/{subscriber_id}", methods=READ)
def show_subscriber(
    subscriber_id: str,
    visitor: Marketer,
    site: Here,
    request: Request,
    pace: str = "",
    zone: str = "",
    until: str = "",
) -> HTMLResponse:
    """Why, with wishes to try out on the simulation in the address: they change nothing."""
    opened = site.installation
    now, typed = opened.clock.now(), {"pace": pace, "zone": zone, "until": until}
    problem: InvalidInput | None = None
    what_if = WhatIf()
    try:
        what_if = _tried(pace, zone, until)
    except InvalidInput as error:
        problem = error
    with opened.database.read() as session:
        subscriber = subscriber_of(session, subscriber_id)
        answer = why(session, subscriber, now, opened.settings.key, what_if)
        person = described(session, [subscriber], opened.settings.key)[0]
    here = zone_of(answer.zone)
    return show(
        request,
        site,
        visitor,
        "subscriber.html",
        place="subscribers",
        answer=answer,
        row=person,
        tab="why",
        admin=visitor.user.role.includes(Role.ADMIN),
        now=now.astimezone(here),
        here=here,
        rules=[(rule, RULES[rule]) for rule in answer.rules],
        typed=typed,
        problem=problem,
        tried=what_if != WhatIf(),
        paces=PACES,
        zones=zones(),
    )


def subscriber_of(session: Session, number: str) -> Subscriber:
    found = session.get(Subscriber, int(number)) if is_number(number) else None
    if found is None or found.erased_at is not None:
        raise NotFound("There is no subscriber with this number.")
    return found


def is_number(text: str) -> bool:
    """Whether a part of an address can be the id of a row."""
    return text.isascii() and text.isdigit() and len(text) < 10


def _tried(pace: str, zone: str, until: str) -> WhatIf:
    """The wishes in the address. Raises InvalidInput that names the field."""
    try:
        day = date.fromisoformat(until) if until else None
    except ValueError:
        raise InvalidInput("This is no day. Write it like 2026-12-24.", field="until") from None
    return WhatIf(pace_named(pace) if pace else None, zone_named(zone).key if zone else None, day)
