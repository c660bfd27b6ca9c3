"""The demo's mailbox: what arrived on this machine, shown as mail programs do, and the clock that brings it.

The pages are there in a demo only. A mail is a stranger's HTML: it is shown in a sandboxed frame under a
policy of its own (REQUIREMENTS 37), and only its links may lead out of it.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from html import unescape
from typing import Annotated, Any, Final, Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from sqlalchemy import select

from campaigns.models import Course
from courseletter.errors import NotFound
from courseletter.web.mail_frame import framed
from courseletter.web.moments import local, short_day
from courseletter.web.site import READ, Fields, Here, Site
from sender.stored_mail import StoredMail
from subscribers.people import find

router = APIRouter(prefix="/demo/mailbox")

VIEWS: Final = {"mail": "Mail", "text": "Text", "source": "Source"}
WIDTHS: Final = {"desktop": "Desktop", "phone": "Phone"}
ONE_DAY: Final = timedelta(days=1)

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Mails are styled inline; scripts, forms and frames in them stay dead.
_HIDDEN: Final = re.compile(r"[\s\u034f\u00ad\u200b-\u200f\ufeff]+")
_PREHEADER: Final = re.compile(r"<div[^>]*display:\s*none[^>]*>(.*?)</div>", re.IGNORECASE | re.DOTALL)


class Mails(Protocol):
    def messages(self) -> list[StoredMail]:
        """Everything that has arrived, oldest first."""
        ...

    def message(self, key: str) -> StoredMail | None: ...


class DemoCalendar(Protocol):
    """The demo's clock, which its reader moves."""

    @property
    def playing(self) -> bool:
        """Whether the story runs by itself at the moment."""
        ...

    def now(self) -> datetime: ...

    def next_moment(self) -> datetime | None:
        """When something is due next, or None when nothing more will come."""
        ...

    def move_to(self, moment: datetime) -> None:
        """Let time pass until `moment`; returns when what was due by then has arrived."""
        ...


@dataclass(frozen=True, slots=True)
class DemoMailbox:
    mails: Mails
    calendar: DemoCalendar


@dataclass(frozen=True, slots=True)
class Row:
    """A mail in the list; `when` is its reader's hour or day."""

    mail: StoredMail
    sender: str
    preview: str
    when: str
    address: str
    reader: str


def _demo_of(request: Request) -> DemoMailbox:
    demo: DemoMailbox = request.app.state.demo
    return demo


Demo = Annotated[DemoMailbox, Depends(_demo_of)]


@router.api_route("", methods=READ)
def show_mailbox(
    site: Here, demo: Demo, to: str = "", mail: str = "", view: str = "mail", width: str = "desktop"
) -> HTMLResponse:
    """The list, and one mail of it: the newest, unless another was chosen."""
    everything = _rows(site, demo)
    addresses = sorted({row.address for row in everything})
    rows = [row for row in everything if row.address == to or to not in addresses]
    chosen = next((row for row in rows if row.mail.key == mail), None)
    return site.pages.show(
        "mailbox.html",
        headers={"Content-Security-Policy": PAGE_POLICY},
        rows=rows,
        addresses=addresses,
        to=to if to in addresses else "",
        shown=chosen or (rows[0] if rows else None),
        picked=chosen is not None,
        view=view if view in VIEWS else "mail",
        width=width if width in WIDTHS else "desktop",
        views=VIEWS,
        widths=WIDTHS,
        courses=_courses(site),
        now=local(demo.calendar.now(), _home_zone(site)),
        coming=_coming(site, demo),
        playing=demo.calendar.playing,
        state=_state(demo),
        here=_here,
    )


@router.api_route("/state", methods=READ)
def show_state(demo: Demo) -> JSONResponse:
    """What the page's script asks for: another answer than before means that there is something to show."""
    return JSONResponse({"state": _state(demo)})


@router.api_route("/mails/{key}", methods=READ)
def show_mail(key: str, demo: Demo) -> HTMLResponse:
    """A mail's HTML as it is, for the sandboxed frame."""
    mail = demo.mails.message(key)
    if mail is None:
        raise NotFound("There is no such mail.")
    return framed(mail.html)


@router.post("/clock")
def move_clock(demo: Demo, fields: Fields) -> RedirectResponse:
    moment = demo.calendar.next_moment() if fields.get("to") == "next" else None
    if fields.get("to") == "day":
        moment = demo.calendar.now() + ONE_DAY
    if moment is not None:
        demo.calendar.move_to(moment)
    return RedirectResponse("/demo/mailbox", 303)


def _rows(site: Site, demo: DemoMailbox) -> list[Row]:
    """All mails, newest first, each at its own reader's hour."""
    now, zones = demo.calendar.now(), {}
    rows = []
    with site.installation.database.read() as session:
        for mail in reversed(demo.mails.messages()):
            address = parseaddr(mail.to)[1]
            if address not in zones:
                reader = find(session, address)
                zones[address] = ZoneInfo(reader.zone) if reader and reader.zone else _home_zone(site)
            rows.append(_row(mail, address, zones[address], now))
    return rows


def _row(mail: StoredMail, address: str, zone: ZoneInfo, now: datetime) -> Row:
    at = mail.date.astimezone(zone) if mail.date else None
    when = ""
    if at is not None:
        today = at.date() == now.astimezone(zone).date()
        when = f"{at:%H:%M}" if today else short_day(at)
    sender, reader = parseaddr(mail.from_)[0] or mail.from_, parseaddr(mail.to)[0] or address
    return Row(mail, sender, _preview(mail), when, address, reader)


def _preview(mail: StoredMail) -> str:
    """What a mail program shows beside the subject: the hidden preview text, else the first words."""
    hidden = _PREHEADER.search(mail.html)
    text = _plain(hidden[1]) if hidden else ""
    return (text or _HIDDEN.sub(" ", mail.text).strip())[:120]


def _plain(html: str) -> str:
    return _HIDDEN.sub(" ", unescape(re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " ")).strip()


def _courses(site: Site) -> list[dict[str, Any]]:
    with site.installation.database.read() as session:
        found = session.execute(
            select(Course.slug, Course.title).where(Course.revision_id.is_not(None)).order_by(Course.title)
        )
        return [
            {"title": title, "link": site.path(site.installation.links.sign_up(slug))}
            for slug, title in found
        ]


def _coming(site: Site, demo: DemoMailbox) -> datetime | None:
    moment = demo.calendar.next_moment()
    return None if moment is None else local(moment, _home_zone(site))


def _home_zone(site: Site) -> ZoneInfo:
    return ZoneInfo(site.installation.settings.timezone)


def _state(demo: DemoMailbox) -> str:
    return f"{len(demo.mails.messages())}@{demo.calendar.now().isoformat()}"


def _here(**query: str) -> str:
    """The mailbox's own address with this choice in it."""
    return "?" + urlencode({name: value for name, value in query.items() if value})
