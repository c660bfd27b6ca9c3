"""Brevo's transactional webhooks: no signature, so the webhook is given a token (bearer, or basic auth).

Our Message-ID comes back as `message-id`. A call holds one event, or a list where batches are switched on.
"""

from typing import Any, Final

from sender.bounces.report import Kind, Report
from sender.bounces.status import code_of, kind_of
from sender.bounces.webhooks.call import Call, check_secret, message_id, text_at

_MEANINGS: Final = {
    "hard_bounce": Kind.HARD,
    "invalid_email": Kind.HARD,
    "invalid": Kind.HARD,
    "blocked": Kind.REFUSED,
    "error": Kind.REFUSED,
    "spam": Kind.COMPLAINT,
    "complaint": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBE,
    "unsubscribe": Kind.UNSUBSCRIBE,
}


def read_brevo(call: Call, secret: str) -> list[Report]:
    """Return what a call says. Raises Forged for a wrong token."""
    check_secret(call, secret)
    events = call.json()
    return [_report(event) for event in (events if isinstance(events, list) else [events])]


def _report(event: Any) -> Report:
    name, said = text_at(event, "event"), text_at(event, "reason")
    kind = kind_of("", said) if name == "soft_bounce" else _MEANINGS.get(name, Kind.NOTICE)
    names = (message_id(text_at(event, "message-id")),)
    return Report(kind, code_of("", said), said, names, text_at(event, "email"))
