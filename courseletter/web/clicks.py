"""Links in mails: a stored link's id and the token of the reader's mail lead on to the stored address.

Nothing in the request names an address (REQUIREMENTS 38). A GET is counted, a HEAD as a scanner's; either
leads on.
"""

import logging

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import DBAPIError

from courseletter.errors import NotFound
from courseletter.web.site import READ, Here, Site
from sender import clicks
from sender.models import Delivery
from sender.scanners import mark_of
from subscribers.tokens import Purpose

log = logging.getLogger(__name__)
router = APIRouter()

_LONGEST_ID = 9  # digits


@router.api_route("/go/{link_id}/{token}", methods=READ)
def follow(link_id: str, token: str, site: Here, request: Request) -> RedirectResponse:
    if not (link_id.isascii() and link_id.isdigit() and len(link_id) <= _LONGEST_ID):
        raise NotFound("There is no such link.")
    (delivery_id,) = site.installation.tokens.read(Purpose.CLICK, token)
    with site.installation.database.read() as session:
        way = clicks.way_of(session, int(link_id), delivery_id)
    if way.mail is not None:
        _count(site, way.mail, int(link_id), request)
    return RedirectResponse(way.address, 302)


def _count(site: Site, mail: Delivery, link_id: int, request: Request) -> None:
    headers, client = request.headers, request.client
    purpose = headers.get("sec-purpose", "") or headers.get("purpose", "")
    agent = headers.get("user-agent", "")
    mark = mark_of(request.method, agent, purpose, client.host if client else "")
    try:
        with site.installation.database.write() as session:
            clicks.record(session, mail, link_id, mark, site.installation.clock.now())
    except DBAPIError as error:  # a reader gets to the page, whether or not we can count
        log.warning("a click was not counted: %s", error.orig)
