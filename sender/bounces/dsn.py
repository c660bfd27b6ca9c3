"""Delivery status notifications (RFC 3464): the standard bounce."""

import re
from typing import Final

from sender.bounces.mime import Mail, Part, fields_of
from sender.bounces.report import Kind, Report
from sender.bounces.status import code_of, kind_of

_STATUS_TYPES: Final = ("message/delivery-status", "message/global-delivery-status")  # RFC 6533 the latter
_BLANK_LINES: Final = re.compile(rb"\r?\n[ \t]*(?:\r?\n[ \t]*)+")
_MOST_RECIPIENTS: Final = 50
_MILDEST_FIRST: Final = (Kind.NOTICE, Kind.REFUSED, Kind.SOFT, Kind.HARD)


def read_dsn(mail: Mail) -> Report | None:
    """Return what a DSN says, or None for a mail that is none.

    One that tells of several recipients comes from an address that leads to several mailboxes. The mildest
    news counts: as long as one of them gets the mail, the address is alive.
    """
    status = mail.leaf(*_STATUS_TYPES)
    if status is None:
        return None
    blocks = _BLANK_LINES.split(status.body.strip(), maxsplit=_MOST_RECIPIENTS + 1)
    told = [_recipient(Part(fields_of(block), b""), mail) for block in blocks[: _MOST_RECIPIENTS + 1]]
    return min(filter(None, told), key=lambda one: _MILDEST_FIRST.index(one.kind), default=None)


def _recipient(block: Part, mail: Mail) -> Report | None:
    """What a block says of its recipient; None for the one about the whole message."""
    action = block.get("action").lower()
    if not action and not block.get("status") and not block.get("final-recipient"):
        return None
    address = block.get("original-recipient") or block.get("final-recipient")
    address = address.rpartition(";")[2].strip(" \t<>")
    status, words = block.get("status"), block.get("diagnostic-code")
    if not _has_failed(action, status):
        return Report(Kind.NOTICE, status, words, address=address)
    code = code_of(status, words)
    if not words or not code or code.endswith(".0.0"):
        words = f"{words} {mail.text}"  # some servers give the reason only in the part for people
    return Report(kind_of(status, words), code, words.strip(), address=address)


def _has_failed(action: str, status: str) -> bool:
    if action.startswith(("delayed", "delivered", "relayed", "expanded")):
        return False
    # OpenSMTPD writes `error`; some leave the action out and give the code alone.
    return action.startswith(("fail", "error")) or status.lstrip().startswith("5")
