"""One mail as bytes: the header fields and the two parts of a lesson, before it is signed and sent."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime
from typing import Final

from courseletter.errors import InvalidInput
from sender.headers import LONGEST_LINE, mailbox, phrase, unstructured
from sender.transfer import encode_text
from subscribers.addresses import Address, check_address, check_header_text

_URL: Final = re.compile(r"(?:https?://|mailto:)[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_MSG_ID: Final = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_LIST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.[A-Za-z0-9._-]*[A-Za-z0-9]")  # RFC 2919, 3
_BOUNDARY: Final = re.compile(r"[A-Za-z0-9]{8,60}")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*")


class UnsafeMessage(InvalidInput):
    """A value would break or change the message; `field` names it. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Everything that decides the bytes of one message. Frozen at the first claim, so that every attempt is
    byte-identical before signing: `message_id`, `date` and `boundary` are given, never made up here.
    """

    from_name: str
    from_address: str
    to_name: str
    to_address: str
    subject: str
    html: str
    text: str
    message_id: str
    date: datetime  # aware
    boundary: str  # letters and digits, from mime_boundary()
    list_id: str | None = None  # RFC 2919, e.g. "course-7.example.org"; makes it list mail
    list_name: str = ""
    unsubscribe_url: str | None = None  # answers an RFC 8058 one-click POST
    unsubscribe_mailto: str | None = None  # an address, with or without "mailto:"
    reply_to: str | None = None
    auto_submitted: bool = False  # a reply the system makes by itself, such as a confirmation (RFC 3834)
    language: str | None = None  # BCP 47


def build(mail: Mail) -> bytes:
    """Return the message with CRLF line ends; the same Mail gives the same bytes.

    Raises UnsafeMessage naming the field whose value cannot be carried. The finished header block is parsed
    again and must hold exactly the fields that were written.
    """
    fields = _fields(mail)
    head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields)
    check_head(head, [name for name, _ in fields])
    delimiter = b"--" + _boundary(mail)
    return b"\r\n".join(
        (
            head,
            delimiter,
            _part("plain", mail.text, "text"),
            delimiter,
            _part("html", mail.html, "html"),
            delimiter + b"--",
            b"",
        )
    )


def needs_smtputf8(mail: Mail) -> bool:
    """Whether a header holds an address that only SMTPUTF8 (RFC 6531) can carry."""
    addresses = (mail.from_address, mail.to_address, mail.reply_to or "")
    return any(not address.rpartition("@")[0].isascii() for address in addresses)


def message_id(key: bytes, delivery_id: int | str, domain: str) -> str:
    """Return the `<base32 HMAC@domain>` of a delivery: always the same, and not to be guessed."""
    return f"<{_token(key, 'message-id', delivery_id)}@{domain}>"


def mime_boundary(key: bytes, delivery_id: int | str) -> str:
    """Return the value for Mail.boundary: always the same for a delivery."""
    return _token(key, "boundary", delivery_id)


def _token(key: bytes, purpose: str, delivery_id: int | str) -> str:
    digest = hmac.digest(key, f"{purpose}:{delivery_id}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:20]).decode().lower()


def _fields(mail: Mail) -> list[tuple[str, bytes]]:
    sender, recipient = _address(mail.from_address, "from_address"), _address(mail.to_address, "to_address")
    fields = [
        ("From", mailbox(_text(mail.from_name, "from_name"), sender, len("From"))),
        ("To", mailbox(_text(mail.to_name, "to_name"), recipient, len("To"))),
        ("Subject", unstructured(_text(mail.subject, "subject"), len("Subject"))),
        ("Date", _date(mail.date)),
        ("Message-ID", _matching(_MSG_ID, mail.message_id, "message_id")),
    ]
    if mail.reply_to is not None:
        fields.append(("Reply-To", mailbox("", _address(mail.reply_to, "reply_to"), len("Reply-To"))))
    if mail.list_id is not None:
        fields += [("List-Id", _list_id(mail)), ("Precedence", b"bulk")]
    unsubscribe = _unsubscribe_targets(mail)
    if unsubscribe:
        fields.append(("List-Unsubscribe", b",\r\n ".join(unsubscribe)))
    if mail.unsubscribe_url is not None:
        fields.append(("List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"))
    if mail.auto_submitted:
        fields.append(("Auto-Submitted", b"auto-generated"))
    if mail.language is not None:
        fields.append(("Content-Language", _matching(_LANGUAGE, mail.language, "language")))
    content_type = b'multipart/alternative;\r\n boundary="' + _boundary(mail) + b'"'
    return [*fields, ("MIME-Version", b"1.0"), ("Content-Type", content_type)]


def _unsubscribe_targets(mail: Mail) -> list[bytes]:
    """Raw ASCII whatever the length: an encoded or folded URL is not found by a mailbox provider."""
    targets = []
    if mail.unsubscribe_url is not None:
        targets.append(_url(mail.unsubscribe_url, "unsubscribe_url"))
    if mail.unsubscribe_mailto is not None:
        mailto = "mailto:" + mail.unsubscribe_mailto.removeprefix("mailto:")
        targets.append(_url(mailto, "unsubscribe_mailto"))
    return targets


def _url(url: str, field: str) -> bytes:
    return b"<" + _matching(_URL, url, field) + b">"


def _list_id(mail: Mail) -> bytes:
    identifier = b"<" + _matching(_LIST_ID, mail.list_id or "", "list_id") + b">"
    name = phrase(_text(mail.list_name, "list_name"), len("List-Id"))
    return name + b"\r\n " + identifier if name else identifier


def _date(date: datetime) -> bytes:
    if date.tzinfo is None:
        raise UnsafeMessage("The date has no time zone. Give an aware datetime.", field="date")
    return format_datetime(date).encode()


def _boundary(mail: Mail) -> bytes:
    # "=_" can stand in neither quoted-printable nor base64, so no body can contain the boundary.
    return b"=_" + _matching(_BOUNDARY, mail.boundary, "boundary")


def _part(subtype: str, text: str, field: str) -> bytes:
    try:
        encoding, body = encode_text(text)
    except UnicodeEncodeError:
        raise UnsafeMessage(
            f"The {field} has a character that is not valid Unicode. Type it again.", field=field
        ) from None
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


def _text(value: str, field: str) -> str:
    try:
        return check_header_text(value, field)
    except InvalidInput as error:
        raise UnsafeMessage(str(error), field=field) from None


def _address(value: str, field: str) -> Address:
    try:
        return check_address(value)
    except InvalidInput as error:
        raise UnsafeMessage(str(error), field=field) from None


def _matching(pattern: re.Pattern[str], value: str, field: str) -> bytes:
    if not pattern.fullmatch(value) or len(value) > LONGEST_LINE - 100:
        raise UnsafeMessage(f"The {field} cannot stand in a mail header: check how it is made.", field=field)
    return value.encode("ascii")


def check_head(head: bytes, names: list[str]) -> None:
    """Refuse a header block that a reader would take for other fields than those written (CVE-2024-6923)."""
    parsed = BytesHeaderParser(policy=compat32).parsebytes(head + b"\r\n")
    read = parsed.keys()
    if read != names or parsed.defects or parsed.get_payload():
        odd = next((name for name in read if name not in names), "header")
        raise UnsafeMessage(
            "The header reads as other fields than written. Remove odd characters.", field=odd
        )
    for line in head.split(b"\r\n"):
        if len(line) > LONGEST_LINE or re.search(rb"[\r\n\0]", line):
            field = line.partition(b":")[0].decode("ascii", "replace")
            raise UnsafeMessage(
                f"The {field} header has a line that cannot be sent. Shorten it.", field=field
            )
