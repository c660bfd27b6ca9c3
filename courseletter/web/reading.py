"""An issue read in the browser, by the link of its mail: in the words it was sent in, addressed to nobody."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from campaigns.models import RevisionLesson
from courseletter.errors import NotFound
from courseletter.web.finding import Erased
from courseletter.web.lesson_body import page_html
from courseletter.web.pages import LESSON_POLICY
from courseletter.web.site import READ, Here
from sender.models import Delivery
from subscribers.tokens import Purpose

router = APIRouter()


@router.api_route("/read/{token}", methods=READ)
def show_issue(token: str, site: Here) -> HTMLResponse:
    opened = site.installation
    (delivery_id,) = opened.tokens.read(Purpose.READ, token)
    with opened.database.read() as session:
        mail = session.get(Delivery, delivery_id)
        if mail is None:
            raise NotFound("This issue is not kept any more.")
        said = session.get_one(RevisionLesson, (mail.revision_id, mail.lesson_id))
        if mail.subscriber.erased_at is not None:
            raise Erased("Everything about this person was erased.")
        revision = said.revision
        return site.pages.show(
            "issue.html",
            headers={"Content-Security-Policy": LESSON_POLICY},
            language=revision.language,
            brand=opened.brands.of_revision(revision),
            revision=revision,
            lesson=said,
            body=page_html(said.body, revision.language) if said.format == "markdown" else "",
            leave=site.path(opened.links.unsubscribe(mail.list_id or 0, mail.subscriber_id)),
        )
