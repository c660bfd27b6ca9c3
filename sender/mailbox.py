"""A mailbox on this machine: a real SMTP server on loopback whose mails land in a Maildir."""

import asyncio
import ipaddress
import os
import ssl
from itertools import count
from pathlib import Path
from typing import Any, Final, Self

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Received

from courseletter.clock import Clock, SystemClock
from courseletter.errors import CourseletterError, InvalidInput
from sender.smtp_server import SmtpServer, listen
from sender.stored_mail import StoredMail, read_mail

_LARGEST_MAIL: Final = 32 * 1024 * 1024


class LocalMailbox:
    """Serves from __enter__ to __exit__. Takes mail for any address, and from this machine only.

    `folder` becomes a Maildir; port 0 picks a free one. With `tls` a context, STARTTLS is offered.
    """

    def __init__(
        self,
        folder: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise InvalidInput(
                f"The local mailbox takes no mail from outside: {host} is not loopback.", field="host"
            )
        self.host = host
        self.port = port
        self._maildir = _maildir(folder)
        self._new = folder / "new"
        self._tls = tls
        self._clock = clock or SystemClock()
        self._count = count()
        self._read: dict[str, StoredMail] = {}
        self._server: SmtpServer | None = None

    def __enter__(self) -> Self:
        listener = listen(self.host, self.port, "The local mailbox")
        self.port = listener.getsockname()[1]
        self._server = SmtpServer(listener, self._session, "local mailbox")
        self._server.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._server is not None:
            self._server.stop()

    def messages(self) -> list[StoredMail]:
        """Everything that has arrived, oldest first."""
        names = sorted(path.name for path in self._new.iterdir() if not path.name.startswith("."))
        return [self._stored(name) for name in names]

    def message(self, key: str) -> StoredMail | None:
        """The mail of this key, or None; only names that are there are ever opened."""
        return next((mail for mail in self.messages() if mail.key == key), None)

    def _stored(self, name: str) -> StoredMail:
        if name not in self._read:
            self._read[name] = read_mail(name, (self._new / name).read_bytes())
        return self._read[name]

    def _session(self) -> SMTP:
        return SMTP(
            self,
            data_size_limit=_LARGEST_MAIL,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="Courseletter local mailbox",
            tls_context=self._tls,
            loop=asyncio.get_running_loop(),
        )

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Received) -> str:  # noqa: ARG002, N802
        """Called by aiosmtpd with a complete message."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        trace = [f"Return-Path: <{envelope.mail_from or ''}>"]
        trace += [f"Delivered-To: {recipient}" for recipient in envelope.rcpt_tos]
        try:
            self._store("".join(line + "\r\n" for line in trace).encode("utf-8", "replace") + content)
        except OSError as error:
            return f"452 4.3.1 cannot store the message: {error.strerror}"
        return "250 2.0.0 stored"

    def _store(self, octets: bytes) -> None:
        """Write to tmp and rename to new, byte for byte (mailbox.Maildir.add would change the line ends)."""
        now = self._clock.now()
        name = f"{int(now.timestamp())}.M{now.microsecond:06}P{os.getpid()}Q{next(self._count):06}.localhost"
        temporary = self._maildir / "tmp" / name
        temporary.write_bytes(octets)
        temporary.rename(self._new / name)


def _maildir(folder: Path) -> Path:
    try:
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseletterError(
            f"The mailbox folder {folder} cannot be made: {error.strerror}. Name another one."
        ) from None
    return folder
