"""Newsletters: their issues in one list, a new one begun, and what holds for all issues of one."""

from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaigns.brands import FIRST
from campaigns.digests import setting_up
from campaigns.digests.models import Digest
from campaigns.digests.rhythm import Rhythm
from campaigns.links import track_clicks
from campaigns.models import Course, Lesson
from campaigns.newsletters import drafting
from campaigns.newsletters.models import Issue
from campaigns.rhythm import moment_phrase
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.issue_words import state_of, when_of
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.site import READ, Here, Site
from courseletter.zones import zone_of
from sender import pausing
from subscribers.models import MailingList

router = APIRouter(prefix="/newsletters")

MOST: Final = 200  # issues listed, the newest
NEW: Final = "new"  # as a choice: a newsletter, or a list, that is not there yet


@router.api_route("", methods=READ)
def show_newsletters(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    zone = zone_of(site.installation.settings.timezone)
    with site.installation.database.read() as session:
        issues = session.scalars(
            select(Issue)
            .join(Lesson, Lesson.id == Issue.lesson_id)
            .where(Lesson.removed.is_(False))
            .options(joinedload(Issue.lesson).joinedload(Lesson.course))
            .order_by(Issue.created_at.desc(), Issue.lesson_id)
            .limit(MOST)
        ).all()
        return show(
            request,
            site,
            visitor,
            "newsletters.html",
            place="newsletters",
            newsletters=drafting.newsletters(session),
            troubled=_troubled(session, zone),
            rows=[(one, state_of(one), when_of(one, zone)) for one in issues],
        )


def _troubled(session: Session, zone: ZoneInfo) -> list[tuple[Digest, str]]:
    """Digests with something to say, and since when."""
    return [
        (one, moment_phrase(one.problem_at.astimezone(zone)) if one.problem_at else "")
        for one in setting_up.in_trouble(session)
    ]


@router.api_route("/new", methods=READ)
def begin(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _new_page(request, site, visitor, {})


@router.post("")
def create(visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """A new issue, of a newsletter that is there or is made along with it; on to the editor."""
    try:
        with site.installation.database.write() as session:
            newsletter = _newsletter(session, site, form)
            now = site.installation.clock.now()
            issue = drafting.create_issue(session, newsletter, form.text("title"), now)
            path = f"/courses/{newsletter.id}/lessons/{issue.lesson_id}/edit"
    except InvalidInput as problem:
        return _new_page(request, site, visitor, form.texts(), problem)
    return lead_to(site, path)


@router.api_route("/{newsletter_id}", methods=READ)
def show_settings(newsletter_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _settings_page(request, site, visitor, newsletter_id, None)


@router.post("/{newsletter_id}")
def change(
    newsletter_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request
) -> Response:
    try:
        with site.installation.database.write() as session:
            newsletter = drafting.find_newsletter(session, newsletter_id)
            newsletter.title = drafting.checked_title(form.text("name"))
            newsletter.brand_id = _brand(session, site, form, newsletter)
            newsletter.archive = form.text("archive") == "yes"
            track_clicks(session, newsletter, form.text("tracks_clicks") == "yes")
    except InvalidInput as problem:
        return _settings_page(request, site, visitor, newsletter_id, form, problem)
    return lead_to(site, f"/newsletters/{newsletter_id}", Note("Saved. It holds for issues from now on."))


@router.post("/{newsletter_id}/resume")
def resume(newsletter_id: str, visitor: MarketerWrites, site: Here) -> Response:
    """Let its issues go on after refusals or complaints have stopped them."""
    pausing.resume_newsletter(site.installation.database, newsletter_id)
    return lead_to(site, "/newsletters", Note("Its issues go on."))


def _newsletter(session: Session, site: Site, form: Form) -> Course:
    chosen = form.text("newsletter", NEW)
    if chosen != NEW:
        return drafting.find_newsletter(session, chosen)
    opened = site.installation
    mailing_list = None
    if (slug := form.text("list", NEW)) != NEW:
        mailing_list = session.scalar(select(MailingList).where(MailingList.slug == slug))
        if mailing_list is None:
            raise InvalidInput("This list is gone. Choose one that is there.", field="list")
    title = drafting.checked_title(form.text("name"))
    return drafting.create_newsletter(
        session,
        title,
        opened.clock.now(),
        language=form.text("language", "en"),
        zone=opened.settings.timezone,
        mailing_list=mailing_list,
    )


def _brand(session: Session, site: Site, form: Form, newsletter: Course) -> str:
    chosen = form.text("brand", newsletter.brand_id or FIRST)
    if all(one.id != chosen for one in site.installation.brands.every(session)):
        raise InvalidInput("This brand is gone. Choose one that is there.", field="brand")
    return chosen


def _digest_phrase(session: Session, newsletter: Course) -> str:
    """When its feed is looked at; "" where it has none."""
    digest = session.get(Digest, newsletter.id)
    if digest is None:
        return ""
    phrase = Rhythm.of(digest).phrase()
    return f"{phrase[:1].upper()}{phrase[1:]}" if digest.next_at else "Switched off"


def _new_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    typed: dict[str, str],
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    with site.installation.database.read() as session:
        taken = select(Course.list_id)
        free = select(MailingList.slug, MailingList.name).where(MailingList.id.not_in(taken))
        context: dict[str, Any] = {
            "newsletters": drafting.newsletters(session),
            "lists": session.execute(free.order_by(MailingList.name)).all(),
        }
    return show(
        request,
        site,
        visitor,
        "issue_new.html",
        place="newsletters",
        typed=typed,
        problem=problem,
        new=NEW,
        **context,
    )


def _settings_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    newsletter_id: str,
    form: Form | None,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    with site.installation.database.read() as session:
        newsletter = drafting.find_newsletter(session, newsletter_id)
        return show(
            request,
            site,
            visitor,
            "newsletter.html",
            place="newsletters",
            newsletter=newsletter,
            name=form.text("name") if form else newsletter.title,
            brands=site.installation.brands.every(session),
            chosen=newsletter.brand_id or FIRST,
            digest=_digest_phrase(session, newsletter),
            home=site.installation.links.newsletter(newsletter.slug),
            problem=problem,
        )
