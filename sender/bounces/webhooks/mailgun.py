"""Mailgun's webhooks: HMAC-SHA256 over timestamp and token, in the body itself.

The signature does not cover the event. So each token counts once, within a quarter of an hour, and the event
must name a delivery by our own signature like any other report. Our return path and Message-ID both survive.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sender.bounces.report import Kind, Once, Report
from sender.bounces.status import kind_of
from sender.bounces.webhooks.call import Call, Forged, Malformed, message_id, text_at

FRESH: Final = timedelta(minutes=15)

# The reasons why Mailgun itself keeps a mail back: what became of an earlier one.
_HELD_BACK: Final = {
    "suppress-bounce": Kind.HARD,
    "suppress-complaint": Kind.COMPLAINT,
    "suppress-unsubscribe": Kind.UNSUBSCRIBE,
}


def read_mailgun(call: Call, signing_key: str, now: datetime) -> list[Report]:
    """Return what a call says. Raises Forged for a signature that is wrong or stale."""
    body = call.json()
    token, timestamp = text_at(body, "signature", "token"), text_at(body, "signature", "timestamp")
    signed = hmac.new(signing_key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(text_at(body, "signature", "signature").encode(), signed.encode()):
        raise Forged("The signature is wrong.")
    made_at = _moment(timestamp)
    if abs(now - made_at) > FRESH:
        raise Forged("The signature is stale.")
    # Hashed, so that any token fits its place.
    once = Once(f"mailgun:{hashlib.sha256(token.encode()).hexdigest()}", made_at)
    return [_report(body.get("event-data"), once)]


def _moment(timestamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise Malformed("The call's timestamp is none.") from None


def _report(event: Any, once: Once) -> Report:
    code = text_at(event, "delivery-status", "enhanced-code")
    said = text_at(event, "delivery-status", "message") or text_at(event, "delivery-status", "description")
    kind = _kind(event, code, said)
    sent_from = text_at(event, "envelope", "sender")
    given = message_id(text_at(event, "message", "headers", "message-id"))
    return Report(kind, code, said, (sent_from, given), text_at(event, "recipient"), once)


def _kind(event: Any, code: str, said: str) -> Kind:
    match text_at(event, "event"), text_at(event, "severity"):
        case "complained", _:
            return Kind.COMPLAINT
        case "unsubscribed", _:
            return Kind.UNSUBSCRIBE
        case "failed", "permanent":
            reason = text_at(event, "reason")
            status = code or text_at(event, "delivery-status", "code")
            return _HELD_BACK.get(reason) or kind_of(status, said)
    return Kind.NOTICE
