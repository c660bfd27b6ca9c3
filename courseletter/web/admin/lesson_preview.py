"""A lesson as a mail: the page in the preview's frame, its text, its size, and what is wrong with it.

The mail's HTML stands in a sandboxed frame under a policy of its own (REQUIREMENTS 37). An author's own
Jinja2 runs in the killable child (36), and what breaks there comes back as a finding about the text, with its
line.
"""

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from campaigns import publishing
from campaigns.checking.finding import Finding, Severity, blocking
from campaigns.models import Lesson
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import Marketer
from courseletter.web.admin.lesson_editor import PREFIX, Named
from courseletter.web.mail_frame import in_theme
from courseletter.web.site import READ, Here, Site
from sender.sampling import Somebody, sampled
from subscribers.fields import KnownFields
from subscribers.models import Membership, Subscriber
from templates import merge_fields
from templates.compiling import validate
from templates.errors import TemplateError
from templates.rendering import Rendered, render

router = APIRouter(prefix=PREFIX)

_POLICY: Final = (
    "default-src 'none'; img-src {images}; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
)
_SOURCE: Final = re.compile(r'(<img\b[^>]*?)\ssrc="[^"]*"')
FOUND: Final = 20  # people a search offers


Person = Annotated[int | None, Query(alias="as")]


@router.api_route("/mail", methods=READ)
def tell_of_mail(named: Named, _visitor: Marketer, site: Here, person: Person = None) -> JSONResponse:
    """What the checks say of the lesson; subject, plain text and size of the mail, where it can be made."""
    with site.installation.database.read() as session:
        lesson = named.lesson(session)
        found = _findings(session, site, lesson)
        try:
            mail: Rendered | None = _rendered(session, site, lesson, person, strictly=True)
        except InvalidInput as error:
            mail, found = None, found if _blocks(found) else [_finding(error), *found]
    told: dict[str, Any] = {"findings": [_told(one) for one in found]}
    if mail is not None:
        told |= {"subject": mail.subject, "text": mail.text, "size": len(mail.html.encode())}
    return JSONResponse(told)


@router.api_route("/mail.html", methods=READ)
def show_mail(
    named: Named,
    _visitor: Marketer,
    site: Here,
    person: Person = None,
    theme: str = "light",
    images: str = "on",
) -> HTMLResponse:
    with site.installation.database.read() as session:
        lesson = named.lesson(session)
        try:
            html = in_theme(_rendered(session, site, lesson, person).html, theme)
        except InvalidInput:
            html = ""  # the page beside says why
    policy = _POLICY.format(images="'none'" if images == "off" else "'self' data: https:")
    if images == "off":
        html = _SOURCE.sub(r"\1", html)  # a browser says in its console what the policy alone stops
    headers = {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(html, headers=headers)


@router.api_route("/readers", methods=READ)
def find_readers(named: Named, _visitor: Marketer, site: Here, q: str = "") -> JSONResponse:
    """People on the course's list whose name or address begins so."""
    with site.installation.database.read() as session:
        lesson = named.lesson(session)
        begins = [
            column.istartswith(q.strip(), autoescape=True)
            for column in (Subscriber.first_name, Subscriber.last_name, Subscriber.email)
        ]
        people = session.scalars(
            select(Subscriber)
            .join(Membership)
            .where(Membership.list_id == lesson.course.list_id, or_(*begins))
            .order_by(Subscriber.id)
            .limit(FOUND)
        )
        return JSONResponse([{"id": one.id, "name": _named(one)} for one in people])


def _named(person: Subscriber) -> str:
    name = f"{person.first_name} {person.last_name}".strip()
    return f"{name}, {person.email}" if name else person.email


def _rendered(
    session: Session, site: Site, lesson: Lesson, person: int | None, *, strictly: bool = False
) -> Rendered:
    """The mail. Strictly: also fields that nobody has are an error, as they are when publishing."""
    opened = site.installation
    reader = _reader(session, lesson, person)
    brand, now = opened.brands.of(session, lesson.course), opened.clock.now()
    compiled, context = sampled(session, lesson.course, lesson, reader, brand, opened.links, now)
    if strictly and any(_is_own(path) for path, _ in compiled.needs):
        validate(compiled, KnownFields(session))  # asks for everybody's fields, so only where it matters
    return render(compiled, context)


def _is_own(path: str) -> bool:
    group, _, name = path.partition(".")
    return group == "subscriber" and name not in merge_fields.SUBSCRIBER


def _reader(session: Session, lesson: Lesson, person: int | None) -> Somebody:
    """Somebody on the course's list; nobody in particular where there is no such person."""
    one = session.get(Subscriber, person) if person is not None else None
    if one is None or session.get(Membership, (lesson.course.list_id, one.id)) is None:
        return Somebody("")
    return Somebody(one.email, one.first_name, one.last_name, one.fields)


def _findings(session: Session, site: Site, lesson: Lesson) -> list[Finding]:
    """The checks of this lesson; none while it is out of the draft."""
    if lesson.removed:
        return []
    brand = site.installation.brands.of(session, lesson.course)
    return publishing.check(session, lesson.course, brand, only=lesson).findings


def _blocks(found: list[Finding]) -> bool:
    return any(one.severity is Severity.BLOCKING for one in found)


def _finding(error: InvalidInput) -> Finding:
    """Why the mail cannot be made, where the checks see nothing of it."""
    if isinstance(error, TemplateError):
        return blocking("markup", error.message, "", error.line)
    return blocking("markup", str(error), "", part=error.field or "body")


def _told(finding: Finding) -> dict[str, Any]:
    names = ("part", "line", "severity", "message", "mend")
    return {name: getattr(finding, name) for name in names}
