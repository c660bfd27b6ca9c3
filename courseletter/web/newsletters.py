"""A newsletter's page: to sign up for it, and if it has an archive, to read what was sent, also as a feed."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns import image_addresses
from campaigns.models import Course, Lesson, RevisionLesson
from campaigns.newsletters.models import Issue, IssueState
from courseletter.errors import NotFound
from courseletter.web import asking, finding, wording
from courseletter.web.lesson_body import page_html
from courseletter.web.pages import LESSON_POLICY
from courseletter.web.problems import Problem, told
from courseletter.web.site import READ, Fields, Here, Site
from courseletter.web.speech import Speech, speech
from subscribers import form_tokens, signing_up
from subscribers.audiences import Audience
from subscribers.people import Details
from subscribers.signing_up import SignUpForm

router = APIRouter(prefix="/n/{slug}")

FIELDS: Final = ("first_name", "email")
LISTED: Final = 100  # issues of an archive, the newest
FED: Final = 20  # of them in the feed, in full
ATOM: Final = "application/atom+xml; charset=utf-8"


@router.api_route("", methods=READ)
def show_newsletter(slug: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        return _page(session, site, finding.newsletter(session, slug), {}, [])


@router.post("")
def sign_up(slug: str, site: Here, fields: Fields, request: Request) -> HTMLResponse:
    with site.installation.database.write() as session:
        newsletter = finding.newsletter(session, slug)
        spoken = speech(newsletter.language)
        form = SignUpForm(fields.get("email", ""), Details(fields.get("first_name", "")))
        problems = [told(one, spoken, "email") for one in signing_up.check(form)]
        if problems:
            return _page(session, site, newsletter, fields, problems)
        asked = asking.ask(session, site, request, newsletter, form, fields, wording.SUBSCRIBE, spoken)
        return asked or _page(session, site, newsletter, fields, [], again=True)


@router.api_route("/feed.xml", methods=READ)
def show_feed(slug: str, site: Here) -> Response:
    """The newest issues, whole (Atom, RFC 4287)."""
    opened = site.installation
    with opened.database.read() as session:
        newsletter = finding.newsletter(session, slug)
        if not newsletter.archive:
            raise NotFound("This newsletter has no feed.")
        found = _issues(session, newsletter)[:FED]
        page = site.pages.show(
            "feed.xml",
            language=newsletter.language,
            brand=finding.brand_of(session, site, newsletter),
            newsletter=newsletter,
            home=opened.links.newsletter(slug),
            updated=found[0][0].begun_at if found else newsletter.created_at,
            issues=[(issue, said, _body(session, site, said)) for issue, said in found],
        )
    return Response(page.body, media_type=ATOM)


@router.api_route("/{lesson_id}", methods=READ)
def show_issue(slug: str, lesson_id: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        newsletter = finding.newsletter(session, slug)
        issues = _issues(session, newsletter) if newsletter.archive else []
        said = next((said for _, said in issues if said.lesson_id == lesson_id), None)
        if said is None:
            raise NotFound("There is no issue at this address.")
        return site.pages.show(
            "issue_of_archive.html",
            headers={"Content-Security-Policy": LESSON_POLICY},
            language=said.revision.language,
            brand=site.installation.brands.of_revision(said.revision),
            newsletter=newsletter,
            revision=said.revision,
            lesson=said,
            body=_body(session, site, said),
        )


def _issues(session: Session, newsletter: Course) -> list[tuple[Issue, RevisionLesson]]:
    """What was sent to the newsletter's own list, the newest first, in the words of the winning subject."""
    sent = (
        select(Issue)
        .join(Lesson, Lesson.id == Issue.lesson_id)
        .where(Lesson.course_id == newsletter.id, Lesson.removed.is_(False), Issue.state == IssueState.SENT)
        .order_by(Issue.begun_at.desc(), Issue.lesson_id)
        .limit(LISTED)
    )
    return [
        (issue, session.get_one(RevisionLesson, (issue.rest_revision, issue.lesson_id)))
        for issue in session.scalars(sent)
        if newsletter.list_id in Audience.from_json(issue.audience).lists
    ]


def _body(session: Session, site: Site, said: RevisionLesson) -> str:
    """As a page shows it, addressed to nobody; "" of one that is laid out for mail programs."""
    if said.format != "markdown":
        return ""
    here = image_addresses.at_home(session, said.body, site.installation.settings.base_url)
    return page_html(here, said.revision.language)


def _page(
    session: Session,
    site: Site,
    newsletter: Course,
    typed: Mapping[str, str],
    problems: list[Problem],
    *,
    again: bool = False,
) -> HTMLResponse:
    opened = site.installation
    spoken: Speech = speech(newsletter.language)
    texts = {**dict.fromkeys(FIELDS, ""), **{problem.field: problem.text for problem in problems}}
    return site.pages.show(
        "newsletter.html",
        422 if problems else 200,
        language=spoken.language,
        brand=finding.brand_of(session, site, newsletter),
        newsletter=newsletter,
        words=spoken.say_all(wording.SUBSCRIBE),
        issues=_issues(session, newsletter) if newsletter.archive else [],
        typed=typed,
        again=again,
        token=form_tokens.make(opened.settings.key, newsletter.slug, opened.clock.now()),
        problems=texts,
        summary_of=[(problem.field, problem.name) for problem in problems],
    )
