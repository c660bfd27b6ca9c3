"""What relays have taken and how they are, counted in the database for all nodes.

Whoever counts holds the relays' rows first, by name; buckets are changed by nobody else, and deliveries come
after them. The database is asked once for a batch, never for a message.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from courseletter.database import Database
from courseletter.upserting import insert
from sender.allotting import OWN, Allotment, BucketKey, Shares
from sender.breaker import CLOSED, Breaker
from sender.claiming import ASKED_FOR, Claim, hold_back
from sender.models import BucketRecord, RelayRecord
from sender.replies import Verdict
from sender.throttle import (
    FULL,
    NOTHING_YET,
    Bucket,
    DomainRates,
    Limits,
    Slowdown,
    Tally,
    domain_of,
    slowed,
)

KEPT: Final = timedelta(hours=1)  # a bucket that is full again is as good as none

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """A relay as all nodes know it."""

    breaker: Breaker
    paused: bool  # by a person


class Meter:
    """Keeps relays within their limits, and remembers which domains have asked us to slow down."""

    def __init__(
        self, database: Database, limits: Mapping[str, Limits], domains: DomainRates = DomainRates()
    ) -> None:
        self._database = database
        self._limits = limits
        self._domains = domains
        self._shares = Shares({name: one.weight for name, one in limits.items()})
        self._has_slow_domains = False

    @property
    def is_needed(self) -> bool:
        """Whether anything is limited at all, as far as the last look knows."""
        return (
            self._has_slow_domains or bool(self._domains) or any(one.are_set for one in self._limits.values())
        )

    def look(self, now: datetime) -> dict[str, Health]:
        """How each relay is. Slowdowns that are over are forgotten."""
        with self._database.read() as session:
            rows = {row.name: row for row in session.scalars(select(RelayRecord))}
            slow = session.scalars(select(BucketRecord).where(BucketRecord.rate.is_not(None))).all()
        over = [row for row in slow if self._is_over(row, now)]
        missing = sorted(self._limits.keys() - rows.keys())
        if over or missing:
            with self._database.write() as session:
                rows |= {row.name: row for row in _added(session, missing)}
                for row in over:
                    _forget(session, row)
        self._has_slow_domains = len(slow) > len(over)
        return {
            name: Health(breaker_of(rows[name]), rows[name].paused_at is not None) for name in self._limits
        }

    def room(self, relays: Collection[str], most: int, now: datetime) -> int:
        """How many deliveries these relays may take now, `most` at most."""
        with self._database.read() as session:
            allotment = self._allotment(session, relays, {OWN}, now)
        rooms = [allotment.room(relay) for relay in relays]
        return min(sum(most if room is None else room for room in rooms), most)

    def admit(self, claims: Sequence[Claim], relays: Sequence[str], now: datetime) -> dict[Claim, str]:
        """Take a token for each delivery, at the relay that it may go through; give the others back.

        One transaction, so that nodes together never take more than there is. A crash after it loses tokens
        and no mail.
        """
        domains = {one: domain_of(one.facts["email"]) for one in claims}
        admitted, waits = {}, {}
        with self._database.write() as session:
            _lock(session, relays)
            allotment = self._allotment(session, relays, {OWN, *domains.values()}, now)
            for one in sorted(claims, key=lambda one: one.by != ASKED_FOR):
                able = [relay for relay in relays if allotment.may_take(relay, domains[one])]
                if able:
                    admitted[one] = self._shares.pick(able)
                    allotment.take(admitted[one], domains[one])
                else:
                    waits[one] = allotment.queue(relays, domains[one])
            _store(session, allotment)
            hold_back(session, waits)
        return admitted

    def share_out(self, claims: Sequence[Claim], relays: Sequence[str]) -> dict[Claim, str]:
        """As admit(), where nothing is limited and nothing need be counted."""
        if len(relays) == 1:
            return dict.fromkeys(claims, relays[0])
        return {one: self._shares.pick(relays) for one in claims}

    def put_back(self, unused: Mapping[BucketKey, int], now: datetime) -> None:
        """Put tokens back with which nothing was sent, by relay and domain."""
        relays = {relay for relay, _ in unused}
        with self._database.write() as session:
            _lock(session, relays)
            allotment = self._allotment(session, relays, {OWN, *(domain for _, domain in unused)}, now)
            for (relay, domain), count in unused.items():
                allotment.take(relay, domain, -count)
            _store(session, allotment)

    def heed(self, relay: str, domain: str, verdict: Verdict, now: datetime) -> None:
        """Write down what an attempt has told about a relay, and about the rate of a domain at it."""
        with self._database.write() as session:
            row = _lock(session, [relay])[0]
            breaker = breaker_of(row).after(verdict, now)
            row.open_until, row.rests, row.why = breaker.open_until, breaker.rests, breaker.why
            if verdict.throttle:
                self._slow_down(session, relay, domain, verdict.reason, now)
        if verdict.pause_send:
            log.error(
                "relay %s refuses us: %s. Mend it, then run: courseletter relay resume %s",
                relay,
                verdict.reason,
                relay,
            )
        elif verdict.relay_trouble:
            until = f"{breaker.open_until:%H:%M:%S} UTC"
            log.warning("relay %s is left alone until %s: %s", relay, until, verdict.reason)

    def _slow_down(self, session: Session, relay: str, domain: str, why: str, now: datetime) -> None:
        row = session.get(BucketRecord, (relay, domain))
        if row is None:
            row = BucketRecord(relay=relay, domain=domain, full_at=FULL.full_at, queue_until=FULL.queue_until)
            session.add(row)
        slower = slowed(slowdown_of(row), self._domains.of(domain), now)
        row.rate, row.slowed_at, row.why = slower.rate, slower.at, why
        self._has_slow_domains = True

    def _is_over(self, row: BucketRecord, now: datetime) -> bool:
        slowdown = slowdown_of(row)
        return slowdown is not None and slowdown.is_over(self._domains.of(row.domain), now)

    def _allotment(
        self, session: Session, relays: Collection[str], domains: Collection[str], now: datetime
    ) -> Allotment:
        rows = session.scalars(select(RelayRecord).where(RelayRecord.name.in_(relays))).all()
        wanted = (BucketRecord.relay.in_(relays), BucketRecord.domain.in_(domains))
        buckets = session.scalars(select(BucketRecord).where(*wanted)).all()
        slowdowns = {(row.relay, row.domain): slowdown_of(row) for row in buckets}
        return Allotment(
            self._limits,
            self._domains,
            now,
            tallies={row.name: tally_of(row) for row in rows},
            buckets={(row.relay, row.domain): Bucket(row.full_at, row.queue_until) for row in buckets},
            slowdowns={key: slowdown for key, slowdown in slowdowns.items() if slowdown},
        )


def breaker_of(row: RelayRecord) -> Breaker:
    return Breaker(row.open_until, row.rests, row.why) if row.open_until else CLOSED


def tally_of(row: RelayRecord) -> Tally:
    return Tally(row.day, row.days, row.used)


def slowdown_of(row: BucketRecord) -> Slowdown | None:
    return None if row.rate is None or row.slowed_at is None else Slowdown(row.rate, row.slowed_at)


def _added(session: Session, relays: Collection[str]) -> Sequence[RelayRecord]:
    """The rows of relays that are new, also where another node was first."""
    day = NOTHING_YET.day
    rows = [{"name": name, "rests": 0, "why": "", "day": day, "days": 0, "used": 0} for name in relays]
    if rows:
        session.execute(insert(session, RelayRecord).on_conflict_do_nothing(), rows)
    return session.scalars(select(RelayRecord).where(RelayRecord.name.in_(relays))).all()


def _forget(session: Session, row: BucketRecord) -> None:
    same = (BucketRecord.relay == row.relay, BucketRecord.domain == row.domain)
    session.execute(
        update(BucketRecord)
        .where(*same, BucketRecord.slowed_at == row.slowed_at)
        .values(rate=None, slowed_at=None, why="")
    )


def _lock(session: Session, relays: Collection[str]) -> Sequence[RelayRecord]:
    rows = select(RelayRecord).where(RelayRecord.name.in_(relays)).order_by(RelayRecord.name)
    return session.scalars(rows.with_for_update()).all()


def _store(session: Session, allotment: Allotment) -> None:
    """Write down what has changed, and forget buckets that have been full for long."""
    for relay, tally in allotment.tallies.items():
        row = session.get_one(RelayRecord, relay)
        row.day, row.days, row.used = tally.day, tally.days, tally.used
    buckets = [
        {"relay": relay, "domain": domain, "full_at": one.full_at, "queue_until": one.queue_until, "why": ""}
        for (relay, domain), one in allotment.buckets.items()
    ]
    if buckets:
        adding = insert(session, BucketRecord)
        moments = {name: adding.excluded[name] for name in ("full_at", "queue_until")}
        storing = adding.on_conflict_do_update(index_elements=["relay", "domain"], set_=moments)
        session.connection().execute(storing, buckets)
        long_full = allotment.now - KEPT
        session.execute(
            delete(BucketRecord).where(
                BucketRecord.relay.in_(allotment.tallies),
                BucketRecord.rate.is_(None),
                BucketRecord.full_at < long_full,
                BucketRecord.queue_until < long_full,
            )
        )
