"""A mail as it lies in the local mailbox, read for people: whatever arrived, something can be shown."""

import email
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

T = TypeVar("T")

_UNSUBSCRIBE_URL: Final = re.compile(r"<(https?://[^<>\s]+)>")


@dataclass(frozen=True, slots=True)
class StoredMail:
    """Texts are decoded and untrusted: escape them, and show `html` in a sandbox only."""

    key: str
    return_path: str
    from_: str
    to: str
    subject: str
    date: datetime | None  # aware UTC; None when the mail has no usable Date
    html: str
    text: str
    unsubscribe_url: str | None
    dkim_signed: bool
    headers: tuple[tuple[str, str], ...]  # in order, unfolded and decoded
    raw: bytes


def read_mail(key: str, raw: bytes) -> StoredMail:
    """Read a mail of any origin; what cannot be decoded is shown as it stands."""
    message = _or_none(lambda: email.message_from_bytes(raw, policy=compat32))
    if message is None:  # parts nested too deep
        message = BytesHeaderParser(policy=compat32).parsebytes(raw)
    headers = tuple((name, _decoded(value)) for name, value in message.raw_items())
    first = {name.lower(): value for name, value in reversed(headers)}
    unsubscribe = _UNSUBSCRIBE_URL.search(first.get("list-unsubscribe", ""))
    return StoredMail(
        key=key,
        return_path=first.get("return-path", "").strip("<>"),
        from_=first.get("from", ""),
        to=first.get("to", ""),
        subject=first.get("subject", ""),
        date=_date(first.get("date", "")),
        html=_or_none(lambda: _part(message, "text/html")) or "",
        text=_or_none(lambda: _part(message, "text/plain")) or "",
        unsubscribe_url=unsubscribe[1] if unsubscribe else None,
        dkim_signed="dkim-signature" in first,
        headers=headers,
        raw=raw,
    )


def _part(message: "Message[str, str]", content_type: str) -> str:
    for part in message.walk():
        if part.get_content_type() == content_type and part.get_content_disposition() != "attachment":
            return _text_of(part)
    return ""


def _text_of(part: "Message[str, str]") -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset("utf-8")
    return _or_none(lambda: octets.decode(charset, "replace")) or octets.decode("utf-8", "replace")


def _decoded(value: str) -> str:
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", value)
    readable = unfolded.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _or_none(lambda: str(make_header(decode_header(readable)))) or readable


def _date(value: str) -> datetime | None:
    moment = _or_none(lambda: parsedate_to_datetime(value))
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    # The standard library's mail parser meets hostile input with many kinds of error.
    except Exception:
        return None
