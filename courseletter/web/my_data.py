"""What is known of a reader: to see, to take along, to erase. Only the last asks for typed words."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from courseletter.web.reader import reader_of, show
from courseletter.web.site import READ, Fields, Here, Site
from sender import personal_data
from sender.erasing import erase
from subscribers.names import fold

router = APIRouter(prefix="/learn/{token}/data")

SHOWN = 20  # of each kind, the newest; the download has them all


@router.api_route("", methods=READ)
def show_data(token: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        return _page(session, site, token)


@router.api_route("/download", methods=READ)
def download(token: str, site: Here) -> Response:
    with site.installation.database.read() as session:
        subscriber = reader_of(session, site, token).enrolment.subscriber
        known = personal_data.of(session, site.installation.settings.key, subscriber)
    return Response(
        personal_data.as_json(known),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-data.json"'},
    )


@router.post("/tracking")
def choose_tracking(token: str, site: Here, fields: Fields) -> Response:
    """Whether the reader's clicks are counted, in all courses that count any."""
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        reader.enrolment.subscriber.no_tracking = fields.get("clicks") == "off"
    return RedirectResponse(
        site.path(site.installation.links.learn(reader.enrolment.id)) + "/data#clicks", 303
    )


@router.post("/erase")
def erase_me(token: str, site: Here, fields: Fields) -> HTMLResponse:
    """The address typed again is the confirmation: a press alone must not do what nothing undoes."""
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        subscriber = reader.enrolment.subscriber
        typed = fields.get("address", "")
        if fold(typed.strip()) != subscriber.address_key:
            return _page(session, site, token, typed=typed, wrong=True)
        language = reader.language
        erase(session, [subscriber], site.installation.clock.now(), site.installation.settings.key)
    return site.pages.show("erased.html", language=language)


def _page(session: Session, site: Site, token: str, typed: str = "", *, wrong: bool = False) -> HTMLResponse:
    reader = reader_of(session, site, token)
    known = personal_data.of(session, site.installation.settings.key, reader.enrolment.subscriber)
    return show(
        site,
        reader,
        "my_data.html",
        422 if wrong else 200,
        known=known,
        consent=known["consent"][::-1][:SHOWN],
        mails=known["mails"][::-1][:SHOWN],
        left_out=max(len(known["consent"]), len(known["mails"])) > SHOWN,
        typed=typed,
        wrong=wrong,
    )
