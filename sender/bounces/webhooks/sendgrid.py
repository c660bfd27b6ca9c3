"""SendGrid's signed event webhook: ECDSA (P-256, SHA-256) over timestamp and body; many events a call.

The return path is SendGrid's own; our Message-ID comes back as `smtp-id`. A call that is repeated changes
nothing, because a bounce is recorded once, so its timestamp need not be looked at.
"""

import base64
import binascii
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from courseletter.errors import InvalidInput
from sender.bounces.report import Kind, Report
from sender.bounces.status import kind_of
from sender.bounces.webhooks.call import Call, Forged, Malformed, message_id, text_at

_SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
_TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"

_WISHES: Final = {
    "spamreport": Kind.COMPLAINT,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "group_unsubscribe": Kind.UNSUBSCRIBE,
}
# Why SendGrid itself did not send, by how its reason begins.
_DROPPED: Final = {
    "Bounced Address": Kind.HARD,
    "Invalid": Kind.HARD,
    "Spam Reporting Address": Kind.COMPLAINT,
    "Unsubscribed Address": Kind.UNSUBSCRIBE,
}


def public_key(text: str) -> EllipticCurvePublicKey:
    """The verification key as SendGrid shows it: base64 of DER. Raises InvalidInput."""
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise InvalidInput("copy SendGrid's verification key, all of it", field="sendgrid_public_key")
    return key


def read_sendgrid(call: Call, verification_key: str) -> list[Report]:
    """Return what a call says. Raises Forged for a wrong signature."""
    try:
        signature = base64.b64decode(call.headers.get(_SIGNATURE, ""), validate=True)
        signed = call.headers.get(_TIMESTAMP, "").encode() + call.body
        public_key(verification_key).verify(signature, signed, ECDSA(SHA256()))
    except (binascii.Error, ValueError, InvalidSignature):
        raise Forged("The signature is wrong.") from None
    events = call.json()
    if not isinstance(events, list):
        raise Malformed("The call holds no list of events.")
    return [_report(event) for event in events]


def _report(event: Any) -> Report:
    status, said = text_at(event, "status"), text_at(event, "reason") or text_at(event, "response")
    names = (message_id(text_at(event, "smtp-id")),)
    return Report(_kind(event, status, said), status, said, names, text_at(event, "email"))


def _kind(event: Any, status: str, said: str) -> Kind:
    name = text_at(event, "event")
    if name == "bounce":
        if text_at(event, "bounce_classification") == "Invalid Address":
            return Kind.HARD
        return kind_of(status, said)
    if name == "dropped":
        found = (kind for start, kind in _DROPPED.items() if said.startswith(start))
        return next(found, Kind.REFUSED)
    return _WISHES.get(name, Kind.NOTICE)
