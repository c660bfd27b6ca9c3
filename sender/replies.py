"""What a delivery attempt means: its outcome and its consequences. Pure."""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from sender.transport import Attempt, Phase, Reply

NO_SUCH_MAILBOX: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
_MAILBOX_FULL: Final = "5.2.2"
_THROTTLED: Final = re.compile(r"rate.?limit|throttl|too (?:many|fast|much)|slow down", re.IGNORECASE)
_BEFORE_ENVELOPE: Final = frozenset({Phase.CONNECT, Phase.EHLO, Phase.STARTTLS, Phase.AUTH})
_OUR_FAULT: Final = frozenset({Phase.EHLO, Phase.AUTH, Phase.MAIL})
_CONTENT: Final = frozenset({Phase.DATA, Phase.DOT})


class Outcome(StrEnum):
    ACCEPTED = "accepted"  # the relay has taken responsibility for the message
    DEFERRED = "deferred"  # certainly not delivered; try again
    FAILED = "failed"  # refused for good
    UNKNOWN = "unknown"  # the final dot went out and no clear answer came back
    ABANDONED = "abandoned"  # before_dot() said no; nothing was delivered


class Verdict(NamedTuple):
    """An outcome and its consequences; each flag is an order to somebody else."""

    outcome: Outcome
    reason: str
    pause_send: bool = False  # our own account or set-up is refused: stop, no recipient is to blame
    suppress: bool = False  # this mailbox does not exist: never write to it again
    soft: bool = False  # the mailbox's own trouble: one soft bounce, once nothing more is tried
    policy: bool = False  # refused for what we are or what we sent: counts towards the send's breaker
    relay_trouble: bool = False  # its breaker opens; the message is not charged an attempt
    relay_well: bool = False  # it answered as it should: its breaker closes
    throttle: bool = False  # too fast for this domain: halve its rate

    @property
    def is_untried(self) -> bool:
        """Whether it ended before the relay had anything to do with the message."""
        return self.relay_trouble or self.pause_send or self.outcome is Outcome.ABANDONED


def judge(attempt: Attempt) -> Verdict:
    """Return what `attempt` means for the message, its recipient, the send and the relay."""
    reply = attempt.reply
    reason = attempt.error or str(reply or "") or "abandoned"
    if attempt.abandoned:
        return Verdict(Outcome.ABANDONED, reason)
    if reply is None or not (attempt.accepted or 400 <= reply.code < 600):
        if attempt.phase is Phase.DOT:
            return Verdict(Outcome.UNKNOWN, reason)
        return Verdict(Outcome.DEFERRED, reason, relay_trouble=attempt.phase in _BEFORE_ENVELOPE)
    if attempt.accepted:
        return Verdict(Outcome.ACCEPTED, reason, relay_well=True)
    if reply.code < 500:
        return _temporary(attempt.phase, reply, reason)
    return _permanent(attempt.phase, reply, reason)


def _temporary(phase: Phase, reply: Reply, reason: str) -> Verdict:
    trouble = reply.code == 421 or phase in _BEFORE_ENVELOPE
    throttle = (reply.enhanced or "").startswith("4.7.") or bool(_THROTTLED.search(reply.text))
    return Verdict(
        Outcome.DEFERRED,
        reason,
        soft=phase is Phase.RCPT and not trouble and not throttle,
        relay_trouble=trouble,
        relay_well=not trouble,
        throttle=throttle,
    )


def _permanent(phase: Phase, reply: Reply, reason: str) -> Verdict:
    if phase in _OUR_FAULT:
        return Verdict(Outcome.DEFERRED, reason, pause_send=True)
    if phase in _BEFORE_ENVELOPE:
        return Verdict(Outcome.DEFERRED, reason, relay_trouble=True)
    enhanced = reply.enhanced or ""
    if phase in _CONTENT:
        return Verdict(Outcome.FAILED, reason, policy=True, relay_well=True)
    return Verdict(
        Outcome.FAILED,
        reason,
        suppress=enhanced in NO_SUCH_MAILBOX,
        soft=enhanced == _MAILBOX_FULL or (reply.code == 552 and not enhanced),
        policy=enhanced.startswith("5.7."),
        relay_well=True,
    )
