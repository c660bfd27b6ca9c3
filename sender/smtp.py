"""Hands messages to a relay over SMTP (RFC 5321), and knows at any moment how far it has come."""

import base64
import ipaddress
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from courseletter.errors import CourseletterError, InvalidInput
from sender.transport import Attempt, Envelope, Phase, Reply, Transport, check_line_ends
from sender.wire import Wire, WireError

__all__ = ["Attempt", "Envelope", "Phase", "Relay", "Reply", "SmtpTransport", "Timeouts", "Transport"]

Security = Literal["starttls", "tls", "none"]
Mechanism = Literal["auto", "XOAUTH2", "PLAIN", "LOGIN"]

_LEADING_DOT: Final = re.compile(rb"^\.", re.MULTILINE)
_EHLO_NAME: Final = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Za-z.:]+\]")


@dataclass(frozen=True, slots=True)
class Relay:
    """A smarthost and how to be let in. TLS is required unless the relay is on this machine."""

    host: str
    port: int
    security: Security = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)  # OAuth 2; raises CourseletterError
    mechanism: Mechanism = "auto"
    ca_file: Path | None = None  # trusted instead of the system's authorities
    ehlo_name: str | None = None  # None: the connection's own address, as a literal

    def __post_init__(self) -> None:
        if self.security == "none" and not _is_loopback(self.host):
            raise InvalidInput(
                f"Mail to {self.host} would travel unencrypted. Set the relay's security to starttls or tls.",
                field="security",
            )
        if self.username is not None and self.security == "none":
            raise InvalidInput(
                "The relay's password would travel unencrypted. Use starttls or tls, or no username.",
                field="username",
            )
        if self.username is not None and self._secret is None:
            raise InvalidInput(
                "The relay has a username but no password or token. Give it one.", field="password"
            )
        if self.ehlo_name is not None and not _EHLO_NAME.fullmatch(self.ehlo_name):
            raise InvalidInput("The EHLO name is no host name, such as mail.example.org.", field="ehlo_name")

    @property
    def _secret(self) -> str | Callable[[], str] | None:
        if self.mechanism == "XOAUTH2":
            return self.token
        return self.password if self.mechanism in ("PLAIN", "LOGIN") else self.password or self.token


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait, by RFC 5321, 4.5.3.2; for a reply as a whole, for data each 64 KiB."""

    connect: float = 60
    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600
    quit: float = 5


class _Refused(Exception):
    def __init__(self, reply: Reply) -> None:
        self.reply = reply


class SmtpTransport:
    """One connection to the relay, opened when needed and kept for the next message."""

    def __init__(self, relay: Relay, timeouts: Timeouts | None = None) -> None:
        self._relay = relay
        self._timeouts = timeouts or Timeouts()
        self._tls = _tls_context(relay)
        self._phase = Phase.CONNECT
        self._wire: Wire | None = None
        self._offers: dict[str, str] = {}  # EHLO keyword -> its parameters
        self._in_transaction = False  # the relay holds a MAIL that only RSET or a message clears

    def deliver(self, envelope: Envelope, message: bytes, before_dot: Callable[[], bool]) -> Attempt:
        check_line_ends(message)
        reused = self._wire is not None
        attempt = self._attempt(envelope, message, before_dot)
        # An idle connection may be closed by the relay at any time. Nothing was handed over yet, so a second
        # try on a new one is not a new attempt.
        if reused and self._wire is None and attempt.phase is Phase.MAIL:
            attempt = self._attempt(envelope, message, before_dot)
        return attempt

    def close(self) -> None:
        if self._wire is not None:
            with suppress(WireError):
                self._wire.command("QUIT", self._timeouts.quit)
        self._drop()

    def _attempt(self, envelope: Envelope, message: bytes, before_dot: Callable[[], bool]) -> Attempt:
        try:
            with self._dropped_on_trouble():
                wire = self._ready_wire()
                self._open_transaction(wire, envelope)
                if not before_dot():
                    self._drop()  # after DATA, going away is the only way to say no
                    return Attempt(self._phase, abandoned=True)
                return Attempt(Phase.DOT, reply=self._send(wire, message))
        except _Refused as refused:
            return Attempt(self._phase, reply=refused.reply)
        except WireError as error:
            return Attempt(self._phase, error=str(error))

    @contextmanager
    def _dropped_on_trouble(self) -> Iterator[None]:
        """Keep the connection only where both sides agree on where the conversation stands."""
        try:
            yield
        except _Refused as refused:
            within = self._phase in (Phase.MAIL, Phase.RCPT, Phase.DATA)
            if not within or refused.reply.code == 421:
                self._drop()
            raise
        except BaseException:
            self._drop()
            raise

    def _ready_wire(self) -> Wire:
        """Return a connection on which MAIL may be said."""
        if self._wire is not None and not self._is_clean(self._wire):
            self._drop()
        if self._wire is None:
            self._wire = self._open()
        return self._wire

    def _is_clean(self, wire: Wire) -> bool:
        if wire.heard_something():
            return False
        if self._in_transaction:
            try:
                self._in_transaction = wire.command("RSET", self._timeouts.command).code != 250
            except WireError:
                return False
        return not self._in_transaction

    def _open(self) -> Wire:
        relay, seconds = self._relay, self._timeouts
        self._phase = Phase.CONNECT
        wire = Wire.connect(relay.host, relay.port, seconds.connect)
        try:
            if relay.security == "tls":
                self._encrypt(wire)
                self._phase = Phase.CONNECT
            _expect(wire.reply(seconds.greeting), 220)
            self._say_hello(wire)
            if relay.security == "starttls":
                self._phase = Phase.STARTTLS
                if "STARTTLS" not in self._offers:
                    raise WireError("the relay does not offer STARTTLS, and mail is not sent without it")
                _expect(wire.command("STARTTLS", seconds.command), 220)
                self._encrypt(wire)
                self._say_hello(wire)
            if relay.username is not None:
                self._phase = Phase.AUTH
                self._authenticate(wire, relay.username)
        except BaseException:
            wire.close()
            raise
        return wire

    def _encrypt(self, wire: Wire) -> None:
        self._phase = Phase.STARTTLS
        wire.upgrade(self._tls, self._relay.host, self._timeouts.connect)

    def _say_hello(self, wire: Wire) -> None:
        """What was offered before TLS is forgotten: it may have been anybody's word (RFC 3207, 4.2)."""
        self._phase = Phase.EHLO
        name = self._relay.ehlo_name or _literal(wire.local_address)
        code, lines = wire.ask(f"EHLO {name}", self._timeouts.command)
        _expect(Reply.of(code, " ".join(lines)), 250)
        offers = (line.upper().partition(" ") for line in lines[1:])
        self._offers = {keyword: parameters for keyword, _, parameters in offers}

    def _authenticate(self, wire: Wire, username: str) -> None:
        relay, seconds = self._relay, self._timeouts.command
        mechanism, password = self._mechanism(), relay.password or ""
        if mechanism == "XOAUTH2":
            reply = wire.command("AUTH XOAUTH2 " + _base64(_bearer(relay, username)), seconds)
            if reply.code == 334:  # the reason, as JSON; an empty line fetches the real answer
                reply = wire.command("", seconds)
        elif mechanism == "PLAIN":
            reply = wire.command("AUTH PLAIN " + _base64(f"\x00{username}\x00{password}"), seconds)
        else:
            _expect(wire.command("AUTH LOGIN", seconds), 334)
            _expect(wire.command(_base64(username), seconds), 334)
            reply = wire.command(_base64(password), seconds)
        _expect(reply, 235)

    def _mechanism(self) -> str:
        offered = self._offers.get("AUTH", "").split()
        if self._relay.mechanism != "auto":
            wanted = [str(self._relay.mechanism)]
        else:
            wanted = ["XOAUTH2"] if self._relay.token is not None else ["PLAIN", "LOGIN"]
        for mechanism in wanted:
            if mechanism in offered:
                return mechanism
        raise WireError(f"the relay does not offer AUTH {' or '.join(wanted)}")

    def _open_transaction(self, wire: Wire, envelope: Envelope) -> None:
        parameters = ""
        if envelope.needs_smtputf8:
            if not {"SMTPUTF8", "8BITMIME"} <= self._offers.keys():
                self._phase = Phase.RCPT
                raise _Refused(Reply.of(553, "5.6.7 the relay does not carry non-ASCII addresses"))
            parameters = " BODY=8BITMIME SMTPUTF8"
        seconds = self._timeouts
        self._phase = Phase.MAIL
        _expect(wire.command(f"MAIL FROM:<{envelope.return_path}>{parameters}", seconds.command), 250)
        self._in_transaction = True
        self._phase = Phase.RCPT
        _expect(wire.command(f"RCPT TO:<{envelope.recipient}>", seconds.command), 250, 251)
        self._phase = Phase.DATA
        _expect(wire.command("DATA", seconds.data), 354)

    def _send(self, wire: Wire, message: bytes) -> Reply:
        seconds = self._timeouts
        wire.send(_LEADING_DOT.sub(b"..", message), seconds.block)
        # A relay that hangs up or refuses while the body is on its way has not taken the message. Seeing
        # that before the dot keeps it out of doubt.
        if wire.heard_something():
            reply = wire.reply(seconds.data)
            self._drop()
            _expect(reply)
        self._phase = Phase.DOT
        wire.send(b".\r\n", seconds.block)
        reply = wire.reply(seconds.dot)
        self._in_transaction = False
        if reply.code == 421 or not _is_final(reply):
            self._drop()
        return reply

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire = None
        self._in_transaction = False


def _expect(reply: Reply, *codes: int) -> None:
    """Raise _Refused for a refusal (4xx, 5xx), WireError for a reply that makes no sense here."""
    if reply.code in codes:
        return
    if reply.code >= 400:
        raise _Refused(reply)
    raise WireError(f"the relay's reply makes no sense here: {reply}")


def _is_final(reply: Reply) -> bool:
    return reply.code < 300 or reply.code >= 400


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _literal(address: str) -> str:
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _bearer(relay: Relay, username: str) -> str:
    try:
        token = relay.token() if relay.token is not None else ""
    except (CourseletterError, OSError) as error:
        raise WireError(f"no access token for the relay: {error}") from None
    return f"user={username}\x01auth=Bearer {token}\x01\x01"


def _tls_context(relay: Relay) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=relay.ca_file)
    except OSError as error:
        raise CourseletterError(
            f"The relay's CA file {relay.ca_file} cannot be read: {error}. Give a PEM file."
        ) from None
