"""What is wrong with sending just now, in numbers: sends held, messages waiting, in doubt, or failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sender import instance
from sender.models import Delivery, State, is_in

LATELY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that a relay put off: how many, when the next is tried, and what one relay said."""

    count: int
    next_try: datetime
    reply: str


@dataclass(frozen=True, slots=True)
class Troubles:
    held: str | None  # why nothing at all is sent
    waiting: Waiting | None
    in_doubt: int  # may have arrived; a person decides
    failed: int  # for good, since a day ago
    failed_reply: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """How messages that were tried ended, and how many of those that did not arrive."""

    accepted: int
    ended: int

    @property
    def share(self) -> float:
        return self.accepted / self.ended if self.ended else 0.0


def troubles(session: Session, now: datetime) -> Troubles:
    lost = (Delivery.state.in_((State.FAILED, State.EXPIRED)), Delivery.finished_at > now - LATELY)
    failed = session.scalar(select(func.count()).where(*lost)) or 0
    example = select(Delivery.reply).where(*lost).order_by(Delivery.finished_at.desc()).limit(1)
    doubts = select(func.count()).where(is_in(State.UNKNOWN), Delivery.finished_at.is_(None))
    return Troubles(
        held=instance.why_held(session),
        waiting=_waiting(session),
        in_doubt=session.scalar(doubts) or 0,
        failed=failed,
        failed_reply=(session.scalar(example) or "") if failed else "",
    )


def delivered(session: Session, since: datetime, until: datetime) -> Delivered:
    """Of the messages that ended in a span of time; what was called back was never tried."""
    counts = {}
    for state in (State.ACCEPTED, State.FAILED, State.EXPIRED):
        ended = (is_in(state), Delivery.finished_at >= since, Delivery.finished_at < until)
        counts[state] = session.scalar(select(func.count()).where(*ended)) or 0
    return Delivered(counts[State.ACCEPTED], sum(counts.values()))


def _waiting(session: Session) -> Waiting | None:
    deferred = is_in(State.DEFERRED)
    count = session.scalar(select(func.count()).where(deferred)) or 0
    if not count:
        return None
    first = select(Delivery.due_at, Delivery.reply).where(deferred).order_by(Delivery.due_at).limit(1)
    next_try, reply = session.execute(first).one()
    return Waiting(count, next_try, reply)
