"""A relay that is unwell is left alone for a while: 1, 2, 4 ... 30 minutes. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sender.replies import Verdict

FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed, open until a moment, or, from then until a good answer, half open: one message tries first."""

    open_until: datetime | None = None
    rests: int = 0  # in a row
    why: str = ""

    def lets_pass(self, now: datetime) -> bool:
        """Whether the relay may be used."""
        return not self.rest(now)

    def is_half_open(self, now: datetime) -> bool:
        return self.open_until is not None and self.lets_pass(now)

    def rest(self, now: datetime) -> timedelta:
        """How long the relay is still left alone. A rest longer than any is of a clock that was wrong."""
        rest = max(self.open_until - now, timedelta()) if self.open_until else timedelta()
        return rest if rest <= LONGEST_REST else timedelta()

    def after(self, verdict: Verdict, now: datetime) -> "Breaker":
        """The breaker once an attempt has told something about the relay, or itself if it has not.

        What ends during a rest began before it, and says nothing new. A refusal of our account or set-up
        rests the longest at once: only a person can mend it, and a wrong password tried often locks it.
        """
        if not self.lets_pass(now):
            return self
        if verdict.pause_send:
            return Breaker(now + LONGEST_REST, self.rests + 1, verdict.reason)
        if verdict.relay_trouble:
            rest = FIRST_REST * 2 ** min(self.rests, 5)
            return Breaker(now + min(rest, LONGEST_REST), self.rests + 1, verdict.reason)
        return CLOSED if verdict.relay_well else self


CLOSED = Breaker()
