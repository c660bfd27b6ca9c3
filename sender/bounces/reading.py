"""A mail that came back becomes a report, with every name in it that could be ours. Pure, never raises."""

import re
from dataclasses import replace
from typing import Final

from sender.bounces import mime
from sender.bounces.arf import read_arf
from sender.bounces.dsn import read_dsn
from sender.bounces.guessing import is_automatic_reply, read_other
from sender.bounces.mime import Mail, Part
from sender.bounces.report import NOTHING, Kind, Report
from sender.return_path import OPT_OUT, RETURN_PATH

# Where a mailbox keeps whom the mail was for, when nobody is there to tell.
_RECIPIENT_FIELDS: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
_MESSAGE_ID: Final = re.compile(r"<[a-z2-7]{32}@[a-z0-9.-]{1,255}>", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"[^\s<>\",;:]{1,64}@[^\s<>\",;:]{1,255}")
_MOST_NAMES: Final = 50
_MOST_FIELD: Final = 2000


def read_report(raw: bytes, recipient: str = "") -> Report:
    """Return what a mail says of a delivery. `recipient` is the envelope's, where it is known.

    A mail to the address of List-Unsubscribe is a wish to leave, unless a program wrote it.
    """
    mail = mime.read(raw)
    recipients = [recipient] if recipient else _recipients(mail)
    leaving = [one for one in recipients if OPT_OUT.fullmatch(one)]
    if leaving:
        return NOTHING if is_automatic_reply(mail) else Report(Kind.UNSUBSCRIBE, names=(leaving[0],))
    report = read_arf(mail) or read_dsn(mail) or read_other(mail)
    names = (*recipients, *_names_within(mail))
    return replace(report, names=names, address=report.address or _returned_to(mail))


def _recipients(mail: Mail) -> list[str]:
    found = []
    for value in mail.head.all(*_RECIPIENT_FIELDS):
        for pattern in (RETURN_PATH, OPT_OUT):
            found += [match[0] for match in pattern.finditer(value[:_MOST_FIELD])]
    return found[:_MOST_NAMES]


def _returned_to(mail: Mail) -> str:
    """Whom the message that is given back was for: some reports name nobody else."""
    leaf = mail.leaf("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
    if leaf is None:
        return ""
    returned = Part(mime.fields_of(leaf.body), b"")
    found = _ADDRESS.search((returned.get("x-hmxmroriginalrecipient") or returned.get("to"))[:_MOST_FIELD])
    return found[0] if found else ""


def names_in(text: str) -> list[str]:
    """What looks like a return path or a Message-ID of ours, up to a number that no report needs."""
    found: list[str] = []
    for pattern in (RETURN_PATH, _MESSAGE_ID):
        for match in pattern.finditer(text):
            found.append(match[0])
            if len(found) == _MOST_NAMES:
                return found
    return found


def _names_within(mail: Mail) -> list[str]:
    """The names in the report's parts: of the message that it gives back."""
    found = [name for leaf in mail.leaves for name in names_in(leaf.body.decode("latin-1"))]
    return found[:_MOST_NAMES]
