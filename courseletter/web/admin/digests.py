"""A newsletter's digest: the feed that it is made of, when, and what would go out now."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from campaigns.digests import entries, fetching, making, setting_up, writing
from campaigns.digests.fetching import Found
from campaigns.digests.models import Digest
from campaigns.digests.rhythm import Rhythm
from campaigns.digests.setting_up import Wishes
from campaigns.models import Course
from campaigns.newsletters import drafting
from campaigns.reading.posts import Post
from campaigns.rhythm import moment_phrase
from courseletter.errors import InvalidInput
from courseletter.web.admin import digest_form
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.shell import POLICY, Note, lead_to, show
from courseletter.web.lesson_body import page_html
from courseletter.web.site import READ, Here, Site
from courseletter.zones import zone_of
from sender.newsletters.digesting import dated_for
from templates.merge_fields import without_recipient

router = APIRouter(prefix="/newsletters/{newsletter_id}/digest")

# A preview shows an entry's picture as its mail would, from where the feed has it.
_WITH_PICTURES: Final = POLICY.replace("img-src 'self' data:", "img-src 'self' data: https:")


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go out now. `new`: so many entries of all are new; without any the newest are shown."""

    subject: str
    html: str
    shown: int
    new: int

    @property
    def sentence(self) -> str:
        if not self.new:
            return "Nothing would go out now: all of it was there before. So the newest would look."
        waiting = self.new - self.shown
        told = "1 entry would" if self.shown == 1 else f"{self.shown} entries would"
        return f"{told} go out now.{f' {waiting} more wait for the next issue.' if waiting else ''}"


@dataclass(frozen=True, slots=True)
class Desk:
    """One request about one newsletter's digest."""

    request: Request
    site: Site
    visitor: Visitor
    newsletter_id: str

    @property
    def path(self) -> str:
        return f"/newsletters/{self.newsletter_id}/digest"

    def page(
        self,
        form: Form | None = None,
        *,
        problem: InvalidInput | None = None,
        preview: Preview | None = None,
    ) -> HTMLResponse:
        opened = self.site.installation
        now, here = opened.clock.now(), zone_of(opened.settings.timezone)
        with opened.database.read() as session:
            newsletter = drafting.find_newsletter(session, self.newsletter_id)
            digest = session.get(Digest, newsletter.id)
            wishes = Wishes.of(digest) if digest else digest_form.proposed(newsletter.zone)
            moments = {
                name: moment_phrase(moment.astimezone(here)) if moment else ""
                for name, moment in (
                    ("next", digest and digest.next_at),
                    ("looked", digest and digest.looked_at),
                    ("problem", digest and digest.problem_at),
                )
            }
            return show(
                self.request,
                self.site,
                self.visitor,
                "digest.html",
                place="newsletters",
                newsletter=newsletter,
                digest=digest,
                rhythm=Rhythm.of(digest).phrase() if digest else "",
                moments=moments,
                preview=preview,
                problem=problem,
                own_fields=writing.FIELDS,
                **digest_form.shown(wishes, now, form),
            )


@router.api_route("", methods=READ)
def show_digest(newsletter_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return Desk(request, site, visitor, newsletter_id).page()


@router.post("")
def save(newsletter_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """Keep what was chosen. A feed that begins anew is read first: what it has by now is not sent."""
    desk, opened = Desk(request, site, visitor, newsletter_id), site.installation
    try:
        wishes, first = digest_form.read(form), digest_form.first(form)
        passed_over: list[Post] | None = None
        with opened.database.read() as session:
            begins = setting_up.begins_anew(_digest(session, newsletter_id), wishes.url)
        if begins:
            passed_over = entries.fresh(_read(site, wishes.url).posts, ())[first:]
        with opened.database.write() as session:
            newsletter = drafting.find_newsletter(session, newsletter_id)
            name = visitor.user.name
            digest = setting_up.save(session, newsletter, wishes, opened.clock.now(), passed_over, name)
            told = f"Saved. The feed is looked at {Rhythm.of(digest).phrase()}."
    except InvalidInput as problem:
        return desk.page(form, problem=problem)
    return lead_to(site, desk.path, Note(told))


@router.post("/preview")
def preview(
    newsletter_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request
) -> Response:
    """What would go out now, with what is typed. Nothing is kept of it."""
    desk = Desk(request, site, visitor, newsletter_id)
    try:
        wishes, first = digest_form.read(form), digest_form.first(form)
        found = _read(site, wishes.url)
        with site.installation.database.read() as session:
            newsletter = drafting.find_newsletter(session, newsletter_id)
            begins = setting_up.begins_anew(_digest(session, newsletter_id), wishes.url)
            known = making.fresh(session, newsletter_id, found.posts)
            new = known[:first] if begins else known
    except InvalidInput as problem:
        return desk.page(form, problem=problem)
    if not found.posts:
        empty = InvalidInput("The feed has no entries yet. They go out when they come.", field="url")
        return desk.page(form, problem=empty)
    page = desk.page(form, preview=_previewed(site, newsletter, wishes, found.posts, new))
    page.headers["Content-Security-Policy"] = _WITH_PICTURES
    return page


@router.post("/off")
def switch_off(newsletter_id: str, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        newsletter = drafting.find_newsletter(session, newsletter_id)
        setting_up.switch_off(setting_up.find_digest(session, newsletter))
    return lead_to(site, f"/newsletters/{newsletter_id}/digest", Note("The feed is looked at no more."))


def _digest(session: Session, newsletter_id: str) -> Digest | None:
    return session.get(Digest, drafting.find_newsletter(session, newsletter_id).id)


def _read(site: Site, url: str) -> Found:
    """The feed as it is now. Raises InvalidInput."""
    try:
        found = fetching.look(site.fetcher, url)
    except InvalidInput as error:
        raise InvalidInput(fetching.reason_of(error), field="url") from error
    if found is None:  # a server that says “not modified” to who never was there
        raise InvalidInput(f"{url} sends no entries.", field="url")
    return found


def _previewed(site: Site, newsletter: Course, wishes: Wishes, posts: list[Post], new: list[Post]) -> Preview:
    chosen = (new or entries.fresh(posts, ()))[: wishes.most]
    now, dated = site.installation.clock.now(), dated_for(newsletter, wishes.rhythm.zone)
    body = writing.body(chosen, wishes.introduction, now, dated, pictures=wishes.pictures)
    subject = writing.subject(wishes.subject, chosen, now, dated)
    return Preview(
        without_recipient(subject), page_html(body, newsletter.language), len(chosen) if new else 0, len(new)
    )
