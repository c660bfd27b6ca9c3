"""Claims deliveries and lets each wait in the lane of a relay that may take it.

Where nothing is limited and one relay is well, this is one claim. Otherwise no more is claimed than the
relays may take: what is over keeps its place in the queue and costs nothing.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import DBAPIError

from courseletter.database import Database
from sender.allotting import BucketKey
from sender.claiming import Claim, claim
from sender.lanes import Lane, Route
from sender.metering import Meter
from sender.replies import Verdict
from sender.throttle import DomainRates, domain_of, next_day
from sender.transport import Attempt, Parcel

NEWS: Final = timedelta(seconds=5)  # after which another node may know more of a relay than we do

Sign = tuple[Lane, Claim, Verdict]  # what an attempt told about its relay or its domain

log = logging.getLogger(__name__)


class Dispatcher:
    """The lanes of one sender."""

    def __init__(
        self,
        database: Database,
        routes: Sequence[Route],
        domains: DomainRates,
        hear: Callable[[Lane, Parcel, Attempt], None],
    ) -> None:
        self._database = database
        self.lanes = [Lane(route, hear) for route in routes]
        self._meter = Meter(database, {route.name: route.limits for route in routes}, domains)
        self._looked_at: datetime | None = None
        self._counted = False  # whether a token was taken for what waits in the lanes
        self._counted_at: datetime | None = None  # and when
        self._unused: Counter[BucketKey] = Counter()

    def look(self, now: datetime) -> None:
        """Learn what other nodes, and people, have found out about the relays."""
        health = self._meter.look(now)
        for lane in self.lanes:
            known = health[lane.name]
            lane.breaker, lane.paused = known.breaker, known.paused
        self._looked_at = now

    def claim(self, now: datetime, most: int) -> tuple[list[Claim], int]:
        """Claim up to `most`. Returns those that wait in lanes now, and how many could not be let in."""
        if self._looked_at is None or now - self._looked_at >= NEWS:
            self.look(now)
        lanes = {lane.name: lane for lane in self.lanes if lane.may_send(now)}
        if not lanes:
            return [], 0
        relays, self._counted, self._counted_at = list(lanes), self._meter.is_needed, now
        if self._counted:
            room = self._meter.room(relays, most, now)
            claims = claim(self._database, now, room, asked_first=room < most) if room else []
            admitted = self._meter.admit(claims, relays, now) if claims else {}
        else:
            claims = claim(self._database, now, most)
            admitted = self._meter.share_out(claims, relays)
        for one, relay in admitted.items():
            lanes[relay].waiting.append(one)
        return list(admitted), len(claims) - len(admitted)

    def is_open(self, now: datetime) -> bool:
        return any(lane.may_send(now) for lane in self.lanes)

    def wait(self, now: datetime) -> timedelta:
        """How long until any relay may be used."""
        return min(lane.rest(now) for lane in self.lanes)

    def not_sent(self, lane: Lane, held: Claim) -> None:
        """Nothing went through the relay after all: another may have its token."""
        if self._counted:
            self._unused[lane.name, domain_of(held.facts["email"])] += 1

    def heed(self, signs: Iterable[Sign], now: datetime) -> None:
        """Tell all nodes. May be repeated: what was written down once stays as it is."""
        told = {
            (lane.name, domain_of(held.facts["email"]), verdict.throttle): verdict
            for lane, held, verdict in signs
        }
        for (relay, domain, _), verdict in told.items():  # a window of refusals says the same many times
            self._meter.heed(relay, domain, verdict, now)

    def settle(self, now: datetime) -> None:
        """Put back the tokens of what was not sent. If the database will not have them, they are lost; and
        those of a day that has ended would be messages too many on the next.
        """
        unused, self._unused = self._unused, Counter()
        try:
            if unused and self._counted_at is not None and now < next_day(self._counted_at):
                self._meter.put_back(unused, now)
        except DBAPIError as error:
            log.warning("tokens of %s messages are lost: %s", unused.total(), str(error.orig).strip())
