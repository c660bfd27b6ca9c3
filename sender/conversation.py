"""One SMTP connection as a state machine without a socket or a clock, which knows its phase at every moment.

It is fed what happens (octets, TLS is up, time is out, the connection is lost) and says what is to be done:
octets to write, start TLS, close. It carries one parcel at a time (RFC 5321), in as few steps as the relay's
offers allow: in lock-step; with PIPELINING (RFC 2920) MAIL, RCPT and DATA at once and then the message; with
CHUNKING (RFC 3030) as well, and in full swing, everything in one write.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from sender.introduction import Ended, Offers, Script, Turn, expect, introduce
from sender.relay import Relay, Timeouts
from sender.transport import Attempt, Parcel, Phase, Reply
from sender.wire import Heard, NotSmtp, ReplyReader

_BLOCK: Final = 64 * 1024
_NO_SMTPUTF8: Final = Reply.of(553, "5.6.7 the relay does not carry non-ASCII addresses")
_UNASKED: Final = "the relay sent a reply that nobody asked for"


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A reply that is owed to us: the phase until then, the seconds it may take, and who hears it."""

    phase: Phase
    seconds: float
    hear: Callable[[Heard], None]
    late: str = "the relay did not answer in time"


class Ending(NamedTuple):
    """A parcel and how its attempt ended.

    `stale`: a relay may close an idle connection at any time, and it had. Nothing was handed over: the parcel
    is to be sent on a new connection, and this is no attempt.
    """

    parcel: Parcel
    attempt: Attempt
    stale: bool


class Conversation:
    """Tell it what happens: connected(), received(), encrypted(), (un)blocked(), timed_out(), lost().

    After each of these, and after send() and quit(): write what to_write() gives until it gives nothing, then
    look at `wants_tls`, `over`, `turn` and take_ending().
    """

    def __init__(self, relay: Relay, timeouts: Timeouts) -> None:
        self._relay, self._timeouts = relay, timeouts
        self.over = False  # nothing more will be said: close the connection, and write nothing that is left
        self.wants_tls = False  # until encrypted() or lost() tells how it went
        self.turn = 0  # changes whenever a wait begins anew

        self._replies = ReplyReader()
        self._script: Script | None = None  # the introduction, while it lasts
        self._offers: Offers = {}
        self._pipelining = self._chunking = False
        self._blocked = False  # what was written has not all left this process
        self._leaving = False
        self._unfinished = False  # the relay holds a MAIL that only RSET or a message clears
        self._in_swing = False  # it has taken a message just now: all is well, and it is there

        self._parcel: Parcel | None = None
        self._ending: Ending | None = None
        self._reused = False  # the parcel is not this connection's first
        self._commands: list[tuple[_Awaited, str]] = []  # not yet said
        self._output = b""  # said, not yet written
        self._body: bytes | None = None  # of DATA or BDAT, while it is not all written
        self._sent = 0  # octets of it
        self._last_sent = False  # the octets that make the relay take the message were written
        self._refusal: Attempt | None = None  # of MAIL or RCPT, while replies to what followed are owed

        late = f"cannot connect to {relay.host} port {relay.port}: timed out"
        self._awaited = deque([_Awaited(Phase.CONNECT, timeouts.connect, self._heard_unasked, late)])
        self._rset = _Awaited(Phase.MAIL, timeouts.command, self._heard_rset)
        self._mail = _Awaited(Phase.MAIL, timeouts.command, self._heard_mail)
        self._rcpt = _Awaited(Phase.RCPT, timeouts.command, self._heard_rcpt)
        self._data = _Awaited(Phase.DATA, timeouts.data, self._heard_data)
        self._early = _Awaited(Phase.DATA, timeouts.data, self._heard_early)
        self._last = _Awaited(Phase.DOT, timeouts.dot, self._heard_last)
        self._goodbye = _Awaited(Phase.MAIL, timeouts.quit, self._heard_goodbye)

    # --- What is asked of it

    @property
    def idle(self) -> bool:
        """Whether the connection is open and has nothing to do."""
        return not (self.over or self._leaving or self._parcel or self._awaited)

    @property
    def ended(self) -> bool:
        """Whether take_ending() has something to give."""
        return self._ending is not None

    @property
    def wait(self) -> float:
        """Seconds from the moment `turn` changed until timed_out() is due."""
        if self._blocked:
            return self._timeouts.block
        if self._awaited:
            return self._awaited[0].seconds
        return self._timeouts.rest if self._in_swing else self._timeouts.idle

    def send(self, parcel: Parcel) -> None:
        """Take a parcel: while idle, or as the first one, before the connection is open."""
        self._parcel = parcel
        if not self._awaited:
            self._reused = True
            self._begin(parcel)

    def quit(self) -> None:
        """Say goodbye as soon as nothing is on its way."""
        self._leaving = True
        if self._parcel is None and not self._awaited:
            self._say_goodbye()

    def to_write(self) -> bytes:
        """Octets to write now; call again until there are none. Here may_send() is asked."""
        if self._blocked or self.over:
            return b""
        if self._body is not None and self._parcel is not None:
            # A relay that speaks before its turn is heard out before it gets the message.
            return b"" if self._replies.pending else self._next_of_body(self._parcel, self._body)
        octets, self._output = self._output, b""
        return octets

    def take_ending(self) -> Ending | None:
        """How the parcel ended, once; None while it has not."""
        ending, self._ending = self._ending, None
        return ending

    # --- What happens to it

    def connected(self, address: str) -> None:
        """The connection is open, and `address` is our end of it."""
        self._awaited.clear()
        self._script = introduce(self._relay, address, self._timeouts)
        self._introduce(self._script)

    def received(self, octets: bytes) -> None:
        if self.over:
            return
        self._replies.feed(octets)
        try:
            if self.wants_tls:
                raise self._trouble("the relay sent data between STARTTLS and the handshake")
            while not self.over and (heard := self._replies.next()) is not None:
                self._hear(heard)
            if not self._awaited and self._replies.pending:
                raise self._trouble(_UNASKED)
        except NotSmtp as error:
            self.lost(str(error))
        except Ended as ended:
            self._close(ended.attempt)

    def encrypted(self) -> None:
        """The TLS handshake is done and the relay's certificate is good."""
        if self._script is not None and self.wants_tls:
            self.wants_tls = False
            self._awaited.clear()
            self._introduce(self._script)

    def blocked(self) -> None:
        """What was written has not all left this process: the relay does not read as fast as we write."""
        self._blocked = True
        self.turn += 1

    def unblocked(self) -> None:
        self._blocked = False
        self.turn += 1

    def lost(self, why: str) -> None:
        """There is no connection, or no TLS on it, or no sense in it."""
        if not self.over:
            self._close(self._trouble(why).attempt)

    def timed_out(self) -> None:
        """`wait` seconds have gone by since `turn` changed."""
        if self._blocked:
            self.lost("the relay does not read what it is sent")
        elif self._awaited:
            self.lost(self._awaited[0].late)
        elif self._in_swing:
            self._in_swing = False
            self.turn += 1
        elif not self.over:
            self._say_goodbye()

    # --- The introduction

    def _introduce(self, script: Script, heard: Heard | None = None) -> None:
        try:
            turn = next(script) if heard is None else script.send(heard)
        except StopIteration as done:
            self._script, self._offers = None, done.value
            self._pipelining, self._chunking = "PIPELINING" in self._offers, "CHUNKING" in self._offers
            if self._parcel is not None:
                self._begin(self._parcel)
        except Ended as ended:
            self._close(ended.attempt)
        else:
            self._take_turn(script, turn)

    def _take_turn(self, script: Script, turn: Turn) -> None:
        if turn.tls:
            self._awaited.append(
                _Awaited(turn.phase, turn.seconds, self._heard_unasked, "TLS failed: timed out")
            )
            self.wants_tls = True
            if self._replies.pending:
                self.lost("the relay sent data between STARTTLS and the handshake")
        else:
            awaited = _Awaited(turn.phase, turn.seconds, lambda heard: self._introduce(script, heard))
            if turn.line is None:
                self._awaited.append(awaited)
            else:
                self._say((awaited, turn.line))
        self.turn += 1

    # --- A message

    def _begin(self, parcel: Parcel) -> None:
        envelope, parameters = parcel.envelope, ""
        if envelope.needs_smtputf8:
            if not {"SMTPUTF8", "8BITMIME"} <= self._offers.keys():
                return self._end(parcel, Attempt(Phase.RCPT, reply=_NO_SMTPUTF8))
            parameters = " BODY=8BITMIME SMTPUTF8"
        self._commands = [
            (self._mail, f"MAIL FROM:<{envelope.return_path}>{parameters}"),
            (self._rcpt, f"RCPT TO:<{envelope.recipient}>"),
        ]
        if self._unfinished:
            self._commands.insert(0, (self._rset, "RSET"))
        if not self._chunking:
            self._commands.append((self._data, "DATA"))
        self._say_next()
        # Everything in one write, but only to a relay that is there and has not just refused somebody.
        if self._in_swing and self._chunking and self._pipelining and len(parcel.message) <= _BLOCK:
            self._start_body(parcel)
        return None

    def _say_next(self) -> None:
        """Say the next command, or with PIPELINING all of them."""
        count = len(self._commands) if self._pipelining else 1
        now, self._commands = self._commands[:count], self._commands[count:]
        self._say(*now)

    def _say(self, *commands: tuple[_Awaited, str]) -> None:
        self._awaited.extend([awaited for awaited, _ in commands])
        if self._replies.pending:
            return self.lost(_UNASKED)
        self._output = "".join([f"{line}\r\n" for _, line in commands]).encode()
        self.turn += 1
        return None

    def _start_body(self, parcel: Parcel) -> None:
        if self._chunking:
            self._output += b"BDAT %d LAST\r\n" % len(parcel.message)
            self._body = parcel.message
        else:
            message = parcel.message if parcel.canonical else _stuffed(parcel.message)
            self._body = message + b".\r\n"
        self._awaited.append(self._early)

    def _next_of_body(self, parcel: Parcel, body: bytes) -> bytes:
        """Everything that is left, or a block of it; the next one only when this one has left."""
        end = self._sent + _BLOCK
        if end >= len(body):
            if not parcel.may_send():
                self._abandon(parcel)
                return self.to_write()
            self._last_sent, self._body = True, None
            self._awaited[-1] = self._last  # in the place of self._early
        octets = self._output + body[self._sent : end]
        self._output, self._sent = b"", end
        self.turn += 1
        return octets

    def _abandon(self, parcel: Parcel) -> None:
        attempt = Attempt(self._awaited[0].phase, abandoned=True)
        if self._sent or not self._chunking:
            return self._close(attempt)  # within a message, going away is the only way to say no
        self._output = b""
        self._awaited.clear()
        return self._end(parcel, attempt)

    # --- Hearing replies

    def _hear(self, heard: Heard) -> None:
        """Give a reply to the first who waits for one. Raises Ended when there is nothing more to say."""
        self.turn += 1
        if not self._awaited:
            raise self._trouble(_UNASKED)
        awaited = self._awaited.popleft()
        if awaited is self._last and self._blocked:
            awaited = self._early  # it has not got the message, whatever it says
        if heard.code == 421:
            raise Ended(Attempt(awaited.phase, reply=heard.reply))
        awaited.hear(heard)
        if self._parcel is not None and not self._awaited and not self.over:
            self._go_on(self._parcel)

    def _go_on(self, parcel: Parcel) -> None:
        """All that was said is answered."""
        if self._refusal is not None:
            self._end(parcel, self._refusal)
        elif self._commands:
            self._say_next()
        else:
            self._start_body(parcel)

    def _heard_unasked(self, _: Heard) -> None:
        raise self._trouble(_UNASKED)

    def _heard_rset(self, heard: Heard) -> None:
        expect(Phase.MAIL, heard, 250)
        self._unfinished = False

    def _heard_mail(self, heard: Heard) -> None:
        if heard.code == 250:
            self._unfinished = True
        else:
            self._refused(Phase.MAIL, heard)

    def _heard_rcpt(self, heard: Heard) -> None:
        if heard.code not in (250, 251):
            self._refused(Phase.RCPT, heard)

    def _heard_data(self, heard: Heard) -> None:
        if heard.code != 354:
            self._refused(Phase.DATA, heard)
        elif self._refusal is None and self._parcel is not None:
            self._start_body(self._parcel)
        elif self._refusal is not None and self._refusal.phase is Phase.RCPT:
            # It waits for a message to nobody (RFC 2920, 3.1): an empty one, whose answer means nothing.
            self._awaited.append(self._last)
            self._output = b".\r\n"
        else:
            raise self._trouble(f"the relay refused MAIL and wants the message: {heard.reply}")

    def _heard_early(self, heard: Heard) -> None:
        """The relay has not got the whole message: whatever it says, it cannot have taken it."""
        expect(Phase.DATA, heard)

    def _heard_last(self, heard: Heard) -> None:
        taken = 200 <= heard.code < 300
        if taken or not self._chunking:
            self._unfinished = False  # a BDAT that failed leaves its MAIL behind (RFC 3030, 2)
        if self._refusal is not None:
            if taken and self._refusal.phase is Phase.MAIL:
                self._refusal = None
                raise self._trouble(f"the relay refused MAIL and took the message: {heard.reply}")
        elif 300 <= heard.code < 400:
            raise Ended(Attempt(Phase.DOT, reply=heard.reply))
        elif self._parcel is not None:
            self._end(self._parcel, Attempt(Phase.DOT, reply=heard.reply))

    def _heard_goodbye(self, _: Heard) -> None:
        self.over = True

    # --- Endings

    def _refused(self, phase: Phase, heard: Heard) -> None:
        """Remember the first refusal; replies to what was said along with it are still to come."""
        if heard.code < 400:
            error = f"the relay's reply makes no sense here: {heard.reply}"
            raise Ended(Attempt(self._standing(phase), error=error))
        if self._refusal is None:
            self._refusal = Attempt(phase, reply=heard.reply)
        self._commands = []

    def _trouble(self, error: str) -> Ended:
        phase = self._awaited[0].phase if self._awaited else Phase.MAIL
        return Ended(Attempt(self._standing(phase), error=error))

    def _standing(self, phase: Phase) -> Phase:
        """The phase of an attempt that ends while the reply of `phase` is owed, and nobody knows more."""
        if self._last_sent and not self._blocked and self._refusal is None:
            return Phase.DOT
        return Phase.DATA if phase is Phase.DOT else phase

    def _close(self, attempt: Attempt) -> None:
        self.over = True
        if self._parcel is not None:
            self._end(self._parcel, self._refusal or attempt)

    def _end(self, parcel: Parcel, attempt: Attempt) -> None:
        stale = self.over and self._reused and attempt.phase is Phase.MAIL
        self._ending = Ending(parcel, attempt, stale)
        self._in_swing = attempt.accepted
        self._parcel = self._refusal = self._body = None
        self._sent, self._last_sent = 0, False
        if self._leaving and not self.over:
            self._say_goodbye()

    def _say_goodbye(self) -> None:
        self._say((self._goodbye, "QUIT"))


def _stuffed(message: bytes) -> bytes:
    """Double the dot at the beginning of a line (RFC 5321, 4.5.2)."""
    return (b"." if message.startswith(b".") else b"") + message.replace(b"\r\n.", b"\r\n..")
