"""The providers that an installation listens to: those whose key its settings hold."""

from collections.abc import Callable, Mapping
from datetime import datetime

from campaigns.reading.fetching import Fetcher
from courseletter.config import WebhooksSettings
from sender.bounces.report import Report
from sender.bounces.webhooks.brevo import read_brevo
from sender.bounces.webhooks.call import Call
from sender.bounces.webhooks.mailgun import read_mailgun
from sender.bounces.webhooks.postmark import read_postmark
from sender.bounces.webhooks.sendgrid import read_sendgrid
from sender.bounces.webhooks.ses import read_ses
from sender.bounces.webhooks.sns import Sns

Reader = Callable[[Call, datetime], list[Report]]


def readers(settings: WebhooksSettings, fetcher: Fetcher) -> Mapping[str, Reader]:
    """A reader by the name that ends the webhook's address. It raises Forged, Malformed or Unavailable."""
    found: dict[str, Reader] = {}
    if settings.ses_topic:
        sns = Sns(settings.ses_topic, fetcher)
        found["ses"] = lambda call, _: read_ses(call, sns)
    if settings.mailgun_secret:
        mailgun = settings.mailgun_secret.get_secret_value()
        found["mailgun"] = lambda call, now: read_mailgun(call, mailgun, now)
    if settings.postmark_secret:
        postmark = settings.postmark_secret.get_secret_value()
        found["postmark"] = lambda call, _: read_postmark(call, postmark)
    if settings.brevo_secret:
        brevo = settings.brevo_secret.get_secret_value()
        found["brevo"] = lambda call, _: read_brevo(call, brevo)
    if settings.sendgrid_public_key:
        sendgrid = settings.sendgrid_public_key
        found["sendgrid"] = lambda call, _: read_sendgrid(call, sendgrid)
    return found
