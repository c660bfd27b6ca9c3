"""An SMTP server that follows a script: well-behaved but for the answers it was told to give.

`Script` and `Session` are the server without a socket; `ScriptedSmtp` serves a script on a real one.
"""

import base64
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Step:
    """Say `octets`, then go on, start TLS, hang up, reset, fall silent, or drip single octets for ever."""

    octets: bytes = b""
    then: str = "go on"


DROP = Step(then="drop")
RESET = Step(then="reset")
SILENCE = Step(then="silence")
DRIP = Step(b"250-", then="drip")

Answer = bytes | Step | list[bytes | Step]

DEFAULTS: dict[str, bytes] = {
    "GREETING": b"220 scripted.test ESMTP\r\n",
    "HELO": b"250 scripted.test\r\n",
    "STARTTLS": b"220 2.0.0 go ahead\r\n",
    "AUTH": b"235 2.7.0 welcome\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "RSET": b"250 2.0.0 ok\r\n",
    "DATA": b"354 go on\r\n",
    "DOT": b"250 2.0.0 queued\r\n",
    "LONE DOT": b"554 5.5.1 no valid recipients\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}
USUAL = b""
OUT_OF_ORDER = b"503 5.5.1 bad sequence of commands\r\n"
UNKNOWN = b"502 5.5.1 what?\r\n"


class Script:
    """Answers by verb, e.g. `RCPT=b"550 5.1.1 no\\r\\n"`; a list gives its items in turn, the last for ever.
    USUAL stands for what it would answer by itself.

    DOT answers the final dot and BDAT LAST alike, LONE DOT a message without a recipient; each BODY is what
    happens once the first octets of one message are read. It keeps what all its sessions saw.
    """

    def __init__(
        self,
        *,
        offers: tuple[str, ...] = ("8BITMIME", "SMTPUTF8", "AUTH PLAIN LOGIN XOAUTH2"),
        encrypts: bool = False,
        **answers: Answer,
    ) -> None:
        self.lines: list[str] = []  # every command line, as it came
        self.secrets: list[str] = []  # what was said to AUTH, decoded
        self.messages: list[bytes] = []  # complete ones with a recipient, dot-stuffing undone
        self.wire: list[bytes] = []  # the same, as they came
        self.answered: list[tuple[bytes, bytes]] = []  # the reply to each of them
        self.sessions = 0
        self.offers, self.encrypts = offers, encrypts
        self.told = {verb: list(told) if isinstance(told, list) else [told] for verb, told in answers.items()}

    def verbs(self) -> list[str]:
        return [line.partition(" ")[0] for line in self.lines]


class Session:
    """One conversation from the server's side: octets in, steps out."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.buffer = b""
        self.encrypted = False
        self.sender = self.recipient = False  # accepted so far
        self.reading = self.command
        self.chunk = 0
        self.began = False  # the first octets of a message have been read
        script.sessions += 1

    def greet(self) -> Step:
        return self.answer("GREETING")

    def hear(self, octets: bytes) -> Iterator[Step]:
        """The steps that these octets lead to, one after the other, as far as the octets go."""
        self.buffer += octets
        while (step := self.reading()) is not None:
            yield step

    def answer(self, verb: str, default: bytes = b"") -> Step:
        told = self.script.told.get(verb) or [USUAL]
        step = told.pop(0) if len(told) > 1 else told[0]
        return step if isinstance(step, Step) else Step(step or default or DEFAULTS.get(verb, UNKNOWN))

    # --- What may be read next; None: not enough octets

    def command(self) -> Step | None:
        line, end, rest = self.buffer.partition(b"\r\n")
        if not end:
            return None
        self.buffer = rest
        text = line.decode("utf-8", "replace")
        self.script.lines.append(text)
        verb = text.partition(" ")[0].upper()
        return getattr(self, f"on_{verb.lower()}", lambda _: self.answer(verb))(text)

    def body(self) -> Step | None:
        if self.buffer and (early := self.early()):
            return early
        octets, end, rest = (b"\r\n" + self.buffer).partition(b"\r\n.\r\n")
        if not end:
            return None
        self.buffer = rest
        octets = octets[2:] + b"\r\n" if octets else b""
        return self.complete(octets, octets.replace(b"\r\n..", b"\r\n.").removeprefix(b"."))

    def chunk_body(self) -> Step | None:
        if self.buffer and (early := self.early()):
            return early
        if len(self.buffer) < self.chunk:
            return None
        octets, self.buffer = self.buffer[: self.chunk], self.buffer[self.chunk :]
        return self.complete(octets, octets)

    def early(self) -> Step | None:
        told = self.script.told.get("BODY")
        if self.began or not told:
            return None
        self.began = True
        step = told.pop(0)
        return Step(step) if isinstance(step, bytes) else step

    def secret(self) -> Step | None:
        line, end, rest = self.buffer.partition(b"\r\n")
        if not end:
            return None
        self.buffer = rest
        self.script.secrets.append(base64.b64decode(line).decode())
        if len(self.script.secrets) % 2:
            return Step(b"334 UGFzc3dvcmQ6\r\n")
        self.reading = self.command
        return self.answer("AUTH")

    def complete(self, wire: bytes, message: bytes) -> Step:
        self.reading, self.began = self.command, False
        had, self.sender, self.recipient = self.recipient, False, False
        if not had:
            return self.answer("LONE DOT")
        self.script.wire.append(wire)
        self.script.messages.append(message)
        step = self.answer("DOT")
        self.script.answered.append((step.octets, message))
        return step

    # --- Commands

    def on_ehlo(self, line: str) -> Step:
        offers = [*self.script.offers]
        if self.script.encrypts and not self.encrypted:
            offers.append("STARTTLS")
        lines = ["scripted.test", *offers]
        said = [f"250{' ' if at == len(lines) - 1 else '-'}{line}\r\n" for at, line in enumerate(lines)]
        return self.answer("EHLO", "".join(said).encode())

    def on_starttls(self, line: str) -> Step:
        step = self.answer("STARTTLS")
        return Step(step.octets, "tls") if step.octets.startswith(b"220") and step.then == "go on" else step

    def on_auth(self, line: str) -> Step:
        mechanism, _, initial = line.removeprefix("AUTH ").partition(" ")
        if mechanism == "LOGIN" and "AUTH" not in self.script.told:
            self.reading = self.secret
            return Step(b"334 VXNlcm5hbWU6\r\n")
        self.script.secrets.append(base64.b64decode(initial).decode())
        return self.answer("AUTH")

    def on_mail(self, line: str) -> Step:
        step = self.answer("MAIL", OUT_OF_ORDER if self.sender else b"")
        self.sender = step.octets.startswith(b"250")
        return step

    def on_rcpt(self, line: str) -> Step:
        step = self.answer("RCPT", b"" if self.sender else OUT_OF_ORDER)
        self.recipient = step.octets.startswith(b"25")
        return step

    def on_rset(self, line: str) -> Step:
        self.sender = self.recipient = False
        return self.answer("RSET")

    def on_data(self, line: str) -> Step:
        step = self.answer("DATA", b"" if self.recipient else OUT_OF_ORDER)
        if step.octets.startswith(b"354"):
            self.reading = self.body
        return step

    def on_bdat(self, line: str) -> Step | None:
        assert line.endswith(" LAST")
        self.chunk = int(line.split()[1])
        self.reading = self.chunk_body
        return self.reading()

    def on_quit(self, line: str) -> Step:
        step = self.answer("QUIT")
        return Step(step.octets, "drop" if step.then == "go on" else step.then)


class ScriptedSmtp(Script):
    """A script served on a real socket of this machine, from __enter__ to __exit__."""

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, implicit: bool = False, **script: Answer
    ) -> None:
        super().__init__(encrypts=tls is not None and not implicit, **script)
        self._tls, self._implicit = tls, implicit
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, target, *args) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session(self)
        with suppress(OSError, EOFError):
            if self._implicit:
                connection = self._encrypt(connection)
            self._perform(connection, session.greet())
            while octets := connection.recv(65536):
                for step in session.hear(octets):
                    self._perform(connection, step)
                    if step.then == "tls":
                        connection = self._encrypt(connection)
                        session.encrypted = True
        with suppress(OSError):
            connection.close()

    def _perform(self, connection: socket.socket, step: Step) -> None:
        if step.octets:
            connection.sendall(step.octets)
        if step.then == "drip":
            while not self._over.wait(0.02):
                connection.sendall(b"x")
        if step.then == "silence":
            self._over.wait(10)
        if step.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if step.then in ("drop", "reset", "silence", "drip"):
            raise EOFError

    def _encrypt(self, connection: socket.socket) -> socket.socket:
        assert self._tls is not None
        encrypted = self._tls.wrap_socket(connection, server_side=True)
        self._open.append(encrypted)
        return encrypted
