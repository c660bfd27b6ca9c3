"""Each relay as one sender uses it: its pool, its breaker, and what is to go through it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sender.breaker import CLOSED
from sender.claiming import Claim
from sender.letters import Letter
from sender.replies import Verdict
from sender.transport import Attempt, Parcel, Pool, Report


@dataclass(frozen=True, slots=True)
class Route:
    """A relay that mail may go through, by its name in the settings."""

    name: str
    open_pool: Callable[[Report], Pool]


class Lane:
    """One route in use. `hear` is told how each of its parcels ended."""

    def __init__(self, route: Route, hear: Callable[["Lane", Parcel, Attempt], None]) -> None:
        self.name = route.name
        self.breaker = CLOSED
        self.waiting: deque[Claim] = deque()
        self.written: deque[Letter] = deque()
        self.under_way = 0
        self.pool = route.open_pool(lambda parcel, attempt: hear(self, parcel, attempt))
        self.size = self.pool.free

    @property
    def is_busy(self) -> bool:
        return bool(self.waiting or self.written or self.under_way)

    def may_send(self, now: datetime) -> bool:
        return self.breaker.lets_pass(now)

    def rest(self, now: datetime) -> timedelta:
        """How long the relay is still left alone."""
        until = self.breaker.open_until
        return max(until - now, timedelta()) if until else timedelta()

    def window(self, now: datetime) -> list[Letter]:
        """The letters that may go now, as many as connections are free; one alone after a rest."""
        free = self.pool.free
        if self.breaker.is_half_open(now):
            free = min(free, 1 - self.under_way)
        return [self.written.popleft() for _ in range(min(free, len(self.written)))]

    def send(self, parcel: Parcel) -> None:
        self.under_way += 1
        self.pool.send(parcel)

    def heard(self, verdict: Verdict, now: datetime) -> None:
        """Take in how a parcel ended."""
        self.under_way -= 1
        self.breaker = self.breaker.after(verdict, now)

    def clear(self) -> list[Claim]:
        """Take back what has not been handed over."""
        untried = [*(one.claim for one in self.written), *self.waiting]
        self.waiting.clear()
        self.written.clear()
        return untried
