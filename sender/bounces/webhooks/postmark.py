"""Postmark's webhooks: no signature, so the address that Postmark is given carries a secret (basic auth).

Postmark replaces return path and Message-ID. Ours comes back in the metadata that our mails carry in a header
of their own, or in a bounce's content where the webhook is told to include it.
"""

from typing import Any, Final

from courseletter.errors import CourseletterError
from sender.bounces.reading import names_in
from sender.bounces.report import Kind, Report
from sender.bounces.status import code_of, kind_of
from sender.bounces.webhooks.call import Call, check_secret, text_at
from sender.return_path import return_path

_METADATA_FIELD: Final = "X-PM-Metadata-return-path"
_LONGEST_VALUE: Final = 80
_LARGEST_ID: Final = 2**31 - 1
_RELAYS: Final = ("smtp.postmarkapp.com", "smtp-broadcasts.postmarkapp.com")

_BOUNCES: Final = {
    "HardBounce": Kind.HARD,
    "BadEmailAddress": Kind.HARD,
    "AddressChange": Kind.HARD,
    "SoftBounce": Kind.SOFT,
    "DnsError": Kind.SOFT,
    "Unknown": Kind.SOFT,
    "Blocked": Kind.REFUSED,
    "SpamNotification": Kind.REFUSED,
    "VirusNotification": Kind.REFUSED,
    "DMARCPolicy": Kind.REFUSED,
    "SpamComplaint": Kind.COMPLAINT,
    "Unsubscribe": Kind.UNSUBSCRIBE,
}
_SUPPRESSIONS: Final = {
    "HardBounce": Kind.HARD,
    "SpamComplaint": Kind.COMPLAINT,
    "ManualSuppression": Kind.UNSUBSCRIBE,
}


def metadata_field(relay: str, bounce_domain: str) -> str | None:
    """The header that mails through this relay are to carry their return path in; None: it is not Postmark.

    Raises CourseletterError where that would be longer than what Postmark keeps.
    """
    if relay.lower().rstrip(".") not in _RELAYS:
        return None
    room = _LONGEST_VALUE - len(return_path(b"", _LARGEST_ID, ""))
    if len(bounce_domain) > room:
        raise CourseletterError(
            f"Postmark keeps {_LONGEST_VALUE} characters with a mail, and a return path at {bounce_domain} "
            f"has more. Set sender.bounce_domain to one of {room} characters at most."
        )
    return _METADATA_FIELD


def read_postmark(call: Call, secret: str) -> list[Report]:
    """Return what a call says. Raises Forged for a wrong secret."""
    check_secret(call, secret)
    event = call.json()
    said = text_at(event, "Details") or text_at(event, "Description")
    kind = _kind(event)
    names = (text_at(event, "Metadata", "return-path"), *names_in(text_at(event, "Content")))
    address = text_at(event, "Email") or text_at(event, "Recipient")
    return [Report(kind, code_of("", said), said, names, address)]


def _kind(event: Any) -> Kind:
    match text_at(event, "RecordType"):
        case "SpamComplaint":
            return Kind.COMPLAINT
        case "Bounce":
            kind = _BOUNCES.get(text_at(event, "Type"), Kind.NOTICE)
            # A soft bounce of Postmark's is whatever is not final: our own rules read the words.
            return kind_of("", text_at(event, "Details")) if kind is Kind.SOFT else kind
        case "SubscriptionChange" if isinstance(event, dict) and event.get("SuppressSending") is True:
            return _SUPPRESSIONS.get(text_at(event, "SuppressionReason"), Kind.NOTICE)
    return Kind.NOTICE
