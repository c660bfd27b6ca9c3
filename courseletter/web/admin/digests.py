"""A newsletter's digest: the feed that it is made of, when, and what would go out now."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from campaigns.digests import setting_up, writing
from campaigns.digests.models import Digest
from campaigns.digests.rhythm import Rhythm
from campaigns.digests.setting_up import Wishes
from campaigns.newsletters import drafting
from campaigns.rhythm import moment_phrase
from courseletter.errors import InvalidInput
from courseletter.web.admin import digest_form
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.shell import POLICY, Note, lead_to, show
from courseletter.web.lesson_body import page_html
from courseletter.web.site import READ, Here, Site
from courseletter.zones import zone_of
from sender.newsletters.previewing import Preview, preview

router = APIRouter(prefix="/newsletters/{newsletter_id}/digest")

# A preview shows an entry's picture as its mail would, from where the feed has it.
_WITH_PICTURES: Final = POLICY.replace("img-src 'self' data:", "img-src 'self' data: https:")


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
            wishes = Wishes.of(digest) if digest else setting_up.proposed(newsletter.zone)
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
                shown=preview and page_html(preview.body, newsletter.language),
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
        wishes, first = digest_form.read(form)
        rhythm = setting_up.set_up(
            opened.database,
            opened.fetcher,
            newsletter_id,
            wishes,
            first,
            opened.clock.now(),
            visitor.user.name,
        )
    except InvalidInput as problem:
        return desk.page(form, problem=problem)
    return lead_to(site, desk.path, Note(f"Saved. The feed is looked at {rhythm.phrase()}."))


@router.post("/preview")
def show_preview(
    newsletter_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request
) -> Response:
    """What would go out now, with what is typed. Nothing is kept of it."""
    desk, opened = Desk(request, site, visitor, newsletter_id), site.installation
    try:
        wishes, first = digest_form.read(form)
        found = preview(opened.database, opened.fetcher, newsletter_id, wishes, first, opened.clock.now())
    except InvalidInput as problem:
        return desk.page(form, problem=problem)
    page = desk.page(form, preview=found)
    page.headers["Content-Security-Policy"] = _WITH_PICTURES
    return page


@router.post("/off")
def switch_off(newsletter_id: str, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        newsletter = drafting.find_newsletter(session, newsletter_id)
        setting_up.switch_off(setting_up.find_digest(session, newsletter))
    return lead_to(site, f"/newsletters/{newsletter_id}/digest", Note("The feed is looked at no more."))
