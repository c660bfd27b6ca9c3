"""SMTP replies out of octets, however they arrive: bounded in size, and nothing but SMTP."""

import re
from typing import Final, NamedTuple

from sender.transport import Reply

_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -])([^\n]*)|\r?)\n")
_LONGEST_REPLY: Final = 64 * 1024  # octets, over all its lines


class NotSmtp(Exception):
    """What arrived is no SMTP reply, or one without an end. The conversation cannot go on."""


class Heard(NamedTuple):
    """One whole reply: its code, and the text of its lines, joined by line feeds."""

    code: int
    text: bytes

    @property
    def lines(self) -> list[str]:
        return self.text.decode("utf-8", "replace").split("\n")

    @property
    def reply(self) -> Reply:
        return Reply.of(self.code, self.text.decode("utf-8", "replace"))


class ReplyReader:
    """Takes octets as they come and gives whole replies (RFC 5321, 4.2)."""

    def __init__(self) -> None:
        self._unread = b""
        self._at = 0
        self._code = b""  # of the reply whose lines are being read
        self._lines: list[bytes] = []
        self._read = 0  # octets of the lines before

    @property
    def pending(self) -> bool:
        """Whether octets have arrived that belong to no reply given so far."""
        return self._at < len(self._unread) or bool(self._code)

    def feed(self, octets: bytes) -> None:
        self._unread = self._unread[self._at :] + octets
        self._at = 0

    def next(self) -> Heard | None:
        """The next whole reply, or None until more has arrived. Raises NotSmtp."""
        while (line := _LINE.match(self._unread, self._at)) is not None:
            start, self._at = line.span()
            code, separator, text = line.groups()
            said = text.removesuffix(b"\r") if text else b""
            self._read += self._at - start
            if self._read > _LONGEST_REPLY:
                raise NotSmtp("the relay's reply does not end")
            if self._code and code != self._code:
                raise NotSmtp("the relay's reply is not SMTP")
            if separator != b"-":
                return self._whole(int(code), said)
            self._lines.append(said)
            self._code = code
        if self._unread.find(b"\n", self._at) >= 0:
            raise NotSmtp("the relay's reply is not SMTP")
        if self._read + len(self._unread) - self._at > _LONGEST_REPLY:
            raise NotSmtp("the relay's reply does not end")
        return None

    def _whole(self, code: int, last: bytes) -> Heard:
        self._read = 0
        if not self._code:
            return Heard(code, last)
        text = b"\n".join((*self._lines, last))
        self._lines.clear()
        self._code = b""
        return Heard(code, text)
