"""Amazon SES's notifications: as feedback (`notificationType`) and as published events (`eventType`).

SES replaces the Message-ID. Our return path comes back as the mail's `source`, and among its `headers` where
SES is told to include them.
"""

from collections.abc import Iterator
from typing import Any

from sender.bounces.report import Kind, Report
from sender.bounces.status import kind_of
from sender.bounces.webhooks.call import Call, list_at, message_id, parsed, text_at
from sender.bounces.webhooks.sns import Sns


def read_ses(call: Call, sns: Sns) -> list[Report]:
    """Return what a call says. Raises Forged for what SNS did not sign, or another topic's."""
    message = sns.open(call)
    return list(_reports(parsed(message))) if message else []


def _reports(event: Any) -> Iterator[Report]:
    """One report a recipient: our mails have one each."""
    names = tuple(_names(event.get("mail") if isinstance(event, dict) else None))
    match text_at(event, "notificationType") or text_at(event, "eventType"):
        case "Bounce":
            for one in list_at(event, "bounce", "bouncedRecipients"):
                yield _bounce(event, one, names)
        case "Complaint":
            for one in list_at(event, "complaint", "complainedRecipients"):
                yield Report(_complaint(event), names=names, address=text_at(one, "emailAddress"))


def _bounce(event: Any, recipient: Any, names: tuple[str, ...]) -> Report:
    status, said = text_at(recipient, "status"), text_at(recipient, "diagnosticCode")
    kind = _bounce_kind(event, status, said)
    return Report(kind, status, said, names, text_at(recipient, "emailAddress"))


def _bounce_kind(event: Any, status: str, said: str) -> Kind:
    match text_at(event, "bounce", "bounceType"), text_at(event, "bounce", "bounceSubType"):
        case "Permanent", "NoEmail" | "Suppressed" | "OnAccountSuppressionList":
            return Kind.HARD
        case "Permanent", _:
            # SES calls every 5xx permanent, a refusal for our sake too.
            found = kind_of(status, said)
            return Kind.HARD if not said and not status else found
        case "Transient", "ContentRejected" | "AttachmentRejected":
            return Kind.REFUSED
        case "Transient", "General" if not said:
            return Kind.NOTICE  # what SES makes of an “out of office”
        case (("Transient" | "Undetermined"), _):
            return kind_of(status, said) if said else Kind.SOFT
    return Kind.NOTICE


def _complaint(event: Any) -> Kind:
    if text_at(event, "complaint", "complaintFeedbackType") in ("not-spam", "auth-failure"):
        return Kind.NOTICE
    return Kind.COMPLAINT


def _names(mail: Any) -> Iterator[str]:
    yield text_at(mail, "source")
    yield message_id(text_at(mail, "commonHeaders", "messageId"))
    for header in list_at(mail, "headers"):
        if text_at(header, "name").lower() == "message-id":
            yield message_id(text_at(header, "value"))
