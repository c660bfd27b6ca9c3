"""An SMTP conversation below its meaning: lines out, replies in, bounded in size and time."""

import re
import socket
import ssl
import time
from contextlib import suppress
from typing import Final

from sender.transport import Reply

_REPLY_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_LONGEST_REPLY: Final = 64 * 1024  # octets, over all its lines
_BLOCK: Final = 64 * 1024
_CHUNK: Final = 4096
_NOTHING_YET: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class WireError(Exception):
    """The conversation cannot go on: lost, timed out, or not SMTP. The connection is to be dropped."""


class Wire:
    """One open connection. Every call takes the seconds it may last as a whole."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._unread = b""

    @classmethod
    def connect(cls, host: str, port: int, seconds: float) -> "Wire":
        try:
            connection = socket.create_connection((host, port), timeout=seconds)
        except (OSError, UnicodeError) as error:
            raise WireError(f"cannot connect to {host} port {port}: {_said(error)}") from None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(connection)

    @property
    def local_address(self) -> str:
        return str(self._socket.getsockname()[0])

    def upgrade(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Start TLS. Whatever came before it in the clear is somebody else's and ends the conversation."""
        if self._unread:
            raise WireError("the relay sent data between STARTTLS and the handshake")
        self._socket.settimeout(seconds)
        try:
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise WireError(f"TLS failed: {_said(error)}") from None

    def command(self, line: str, seconds: float) -> Reply:
        """Send one line in lock-step and return the reply to it."""
        code, lines = self.ask(line, seconds)
        return Reply.of(code, " ".join(lines))

    def ask(self, line: str, seconds: float) -> tuple[int, list[str]]:
        """As command(), with the reply's lines kept apart, as EHLO needs them."""
        if self._unread:
            raise WireError("the relay sent a reply that nobody asked for")
        self.send(line.encode() + b"\r\n", seconds)
        return self._reply_lines(seconds)

    def send(self, octets: bytes, seconds: float) -> None:
        """Write all of `octets`; each block of 64 KiB may take `seconds`."""
        try:
            for start in range(0, len(octets), _BLOCK):
                self._socket.settimeout(seconds)
                self._socket.sendall(octets[start : start + _BLOCK])
        except OSError as error:
            raise WireError(f"connection lost while sending: {_said(error)}") from None

    def reply(self, seconds: float) -> Reply:
        """Read one reply of any number of lines."""
        code, lines = self._reply_lines(seconds)
        return Reply.of(code, " ".join(lines))

    def heard_something(self) -> bool:
        """Whether the relay has spoken or hung up, though it is our turn. Does not wait."""
        if self._unread:
            return True
        self._socket.setblocking(False)
        try:
            self._unread = self._socket.recv(_CHUNK)
        except _NOTHING_YET:
            return False
        except OSError:
            return True  # reset; the next read or write says so
        return True

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()

    def _reply_lines(self, seconds: float) -> tuple[int, list[str]]:
        # The time is for the whole reply: a drip of single octets does not stretch it. This is a time-out and
        # no moment anybody is told, so it is taken from the monotonic clock here.
        deadline = time.monotonic() + seconds
        code, lines, room = b"", list[str](), _LONGEST_REPLY
        while True:
            line = self._line(deadline, room)
            room -= len(line)
            match = _REPLY_LINE.fullmatch(line)
            if match is None or (code and match[1] != code):
                raise WireError("the relay's reply is not SMTP")
            code = match[1]
            lines.append((match[3] or b"").decode("utf-8", "replace"))
            if match[2] != b"-":
                return int(code), lines

    def _line(self, deadline: float, room: int) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > room:
                raise WireError("the relay's reply does not end")
            self._unread += self._receive(deadline - time.monotonic())
        line, _, self._unread = self._unread.partition(b"\n")
        if len(line) > room:
            raise WireError("the relay's reply does not end")
        return line.removesuffix(b"\r")

    def _receive(self, seconds: float) -> bytes:
        try:
            if seconds <= 0:
                raise TimeoutError
            self._socket.settimeout(seconds)
            octets = self._socket.recv(_CHUNK)
        except TimeoutError:
            raise WireError("the relay did not answer in time") from None
        except OSError as error:
            raise WireError(f"connection lost: {_said(error)}") from None
        if not octets:
            raise WireError("the relay closed the connection")
        return octets


def _said(error: OSError | ValueError) -> str:
    """What went wrong, on one line."""
    text = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split()) or type(error).__name__
