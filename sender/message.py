"""A mail prepared once for all its readers, then written and signed for each of them.

One reader's message is their context rendered (templates/rendering.py) into a body (body.py), under a head
(headers.py) that is read once more when it is finished, and signed (dkim.py).
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from courseletter.errors import InvalidInput
from courseletter.keyed_hash import keyed_hash
from sender.body import Body
from sender.dkim import DkimKey, Signer
from sender.headers import LONGEST_LINE, mailbox, phrase, unstructured
from subscribers.addresses import Address, check_address, check_header_text
from templates.compiled import CompiledLesson
from templates.rendering import renderer

_URL: Final = re.compile(r"(?:https?://|mailto:)[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_MSG_ID: Final = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_LIST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.[A-Za-z0-9._-]*[A-Za-z0-9]")  # RFC 2919, 3
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*")


class UnsafeMessage(InvalidInput):
    """A value would break or change the message; `field` names it. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the head of a mail says to every reader."""

    from_name: str
    from_address: str
    reply_to: str | None = None
    list_id: str | None = None  # RFC 2919, e.g. "course-7.example.org"; makes it list mail
    list_name: str = ""
    auto_submitted: bool = False  # a reply the system makes by itself, such as a confirmation (RFC 3834)
    language: str | None = None  # BCP 47

    @property
    def needs_smtputf8(self) -> bool:
        """Whether it holds an address that only SMTPUTF8 (RFC 6531) can carry."""
        addresses = (self.from_address, self.reply_to or "")
        return any(not address.rpartition("@")[0].isascii() for address in addresses)


class Stamp(NamedTuple):
    """What makes a message one reader's, beside the context. Frozen at the first claim, so that every attempt
    is byte-identical: identifier and moments are given, never made up here.
    """

    to_name: str
    to_address: str
    message_id: str  # from message_id()
    date: datetime  # aware
    signed_at: datetime  # aware; told to the second in the DKIM signature
    unsubscribe_url: str = ""  # answers an RFC 8058 one-click POST; for list mail, which must have one
    unsubscribe_mailto: str = ""  # an address, with or without "mailto:"


class PreparedMail:
    """A compiled lesson or notice under its letterhead, ready to be written to one reader after the other.

    UnsafeMessage, also when it is set up, names the field whose value cannot be carried.
    """

    def __init__(
        self, compiled: CompiledLesson, letterhead: Letterhead, keys: Sequence[DkimKey] = ()
    ) -> None:
        self.needs_smtputf8 = letterhead.needs_smtputf8
        self._renderer = renderer(compiled)
        self._body = Body(compiled, self._renderer.constants)
        self._is_list_mail = letterhead.list_id is not None
        fields = _fields(letterhead, self._body.content_type)
        self._form = b"".join(_line(name, value) for name, value in fields)
        constant = [(name, value) for name, value in fields if value is not None]
        varying = [name for name, value in fields if value is None]
        self._signer = Signer(keys, constant, varying)
        self._names = (*["DKIM-Signature"] * len(keys), *(name for name, _ in fields))

    def write(self, context: dict[str, Any], stamp: Stamp) -> bytes:
        """Return one reader's message with CRLF line ends, a DKIM signature a key on top.

        No line of it begins with a dot, and none of the body is longer than 76 octets.
        """
        pieces = self._renderer.pieces(context)
        try:
            body = self._body.write(pieces)
        except UnicodeEncodeError:
            raise UnsafeMessage(
                "The mail has a character that is not valid Unicode. Type it again.", field="body"
            ) from None
        values = self._values(pieces.subject, stamp)
        head = self._signer.sign(values, body, int(stamp.signed_at.timestamp())) + self._form % values
        check_head(head, self._names)
        return b"\r\n".join((head, body))

    def _values(self, subject: str, stamp: Stamp) -> tuple[bytes, ...]:
        """The values of the fields that differ from reader to reader, in the order of _fields()."""
        recipient = _address(stamp.to_address, "to_address")
        values = (
            mailbox(_text(stamp.to_name, "to_name"), recipient, len("To")),
            unstructured(_text(subject, "subject"), len("Subject")),
            _date(stamp.date),
            _matching(_MSG_ID, stamp.message_id, "message_id"),
        )
        return (*values, _unsubscribe_targets(stamp)) if self._is_list_mail else values


def message_id(key: bytes, delivery_id: int | str, domain: str) -> str:
    """Return the `<base32 HMAC@domain>` of a delivery: always the same, and not to be guessed."""
    digest = keyed_hash(key, f"message-id:{delivery_id}".encode())
    return f"<{base64.b32encode(digest[:20]).decode().lower()}@{domain}>"


def _fields(letterhead: Letterhead, content_type: bytes) -> list[tuple[str, bytes | None]]:
    """The fields of the head in their order; None stands for what differs from reader to reader."""
    sender = _address(letterhead.from_address, "from_address")
    fields: list[tuple[str, bytes | None]] = [
        ("From", mailbox(_text(letterhead.from_name, "from_name"), sender, len("From"))),
        *((name, None) for name in ("To", "Subject", "Date", "Message-ID")),
    ]
    if letterhead.reply_to is not None:
        answers = _address(letterhead.reply_to, "reply_to")
        fields.append(("Reply-To", mailbox("", answers, len("Reply-To"))))
    if letterhead.list_id is not None:
        fields += [
            ("List-Id", _list_id(letterhead.list_id, letterhead.list_name)),
            ("Precedence", b"bulk"),
            ("List-Unsubscribe", None),
            ("List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"),
        ]
    if letterhead.auto_submitted:
        fields.append(("Auto-Submitted", b"auto-generated"))
    if letterhead.language is not None:
        fields.append(("Content-Language", _matching(_LANGUAGE, letterhead.language, "language")))
    return [*fields, ("MIME-Version", b"1.0"), ("Content-Type", content_type)]


def _line(name: str, value: bytes | None) -> bytes:
    return name.encode() + b": " + (b"%b" if value is None else value.replace(b"%", b"%%")) + b"\r\n"


def _unsubscribe_targets(stamp: Stamp) -> bytes:
    """Raw ASCII whatever the length: an encoded or folded URL is not found by a mailbox provider."""
    targets = b"<" + _matching(_URL, stamp.unsubscribe_url, "unsubscribe_url") + b">"
    if not stamp.unsubscribe_mailto:
        return targets
    mailto = "mailto:" + stamp.unsubscribe_mailto.removeprefix("mailto:")
    return targets + b",\r\n <" + _matching(_URL, mailto, "unsubscribe_mailto") + b">"


def _list_id(list_id: str, list_name: str) -> bytes:
    identifier = b"<" + _matching(_LIST_ID, list_id, "list_id") + b">"
    name = phrase(_text(list_name, "list_name"), len("List-Id"))
    return name + b"\r\n " + identifier if name else identifier


@lru_cache(maxsize=16)  # what is claimed together has one date
def _date(date: datetime) -> bytes:
    if date.tzinfo is None:
        raise UnsafeMessage("The date has no time zone. Give an aware datetime.", field="date")
    return format_datetime(date).encode()


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


def check_head(head: bytes, names: tuple[str, ...]) -> None:
    """Refuse a finished head that reads as other fields than those written (CVE-2024-6923), or has a line
    that cannot be sent. It is read afresh: nothing of what wrote it is asked.
    """
    if not _head_of(names).fullmatch(head):
        raise UnsafeMessage(
            "The header reads as other fields than written, or has too long a line. Remove odd characters.",
            field="header",
        )


@lru_cache(maxsize=64)
def _head_of(names: tuple[str, ...]) -> re.Pattern[bytes]:
    """What a head of exactly these fields looks like: lines of at most 998 octets without CR, LF or NUL,
    each field's further ones beginning with white space and holding more than that.
    """
    more = rf"(?:[ \t][^ \t\r\n\0][^\r\n\0]{{0,{LONGEST_LINE - 2}}}+\r\n)*+"
    fields = (rf"{name}:[^\r\n\0]{{0,{LONGEST_LINE - len(name) - 1}}}+\r\n{more}" for name in names)
    return re.compile("".join(fields).encode())
