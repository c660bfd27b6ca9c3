"""A relay without a network: keeps what it is given, and answers what it is told to."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sender.transport import Attempt, Envelope, Parcel, Phase, Reply, Report, check_line_ends

ACCEPTED: Final = Attempt(Phase.DOT, reply=Reply(250, "2.0.0", "kept in memory"))


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message that arrived."""

    envelope: Envelope
    message: bytes


class MemoryRelay:
    """Accepts everything, but for recipients whose next answers were given by answer().

    `usual` is what it answers to all others; a relay that is ill answers everybody alike.
    """

    def __init__(self) -> None:
        self.delivered: list[Delivered] = []
        self.usual = ACCEPTED
        self._answers: defaultdict[str, deque[tuple[Attempt, bool]]] = defaultdict(deque)

    def answer(self, recipient: str, attempt: Attempt, *, arrives: bool = False) -> None:
        """Let a delivery to `recipient` end in `attempt`; given several, each is used once, in order.

        `arrives`: whether the message is there all the same, as after a drop at the dot.
        """
        self._answers[recipient].append((attempt, arrives))

    def take(self, envelope: Envelope, message: bytes, may_send: Callable[[], bool]) -> Attempt:
        answers = self._answers[envelope.recipient]
        attempt, arrives = answers.popleft() if answers else (self.usual, False)
        if _reaches_the_message(attempt) and not may_send():
            return Attempt(Phase.DATA, abandoned=True)
        if attempt.accepted or arrives:
            self.delivered.append(Delivered(envelope, message))
        return attempt


class MemoryTransport(MemoryRelay):
    """The relay as a Transport."""

    closed = False

    def deliver(self, envelope: Envelope, message: bytes, before_dot: Callable[[], bool]) -> Attempt:
        check_line_ends(message)
        return self.take(envelope, message, before_dot)

    def close(self) -> None:
        self.closed = True


class MemoryPool:
    """A Pool of `size` that hands over to `relay`, and reports as soon as the event loop comes round."""

    def __init__(self, size: int, report: Report, relay: MemoryRelay | None = None) -> None:
        self.relay = relay or MemoryRelay()
        self.closed = False
        self._report = report
        self._free = self._size = size

    @property
    def free(self) -> int:
        return 0 if self.closed else self._free

    def send(self, parcel: Parcel) -> None:
        if not self.free:
            raise RuntimeError("no connection is free, or the pool is closed")
        check_line_ends(parcel.message)
        self._free -= 1
        asyncio.get_running_loop().call_soon(self._carry, parcel)

    async def close(self, seconds: float = 30) -> None:
        self.closed = True
        while self._free < self._size:
            await asyncio.sleep(0)

    def _carry(self, parcel: Parcel) -> None:
        attempt = self.relay.take(parcel.envelope, parcel.message, parcel.may_send)
        self._free += 1
        self._report(parcel, attempt)


def _reaches_the_message(attempt: Attempt) -> bool:
    """Whether the relay had said 354: a refused DATA has not come so far, a connection lost in it has."""
    return attempt.phase is Phase.DOT or (attempt.phase is Phase.DATA and attempt.reply is None)
