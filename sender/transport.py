"""What a transport is given and what it answers: the seam between the delivery ledger and the wire."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

from courseletter.errors import InvalidInput

# An unquoted mailbox with an ASCII domain: nothing in it can end the command that carries it.
_MAILBOX: Final = re.compile(r"[^\s\x00-\x20\x7f-\x9f<>()\[\]\\,;:\"@]{1,64}@[A-Za-z0-9.-]{1,255}")
_ENHANCED: Final = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?:\s|$)")
_BARE_LINE_END: Final = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_LONGEST_TEXT: Final = 500


class Phase(StrEnum):
    """Where a delivery attempt stood when it ended. Up to DATA the relay cannot have taken the message."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"  # the final dot was or may have been sent


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sender, one recipient; an empty return path is the null sender `<>` (RFC 5321, 4.5.5).

    Raises InvalidInput when either could break out of its command, before any byte is written.
    """

    return_path: str
    recipient: str
    smtputf8: bool = False

    def __post_init__(self) -> None:
        if self.return_path and not _MAILBOX.fullmatch(self.return_path):
            raise InvalidInput("The return path is not a plain address.", field="return_path")
        if not _MAILBOX.fullmatch(self.recipient):
            raise InvalidInput("The recipient is not a plain address. Correct it.", field="recipient")

    @property
    def needs_smtputf8(self) -> bool:
        return self.smtputf8 or not (self.return_path + self.recipient).isascii()


class Reply(NamedTuple):
    """A relay's answer: the code, the enhanced status code (RFC 3463) if there is one, and printable text."""

    code: int
    enhanced: str | None
    text: str

    @classmethod
    def of(cls, code: int, text: str) -> "Reply":
        """Take the enhanced code from the front of `text`, unless its class is not that of `code`."""
        text = " ".join(text.split())[:_LONGEST_TEXT]
        if not (text.isascii() and text.isprintable()):
            text = "".join(c if " " <= c <= "~" else "?" for c in text)
        match = _ENHANCED.match(text)
        if match is None or int(match[1]) != code // 100:
            return cls(code, None, text)
        return cls(code, f"{match[1]}.{int(match[2])}.{int(match[3])}", text[match.end() :])

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), self.enhanced, self.text)))


class Attempt(NamedTuple):
    """How one delivery attempt ended: by a reply, by an error (one line), or abandoned by may_send().

    In phase DOT only a reply is certain; before it the message was certainly not delivered. A reply may come
    along with an error that says what it means for us.
    """

    phase: Phase
    reply: Reply | None = None
    error: str | None = None
    abandoned: bool = False

    @property
    def accepted(self) -> bool:
        return self.phase is Phase.DOT and self.reply is not None and 200 <= self.reply.code < 300


def check_line_ends(message: bytes) -> None:
    """Raise InvalidInput unless every line ends in CRLF: a bare CR or LF lets one message read as two."""
    if not message.endswith(b"\r\n") or _BARE_LINE_END.search(message):
        raise InvalidInput("The message has a line that does not end in CRLF.", field="message")


def _always() -> bool:
    return True


@dataclass(slots=True, eq=False)
class Parcel:
    """A message on its way: CRLF line ends throughout, as whoever builds it must see to (check_line_ends).

    `may_send` is asked right before the octets go out with which the relay takes the message, and must not
    raise: False, as when a lease has ended, abandons the attempt, and nothing is delivered. `reference` is
    for the caller. `canonical` promises that no line starts with a dot, and saves looking for one.
    """

    envelope: Envelope
    message: bytes = field(repr=False)
    reference: Any = None
    may_send: Callable[[], bool] = _always
    canonical: bool = False

    def __post_init__(self) -> None:
        # Without it the final dot would be text, and the message would not end.
        if not self.message.endswith(b"\r\n"):
            raise InvalidInput("The message does not end in CRLF.", field="message")


Report = Callable[[Parcel, Attempt], None]


class Pool(Protocol):
    """Carries parcels to one relay, several at a time. Lives in one event loop, in its thread."""

    @property
    def free(self) -> int:
        """How many parcels may be handed over now."""
        ...

    def send(self, parcel: Parcel) -> None:
        """Start one attempt; only while something is free. It is reported exactly once, later.

        By then its place is free again, so the report may send the next.
        """
        ...

    async def close(self, seconds: float = 30) -> None:
        """Let what is on its way end, for so long at most, then cut it off and report it. It is final."""
        ...


class Transport(Protocol):
    """Carries single messages, one after the other. Used by one thread at a time."""

    def deliver(self, envelope: Envelope, message: bytes, before_dot: Callable[[], bool]) -> Attempt:
        """Try once to hand over `message` (CRLF line ends) and say how far it got.

        `before_dot` is called when everything but the message itself is agreed, before its first byte goes
        out. It makes the intent durable; False, or an exception, abandons the attempt: nothing is delivered.
        Trouble with the network is never raised; a message that cannot be sent is InvalidInput.
        """
        ...

    def close(self) -> None: ...
