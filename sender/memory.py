"""A transport without a network: keeps what it is given, and answers what it is told to."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sender.transport import Attempt, Envelope, Phase, Reply, check_line_ends

ACCEPTED: Final = Attempt(Phase.DOT, reply=Reply(250, "2.0.0", "kept in memory"))


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message that arrived."""

    envelope: Envelope
    message: bytes


class MemoryTransport:
    """Accepts everything, but for recipients whose next answers were given by answer()."""

    def __init__(self) -> None:
        self.delivered: list[Delivered] = []
        self.closed = False
        self._answers: defaultdict[str, deque[tuple[Attempt, bool]]] = defaultdict(deque)

    def answer(self, recipient: str, attempt: Attempt, *, arrives: bool = False) -> None:
        """Let a delivery to `recipient` end in `attempt`; given several, each is used once, in order.

        `arrives`: whether the message is there all the same, as after a drop at the dot.
        """
        self._answers[recipient].append((attempt, arrives))

    def deliver(self, envelope: Envelope, message: bytes, before_dot: Callable[[], bool]) -> Attempt:
        check_line_ends(message)
        answers = self._answers[envelope.recipient]
        attempt, arrives = answers.popleft() if answers else (ACCEPTED, True)
        if _reaches_the_message(attempt) and not before_dot():
            return Attempt(Phase.DATA, abandoned=True)
        if attempt.accepted or arrives:
            self.delivered.append(Delivered(envelope, message))
        return attempt

    def close(self) -> None:
        self.closed = True


def _reaches_the_message(attempt: Attempt) -> bool:
    """Whether the relay had said 354: a refused DATA has not come so far, a connection lost in it has."""
    return attempt.phase is Phase.DOT or (attempt.phase is Phase.DATA and attempt.reply is None)
