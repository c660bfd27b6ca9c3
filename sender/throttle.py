"""How fast a relay, and one recipient domain at it, may be sent to: rates, daily caps, warm-up plans. Pure.

The counts behind them stand in the database, shared by all nodes (sender/metering.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import ceil, floor
from typing import Final

BURST: Final = timedelta(seconds=10)  # a sender looks every few seconds, and may then catch up
LONGEST_QUEUE: Final = timedelta(
    minutes=15
)  # by then the rate may be another, so nobody is told a later moment

UNLIMITED: Final = 20.0  # a second: what a domain without a limit is taken to have had when it complains
SLOWEST: Final = 1 / 60  # a second
RECOVERY: Final = timedelta(hours=4)  # from nothing back to the full rate, if nothing is throttled meanwhile
ONE_WARNING: Final = timedelta(minutes=1)  # what is throttled within it was on its way already

_ROUNDING: Final = 0.001  # of a token: moments are whole microseconds

# Domains whose mail one provider takes: it counts us as one sender, so we count it as one domain.
_PROVIDERS: Final = {
    "googlemail.com": "gmail.com",
    **dict.fromkeys(("hotmail.com", "live.com", "msn.com"), "outlook.com"),
    **dict.fromkeys(("aol.com", "ymail.com", "rocketmail.com"), "yahoo.com"),
    **dict.fromkeys(("me.com", "mac.com"), "icloud.com"),
    **dict.fromkeys(("protonmail.com", "pm.me"), "proton.me"),
}


def domain_of(address: str) -> str:
    """The recipient domain that an address counts for: in lower case, a provider's by its best-known name."""
    domain = address.rpartition("@")[2].lower()
    return _PROVIDERS.get(domain, domain)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What a new relay may take: so many on its first day, and by a factor more on each that follows.

    Only days on which something is sent count: a reputation does not grow while nothing is seen.
    """

    first: int
    growth: float = 1.5

    def allowance(self, day: int) -> int:
        """The messages of the day-th day of sending; the first is 1."""
        return floor(self.first * self.growth ** min(day - 1, 100))


@dataclass(frozen=True, slots=True)
class Limits:
    """A relay's share of the load, and what it may take; None: as much as it can."""

    weight: int = 1
    per_second: float | None = None
    per_day: int | None = None
    warm_up: WarmUp | None = None

    @property
    def are_set(self) -> bool:
        return (self.per_second, self.per_day, self.warm_up) != (None, None, None)

    def allowance(self, day: int) -> int | None:
        """The messages of the day-th day of sending."""
        caps = [self.per_day, self.warm_up.allowance(day) if self.warm_up else None]
        return min((cap for cap in caps if cap is not None), default=None)


NO_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class DomainRates:
    """Messages a second to one recipient domain, at each relay: its own rate, or that of all; None: any."""

    default: float | None = None
    own: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.default is not None or bool(self.own)

    def of(self, domain: str) -> float | None:
        return self.own.get(domain, self.default)


@dataclass(frozen=True, slots=True)
class Slowdown:
    """A rate that was learned from a domain's complaint, and when."""

    rate: float
    at: datetime

    def now(self, normal: float | None, now: datetime) -> float | None:
        """The rate by now: it rises evenly. `normal` is the one without complaints; None: any."""
        full = UNLIMITED if normal is None else normal
        risen = self.rate + full * max((now - self.at) / RECOVERY, 0)
        return min(risen, full) if risen < full else normal

    def is_over(self, normal: float | None, now: datetime) -> bool:
        return self.now(normal, now) == normal


def slowed(known: Slowdown | None, normal: float | None, now: datetime) -> Slowdown:
    """Halve a domain's rate, as it says that we are too fast. Complaints that come together halve it once."""
    if known is not None and now - known.at < ONE_WARNING:
        return known
    rate = known.now(normal, now) if known else normal
    return Slowdown(max((UNLIMITED if rate is None else rate) / 2, SLOWEST), now)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket as its one moment: when it is full again (the generic cell rate algorithm, ITU-T I.371).

    It holds what its rate gives in BURST, and one token at least. `queue_until`: when the last of those gets
    its token that were told to wait.
    """

    full_at: datetime
    queue_until: datetime

    def tokens(self, rate: float, now: datetime) -> int:
        """How many may go now."""
        level = _size(rate) - (self._full(rate, now) - now).total_seconds() * rate
        return max(floor(level + _ROUNDING), 0)

    def take(self, count: int, rate: float, now: datetime) -> "Bucket":
        """The bucket after `count` have gone, no more than tokens(); a negative count puts them back."""
        # Rounded against the sender, so that no sum of roundings is a message too many.
        spent = timedelta(microseconds=ceil(count / rate * 1e6))
        return Bucket(self._full(rate, now) + spent, self.queue_until)

    def _full(self, rate: float, now: datetime) -> datetime:
        """When it is full, not before now. A moment too far off for any rate is of a clock that was wrong."""
        slowest = min(rate, SLOWEST)
        return max(self.full_at, now) if self.full_at - now <= timedelta(seconds=2 / slowest) else now

    def queue(self, rate: float, now: datetime) -> "Bucket":
        """The bucket after one more was told to wait, until its `queue_until`."""
        empty_at = self._full(rate, now) - timedelta(seconds=_size(rate) / rate)
        turn = max(empty_at, self.queue_until) + timedelta(microseconds=ceil(1e6 / rate) + 1)
        return Bucket(self.full_at, min(turn, now + LONGEST_QUEUE))


def _size(rate: float) -> float:
    return max(1.0, rate * BURST.total_seconds())


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FULL: Final = Bucket(EPOCH, EPOCH)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a relay has taken: on which day (UTC), the how-manieth of sending, and how many on it."""

    day: date
    days: int = 0
    used: int = 0

    def at(self, now: datetime) -> "Tally":
        """The tally as it stands now: a day on which nothing was sent is as if it had not been.

        A clock that is set back over midnight counts on; a day further off is one that never was.
        """
        today = now.astimezone(UTC).date()
        if self.days and today <= self.day <= today + timedelta(days=1):
            return self
        return Tally(today, self.days + 1 if self.used else max(self.days, 1))

    def room(self, limits: Limits, now: datetime) -> int | None:
        """How many more may go today; None: any."""
        today = self.at(now)
        allowance = limits.allowance(today.days)
        return None if allowance is None else max(allowance - today.used, 0)


NOTHING_YET: Final = Tally(EPOCH.date())


def next_day(now: datetime) -> datetime:
    """When the daily caps begin anew: midnight UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
