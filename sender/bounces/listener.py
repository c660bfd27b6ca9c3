"""The mail server of the bounce domain: takes mail for addresses that we gave out, and for no others.

It relays nothing and answers nobody by mail. A report is recorded before it is accepted, so whoever hears 250
need not keep it, and whoever hears 451 comes again.
"""

import asyncio
import logging
import ssl
from collections import Counter
from typing import Any, Final, Self

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Received

from sender.bounces.intake import Intake
from sender.bounces.mime import MOST_OCTETS
from sender.smtp_server import SmtpServer, listen

_MOST_CONNECTIONS: Final = 100
_MOST_OF_A_PEER: Final = 10
_IDLE: Final = 60.0  # seconds between two lines
_LONGEST: Final = 600.0  # seconds of one connection, however busy


log = logging.getLogger(__name__)


class BounceListener:
    """Serves from __enter__ to __exit__. Port 0 picks a free one.

    `name` is how it greets. `feedback_address`, where providers send complaints, is taken mail for as well:
    such a mail counts only if it gives back a message that names us. With `tls` it offers STARTTLS, and still
    takes mail without: a bounce that is not encrypted is better than none.
    """

    def __init__(
        self,
        intake: Intake,
        host: str,
        port: int,
        *,
        name: str,
        feedback_address: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._intake = intake
        self._name = name
        self._feedback_address = (feedback_address or "").lower()
        self._tls = tls
        self._peers: Counter[str] = Counter()
        self._server: SmtpServer | None = None

    def __enter__(self) -> Self:
        listener = listen(self.host, self.port, "The bounce listener")
        self.port = listener.getsockname()[1]
        self._server = SmtpServer(listener, self._session, "bounce listener")
        self._server.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._server is not None:
            self._server.stop()

    def _session(self) -> SMTP:
        return _Session(
            self,
            self._peers,
            data_size_limit=MOST_OCTETS,
            enable_SMTPUTF8=True,  # else what bounces from an international address never gets here
            hostname=self._name,
            ident="Courseletter",
            timeout=_IDLE,
            tls_context=self._tls,
            loop=asyncio.get_running_loop(),
        )

    async def handle_EHLO(  # noqa: N802 - the names are aiosmtpd's
        self,
        server: SMTP,  # noqa: ARG002
        session: Any,
        envelope: Received,  # noqa: ARG002
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return [one for one in responses if not one.startswith("250-AUTH")]  # nobody logs in here

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,  # noqa: ARG002
        session: Any,  # noqa: ARG002
        envelope: Received,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        if not self._intake.names.are_ours(address) and address.lower() != self._feedback_address:
            return "550 5.1.1 no such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Received) -> str:  # noqa: ARG002, N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        recipient = envelope.rcpt_tos[0]
        loop = asyncio.get_running_loop()
        try:
            effect = await loop.run_in_executor(None, self._intake.take_mail, content, recipient)
        except Exception:  # the database may be down for a minute: the mail stays with its sender
            log.exception("a report could not be recorded; its sender is asked to come again")
            return "451 4.3.0 come again later"
        log.info("report to %s: %s", recipient, effect)
        return "250 2.0.0 taken"


class _Session(SMTP):
    """One connection, within bounds of number and time."""

    # Longer lines than RFC 5321 allows do come back, in mails of others that are given back as they were.
    line_length_limit = 64 * 1024

    def __init__(self, handler: object, peers: Counter[str], **options: Any) -> None:
        super().__init__(handler, **options)
        self._peers = peers
        self._host = ""
        self._turned_away = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.transport is not None:  # it has been encrypted
            return super().connection_made(transport)
        self._host = str(transport.get_extra_info("peername", ("",))[0])
        full = self._peers.total() >= _MOST_CONNECTIONS or self._peers[self._host] >= _MOST_OF_A_PEER
        self._peers[self._host] += 1
        if full:
            self._turned_away = True
            assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - TCP, as the server's are
            transport.write(b"421 4.7.0 too many connections, come again later\r\n")
            transport.close()
            return None
        asyncio.get_running_loop().call_later(_LONGEST, transport.close)
        return super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._peers[self._host] -= 1
        if not self._peers[self._host]:
            del self._peers[self._host]
        if not self._turned_away:
            super().connection_lost(error)

    def eof_received(self) -> bool | None:
        return None if self._turned_away else super().eof_received()
