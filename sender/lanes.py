"""Each relay as one sender uses it: its pool, its breaker, and what is to go through it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sender.breaker import CLOSED, LONGEST_REST
from sender.claiming import Claim
from sender.letters import Letter
from sender.replies import Verdict
from sender.throttle import NO_LIMITS, Limits
from sender.transport import Attempt, Parcel, Pool, Report


@dataclass(frozen=True, slots=True)
class Route:
    """A relay that mail may go through, by its name in the settings."""

    name: str
    open_pool: Callable[[Report], Pool]
    limits: Limits = NO_LIMITS


class Lane:
    """One route in use. `hear` is told how each of its parcels ended."""

    def __init__(self, route: Route, hear: Callable[["Lane", Parcel, Attempt], None]) -> None:
        self.name = route.name
        self.breaker = CLOSED
        self.paused = False  # by a person
        self.waiting: deque[Claim] = deque()
        self.written: deque[Letter] = deque()
        self.under_way = 0
        self.pool = route.open_pool(lambda parcel, attempt: hear(self, parcel, attempt))
        self.size = self.pool.free

    @property
    def is_busy(self) -> bool:
        return bool(self.waiting or self.written or self.under_way)

    def may_send(self, now: datetime) -> bool:
        return not self.paused and self.breaker.lets_pass(now)

    def rest(self, now: datetime) -> timedelta:
        """How long the relay is still left alone; while it is paused, when to look again."""
        if self.paused:
            return LONGEST_REST
        return self.breaker.rest(now)

    def window(self, now: datetime) -> list[Letter]:
        """The letters that may go now, as many as connections are free; one alone after a rest."""
        free = self.pool.free
        if self.breaker.is_half_open(now):
            free = min(free, 1 - self.under_way)
        return [self.written.popleft() for _ in range(min(free, len(self.written)))]

    def send(self, parcel: Parcel) -> None:
        self.under_way += 1
        self.pool.send(parcel)

    def heard(self, verdict: Verdict, now: datetime) -> bool:
        """Take in how a parcel ended. Returns whether it tells all nodes something about the relay."""
        self.under_way -= 1
        before, self.breaker = self.breaker, self.breaker.after(verdict, now)
        return self.breaker is not before or verdict.throttle

    def clear(self) -> list[Claim]:
        """Take back what has not been handed over."""
        untried = [*(one.claim for one in self.written), *self.waiting]
        self.waiting.clear()
        self.written.clear()
        return untried
