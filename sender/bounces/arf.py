"""Feedback reports (ARF, RFC 5965 and 6430): somebody pressed “this is spam”."""

from typing import Final

from sender.bounces.mime import Mail, Part, fields_of
from sender.bounces.report import NOTHING, Kind, Report

# Everything else (auth-failure, not-spam, virus, other ...) is no wish of the reader's.
_MEANINGS: Final = {
    "abuse": Kind.COMPLAINT,
    "fraud": Kind.COMPLAINT,
    "opt-out": Kind.UNSUBSCRIBE,
    "opt-out-list": Kind.UNSUBSCRIBE,
}


def read_arf(mail: Mail) -> Report | None:
    """Return what a feedback report says, or None for a mail that is none.

    The Original-Mail-From field is our return path where the reporting provider keeps it; many blank out the
    recipient, which is why a report is never looked up by that alone.
    """
    part = mail.leaf("message/feedback-report")
    if part is None:
        return None
    report = Part(fields_of(part.body), b"")
    kind = _MEANINGS.get(report.get("feedback-type").partition(";")[0].strip().lower())
    if kind is None:
        return NOTHING
    address = report.get("original-rcpt-to") or report.get("removal-recipient")
    return Report(kind, text=report.get("user-agent"), address=address.strip(" <>"))
