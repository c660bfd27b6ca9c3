"""Calls as the five providers make them, signed with keys of the tests' own."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from sender.bounces.webhooks.call import Call

TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
MAILGUN_SECRET = "key-0123456789abcdef"
SHARED_SECRET = "a secret in the address"


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sendgrid_public_key(number: int = 0) -> str:
    octets = ec_key(number).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(octets).decode()


def certificate(now: datetime, number: int = 0) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(rsa_key(number).public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now.replace(year=now.year + 1))
    )
    return builder.sign(rsa_key(number), SHA256()).public_bytes(Encoding.PEM)


def sns(message: Any, *, version: str = "2", number: int = 0, **fields: str) -> Call:
    """A notification of SNS; `fields` overrule what it says before it is signed."""
    envelope = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-03-11T14:42:00.000Z",
        **fields,
    }
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    hashing = SHA1() if version == "1" else SHA256()
    envelope["SignatureVersion"] = version
    envelope["Signature"] = base64.b64encode(
        rsa_key(number).sign(signed.encode(), PKCS1v15(), hashing)
    ).decode()
    envelope.setdefault("SigningCertURL", CERTIFICATE_URL)
    return Call({"content-type": "text/plain; charset=UTF-8"}, json.dumps(envelope).encode())


def ses(kind: str, source: str, reader: str, **details: Any) -> dict[str, Any]:
    """An SES notification about one recipient."""
    mail = {
        "timestamp": "2026-03-11T14:40:00.000Z",
        "source": source,
        "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/letters.example.org",
        "messageId": "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000",
        "destination": [reader],
        "headersTruncated": False,
        "headers": [{"name": "From", "value": "notes@letters.example.org"}],
    }
    event: dict[str, Any] = {"notificationType": kind, "mail": mail}
    if kind == "Bounce":
        recipient = {"emailAddress": reader, "action": "failed", "status": "5.1.1"}
        recipient["diagnosticCode"] = "smtp; 550 5.1.1 user unknown"
        recipient.update(details.pop("recipient", {}))
        event["bounce"] = {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [recipient],
            "feedbackId": "00000137860315fd-869464a4-8680-4114-98d3-716fe35851f9-000000",
            **details,
        }
    if kind == "Complaint":
        event["complaint"] = {
            "complainedRecipients": [{"emailAddress": reader}],
            "complaintFeedbackType": "abuse",
            "userAgent": "AnyCompany Feedback Loop (V0.01)",
            **details,
        }
    return event


def mailgun(
    event: dict[str, Any], at: datetime, *, secret: str = MAILGUN_SECRET, token: str = "ab" * 25
) -> Call:
    timestamp = str(int(at.timestamp()))
    signature = hmac.new(secret.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return Call({}, json.dumps({"signature": signed, "event-data": event}).encode())


def mailgun_event(name: str, given: str, reader: str, **details: Any) -> dict[str, Any]:
    return {
        "event": name,
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "recipient": reader,
        "recipient-domain": reader.rpartition("@")[2],
        "envelope": {"sender": "bounce+1@mg.example.org", "transport": "smtp", "targets": reader},
        "message": {"headers": {"message-id": given.strip("<>"), "to": reader}, "size": 9000},
        "flags": {"is-test-mode": False},
        **details,
    }


def sendgrid(events: Any, *, number: int = 0) -> Call:
    body, timestamp = json.dumps(events).encode(), "1773240120"
    signature = ec_key(number).sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
    headers = {
        "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
        "x-twilio-email-event-webhook-timestamp": timestamp,
    }
    return Call(headers, body)


def sendgrid_event(name: str, given: str, reader: str, **details: Any) -> dict[str, Any]:
    return {
        "email": reader,
        "timestamp": 1773240000,
        "smtp-id": given,
        "event": name,
        "sg_event_id": "Ym91bmNlLTAtMTk5",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        **details,
    }


def basic(event: Any, *, secret: str = SHARED_SECRET) -> Call:
    """As Postmark calls an address like https://name:secret@host/."""
    credentials = base64.b64encode(f"courseletter:{secret}".encode()).decode()
    return Call({"authorization": f"Basic {credentials}"}, json.dumps(event).encode())


def bearer(event: Any, *, secret: str = SHARED_SECRET) -> Call:
    return Call({"authorization": f"Bearer {secret}"}, json.dumps(event).encode())


def postmark_bounce(kind: str, source: str, reader: str, **details: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "ID": 4323372036854775807,
        "Type": kind,
        "TypeCode": 1,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Metadata": {"return-path": source},
        "Description": "The server was unable to deliver your message.",
        "Details": "smtp;550 5.1.1 user unknown",
        "Email": reader,
        "From": "notes@letters.example.org",
        "BouncedAt": "2026-03-11T14:41:00Z",
        "MessageStream": "broadcast",
        **details,
    }


def brevo_event(name: str, given: str, reader: str, **details: Any) -> dict[str, Any]:
    return {
        "event": name,
        "email": reader,
        "id": 26224,
        "date": "2026-03-11 14:41:00",
        "ts": 1773240060,
        "message-id": given,
        "ts_event": 1773240060,
        "subject": "1/3: Start small",
        "sending_ip": "192.0.2.7",
        **details,
    }
