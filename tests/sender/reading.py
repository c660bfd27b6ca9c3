"""How the tests read what was sent: the standard library's parsers, and nothing of the product's own."""

import email
import re
from email.message import EmailMessage
from email.policy import default
from typing import cast


def parsed(raw: bytes) -> EmailMessage:
    """As the modern parser reads it. Any defect, in any part, is an error."""
    message = cast(EmailMessage, email.message_from_bytes(raw, policy=default))
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def part(message: EmailMessage, subtype: str) -> str:
    """The text of one of the two parts, its line ends as LF."""
    (found,) = (one for one in message.iter_parts() if one.get_content_subtype() == subtype)
    return cast(bytes, found.get_payload(decode=True)).decode().replace("\r\n", "\n")


def assert_canonical(body: bytes) -> None:
    """What is left for a relay, an mbox or DKIM's relaxed form to change in a body: nothing."""
    *lines, last = body.split(b"\r\n")
    assert last == b""
    assert lines[-1] != b""
    assert not re.search(rb"[^\r\n -~]|  | (\r|\Z)|\r(?!\n)|(?<!\r)\n", body)
    for line in lines:
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.startswith(b"-") or line.startswith(b"--=_")
