"""A Conversation and a scripted Session that hear each other in memory; what waits, waits no time at all."""

import asyncio
from collections.abc import Callable, Iterator

from scripted_smtp import Script, Session, Step

from sender.conversation import Conversation, Ending
from sender.relay import Relay, Timeouts
from sender.replies import judge
from sender.transport import Attempt, Envelope, Parcel, Report

ENVELOPE = Envelope("b+7-abc@bounces.example.org", "robin@example.net")
MESSAGE = b"Subject: hello\r\n\r\n.\r\n..two\r\nMAIL FROM:<x@y>\r\n.\r\n"
LOCAL = Relay("127.0.0.1", 25, security="none")
TIMEOUTS = Timeouts()

Split = Callable[[bytes], list[bytes]]


def flags(attempt: Attempt) -> set[str]:
    """The orders that the verdict on an attempt gives."""
    verdict = judge(attempt)
    names = ("pause_send", "suppress", "soft", "policy", "relay_trouble", "throttle")
    return {name for name in names if getattr(verdict, name)}


class Talk:
    """Delivers one parcel after the other, as a pool of one connection does, and keeps what came of it.

    `split`: in what pieces the server's octets arrive. `handshake`: why it fails; "" is a good one.
    """

    def __init__(
        self,
        script: Script,
        relay: Relay = LOCAL,
        split: Split = lambda octets: [octets],
        handshake: str = "",
    ) -> None:
        self.script, self.relay, self.split, self.handshake = script, relay, split, handshake
        self.waits: list[float] = []  # that ran out, in seconds
        self.writes: list[bytes] = []
        self.deaf = False  # the server neither hears nor speaks any more
        self.conversation: Conversation | None = None

    def deliver(
        self,
        message: bytes = MESSAGE,
        envelope: Envelope = ENVELOPE,
        may_send: Callable[[], bool] = lambda: True,
    ) -> Attempt:
        return self.carry(Parcel(envelope, message, may_send=may_send))

    def carry(self, parcel: Parcel) -> Attempt:
        ending = self.send(parcel)
        if ending.stale:
            assert self.conversation is not None
            assert self.conversation.over
            ending = self.send(parcel)
        assert not ending.stale
        return ending.attempt

    def send(self, parcel: Parcel) -> Ending:
        if self.conversation is None or self.conversation.over:
            self.open(parcel)
        else:
            self.conversation.send(parcel)
        self.run()
        assert self.conversation is not None
        ending = self.conversation.take_ending()
        assert ending is not None
        assert ending.parcel is parcel
        assert not self.conversation.ended
        return ending

    def open(self, parcel: Parcel) -> None:
        self.conversation = Conversation(self.relay, TIMEOUTS)
        self.session, self.deaf = Session(self.script), False
        self.conversation.send(parcel)
        self.conversation.connected("127.0.0.1")
        if self.relay.security != "tls":
            self.perform(iter([self.session.greet()]))

    def run(self) -> None:
        """Let both speak until the conversation is over or has nothing to do; silence ends by time-out."""
        talk = self.conversation
        assert talk is not None
        while not talk.over:
            wrote = False
            while octets := talk.to_write():
                self.writes.append(octets)
                wrote = True
                if not self.deaf and not talk.over:
                    self.perform(self.session.hear(octets))
            if talk.wants_tls:
                self.shake_hands(talk)
            elif talk.idle:
                return
            elif not wrote:
                self.waits.append(talk.wait)
                talk.timed_out()

    def shake_hands(self, talk: Conversation) -> None:
        if self.handshake:
            return talk.lost(self.handshake)
        self.session.encrypted = True
        talk.encrypted()
        if self.relay.security == "tls":
            self.perform(iter([self.session.greet()]))
        return None

    def perform(self, steps: Iterator[Step]) -> None:
        said, then = b"", "go on"
        for step in steps:
            said, then = said + step.octets, step.then
            if then != "go on":
                break
        talk = self.conversation
        assert talk is not None
        for piece in self.split(said):
            talk.received(piece)
        if then == "drop":
            talk.lost("the relay closed the connection")
        elif then == "reset":
            talk.lost("connection lost: Connection reset by peer")
        elif then in ("silence", "drip"):
            self.deaf = True
        if then == "drip":
            turn = talk.turn
            for _ in range(100):
                talk.received(b"x")
            assert talk.turn == turn, "a drip must not stretch the time-out"


class TalkingPool:
    """A Pool of one connection, which is a Talk. `passed` is told the seconds that were waited in vain."""

    def __init__(self, talk: Talk, report: Report, passed: Callable[[float], None]) -> None:
        self.talk, self._report, self._passed = talk, report, passed
        self.free = 1

    def send(self, parcel: Parcel) -> None:
        self.free = 0
        asyncio.get_running_loop().call_soon(self._carry, parcel)

    def _carry(self, parcel: Parcel) -> None:
        attempt = self.talk.carry(parcel)
        self._passed(sum(self.talk.waits))
        self.talk.waits.clear()
        self.free = 1
        self._report(parcel, attempt)

    async def close(self, seconds: float = 30) -> None:
        self.free = 0
