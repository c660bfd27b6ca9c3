"""What a stranger's press on a sign-up form comes to, whether for a course or a newsletter."""

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from campaigns.models import Course
from courseletter.web import finding, wording
from courseletter.web.site import Site, evidence_of
from courseletter.web.speech import Speech
from sender.queueing import queue_confirmation
from subscribers import form_tokens, signing_up
from subscribers.form_tokens import Verdict
from subscribers.signing_up import SignUpForm


def ask(
    session: Session,
    site: Site,
    request: Request,
    offer: Course,
    form: SignUpForm,
    fields: dict[str, str],
    shown: dict[str, str],
    spoken: Speech,
) -> HTMLResponse | None:
    """Ask the mailbox. Whoever is new, known or suppressed: the same answer (REQUIREMENTS 35).

    `shown` are the words that the form had, which the ledger keeps. None: it has to be pressed once more.
    """
    now, key = site.installation.clock.now(), site.installation.settings.key
    seems = form_tokens.judge(session, key, offer.slug, fields, now, least_age=site.least_form_age)
    if seems is Verdict.AGAIN:
        return None
    brand = finding.brand_of(session, site, offer)
    answer = site.pages.show("asked.html", language=spoken.language, course=offer, brand=brand)
    if seems is Verdict.PROGRAM:
        return answer
    words = wording.shown(offer.title, spoken.say_all(shown))
    evidence = evidence_of(request, site, finding.sign_up_path(offer), words)
    asked = signing_up.sign_up(session, offer.mailing_list, form, evidence, now, key)
    if asked.confirm and asked.subscriber is not None:
        queue_confirmation(session, offer, asked.subscriber, now)
    return answer
