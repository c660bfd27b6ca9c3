"""What a report says about one message, before anybody believes it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What became of the message, or what its reader wants."""

    HARD = "hard"  # the mailbox does not exist
    SOFT = "soft"  # not this time: full, unreachable, or nobody says why
    REFUSED = "refused"  # for what we are or what we sent; the reader is not to blame
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    NOTICE = "notice"  # delivered, delayed, on holiday: nobody is harmed by it


@dataclass(frozen=True, slots=True)
class Once:
    """A signature that covers less than all: what bears it is carried out a single time."""

    name: str
    at: datetime  # when it was made


@dataclass(frozen=True, slots=True)
class Report:
    """`names` are the return paths and Message-IDs found in it: it concerns the delivery that one of them was
    signed for, else nothing. `address` is whom it claims to be about, good for a look-up and never believed.
    """

    kind: Kind
    status: str = ""  # RFC 3463; "" where none was given
    text: str = ""  # the remote server's words
    names: tuple[str, ...] = ()
    address: str = ""
    once: Once | None = None


NOTHING = Report(Kind.NOTICE)
