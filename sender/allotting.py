"""Which relay each delivery of a batch goes through, or until when it waits. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sender.throttle import FULL, NOTHING_YET, Bucket, DomainRates, Limits, Slowdown, Tally

OWN: Final = ""  # the domain of a relay's own bucket
BucketKey = tuple[str, str]  # a relay, and a recipient domain at it or OWN


class Shares:
    """Spreads the load by weight, evenly over any stretch (smooth weighted round robin)."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._weights = weights
        self._credit = dict.fromkeys(weights, 0)

    def pick(self, relays: Sequence[str]) -> str:
        """One of these; those that are left out hand their share to the others, and are owed nothing."""
        for relay in relays:
            self._credit[relay] += self._weights[relay]
        picked = max(relays, key=self._credit.__getitem__)
        self._credit[picked] -= sum(self._weights[relay] for relay in relays)
        return picked


@dataclass(slots=True)
class Allotment:
    """The counts of some relays as they stand `now`, and as they are once a batch has taken from them."""

    limits: Mapping[str, Limits]
    domains: DomainRates
    now: datetime
    tallies: dict[str, Tally] = field(default_factory=dict)
    buckets: dict[BucketKey, Bucket] = field(default_factory=dict)
    slowdowns: Mapping[BucketKey, Slowdown] = field(default_factory=dict)

    def room(self, relay: str) -> int | None:
        """How many more a relay may take now, whatever their domains; None: any number."""
        limits = self.limits[relay]
        rooms = [self._tally(relay).room(limits, self.now)]
        if limits.per_second is not None:
            rooms.append(self._bucket(relay, OWN).tokens(limits.per_second, self.now))
        return min((room for room in rooms if room is not None), default=None)

    def may_take(self, relay: str, domain: str) -> bool:
        return self.room(relay) != 0 and self._domain_has_room(relay, domain)

    def take(self, relay: str, domain: str, count: int = 1) -> None:
        """Count what goes through a relay; a negative count is what did not go after all."""
        tally = self._tally(relay)
        self.tallies[relay] = Tally(tally.day, tally.days, max(tally.used + count, 0))
        for name, rate in ((OWN, self.limits[relay].per_second), (domain, self._rate(relay, domain))):
            if rate is not None:
                self.buckets[relay, name] = self._bucket(relay, name).take(count, rate, self.now)

    def queue(self, relays: Sequence[str], domain: str) -> datetime | None:
        """Until when a message waits for its domain, behind those that wait already.

        None: it is a relay's own limit that it waits for.
        """
        queues = {}
        for relay in relays:
            rate = self._rate(relay, domain)
            if self.room(relay) != 0 and rate is not None:
                queues[relay] = self._bucket(relay, domain).queue(rate, self.now)
        if not queues:
            return None
        soonest = min(queues, key=lambda relay: queues[relay].queue_until)
        self.buckets[soonest, domain] = queues[soonest]
        return queues[soonest].queue_until

    def _domain_has_room(self, relay: str, domain: str) -> bool:
        rate = self._rate(relay, domain)
        return rate is None or self._bucket(relay, domain).tokens(rate, self.now) > 0

    def _rate(self, relay: str, domain: str) -> float | None:
        normal = self.domains.of(domain)
        slowdown = self.slowdowns.get((relay, domain))
        return slowdown.now(normal, self.now) if slowdown else normal

    def _tally(self, relay: str) -> Tally:
        return self.tallies.get(relay, NOTHING_YET).at(self.now)

    def _bucket(self, relay: str, domain: str) -> Bucket:
        return self.buckets.get((relay, domain), FULL)
