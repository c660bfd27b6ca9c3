"""What is said on a new SMTP connection before the first message: greeting, EHLO, STARTTLS, AUTH.

A generator in lock-step: it yields a `Turn` and is sent what the relay answered. It knows no socket; the
conversation that runs it does the waiting.
"""

import base64
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final

from courseletter.errors import CourseletterError
from sender.relay import Relay, Timeouts
from sender.transport import Attempt, Phase
from sender.wire import Heard

Offers = Mapping[str, str]  # EHLO keyword -> its parameters; empty after HELO
_UNKNOWN_COMMAND: Final = (500, 502)
_NO_STARTTLS: Final = "the relay does not offer STARTTLS, and mail is not sent without it"


@dataclass(frozen=True, slots=True)
class Turn:
    """Say `line` (None: only listen) and answer with the reply; or start TLS and answer with anything."""

    phase: Phase
    seconds: float
    line: str | None = None
    tls: bool = False


class Ended(Exception):
    """The conversation is over; `attempt` says where and why."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt


Script = Generator[Turn, Heard, Offers]


def introduce(relay: Relay, address: str, timeouts: Timeouts) -> Script:
    """Get to where MAIL may be said, and return what the relay offers. Raises Ended.

    `address` is our own end of the connection.
    """
    name = relay.ehlo_name or _literal(address)
    encrypt = Turn(Phase.STARTTLS, timeouts.connect, tls=True)
    if relay.security == "tls":
        yield encrypt
    yield from _ask(Turn(Phase.CONNECT, timeouts.greeting), 220)
    offers = yield from _hello(relay, name, timeouts.command)
    if relay.security == "starttls":
        if "STARTTLS" not in offers:
            raise _trouble(Phase.STARTTLS, _NO_STARTTLS)
        yield from _ask(Turn(Phase.STARTTLS, timeouts.command, "STARTTLS"), 220)
        yield encrypt
        # What was offered before TLS is forgotten: it may have been anybody's word (RFC 3207, 4.2).
        offers = yield from _hello(relay, name, timeouts.command)
    if relay.username is not None:
        yield from _authenticate(relay, relay.username, offers, timeouts.command)
    return offers


def expect(phase: Phase, heard: Heard, *codes: int) -> None:
    """Raise Ended by a refusal (4xx, 5xx), or by an error when the reply makes no sense here."""
    if heard.code in codes:
        return
    if heard.code >= 400:
        raise Ended(Attempt(phase, reply=heard.reply))
    raise _trouble(phase, f"the relay's reply makes no sense here: {heard.reply}")


def _ask(turn: Turn, *codes: int) -> Generator[Turn, Heard, Heard]:
    heard = yield turn
    expect(turn.phase, heard, *codes)
    return heard


def _hello(relay: Relay, name: str, seconds: float) -> Script:
    heard = yield Turn(Phase.EHLO, seconds, f"EHLO {name}")
    if heard.code in _UNKNOWN_COMMAND:
        if relay.security == "starttls" or relay.username is not None:
            why = f"the relay knows no EHLO, so it can neither encrypt nor check a password: {heard.reply}"
            raise Ended(Attempt(Phase.EHLO, reply=heard.reply, error=why))
        yield from _ask(Turn(Phase.EHLO, seconds, f"HELO {name}"), 250)
        return {}
    expect(Phase.EHLO, heard, 250)
    offered = (line.upper().partition(" ") for line in heard.lines[1:])
    return {keyword: parameters for keyword, _, parameters in offered}


def _authenticate(
    relay: Relay, username: str, offers: Offers, seconds: float
) -> Generator[Turn, Heard, None]:
    """Say who we are (RFC 4954) by the mechanism asked for, or the best that is offered."""

    def turn(line: str) -> Turn:
        return Turn(Phase.AUTH, seconds, line)

    mechanism, password = _mechanism(relay, offers), relay.password or ""
    if mechanism == "XOAUTH2":
        heard = yield from _ask(turn("AUTH XOAUTH2 " + _base64(_bearer(relay, username))), 235, 334)
        if heard.code == 334:  # the reason, as JSON; an empty line fetches the real answer
            yield from _ask(turn(""), 235)
    elif mechanism == "PLAIN":
        yield from _ask(turn("AUTH PLAIN " + _base64(f"\x00{username}\x00{password}")), 235)
    else:
        yield from _ask(turn("AUTH LOGIN"), 334)
        yield from _ask(turn(_base64(username)), 334)
        yield from _ask(turn(_base64(password)), 235)


def _mechanism(relay: Relay, offers: Offers) -> str:
    offered = offers.get("AUTH", "").split()
    if relay.mechanism != "auto":
        wanted = [str(relay.mechanism)]
    else:
        wanted = ["XOAUTH2"] if relay.token is not None else ["PLAIN", "LOGIN"]
    for mechanism in wanted:
        if mechanism in offered:
            return mechanism
    raise _trouble(Phase.AUTH, f"the relay does not offer AUTH {' or '.join(wanted)}")


def _bearer(relay: Relay, username: str) -> str:
    try:
        token = relay.token() if relay.token is not None else ""
    except (CourseletterError, OSError) as error:
        raise _trouble(Phase.AUTH, f"no access token for the relay: {error}") from None
    return f"user={username}\x01auth=Bearer {token}\x01\x01"


def _trouble(phase: Phase, error: str) -> Ended:
    return Ended(Attempt(phase, error=error))


def _literal(address: str) -> str:
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
