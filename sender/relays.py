"""How the relays are, for a person to see; and a relay that a person pauses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from courseletter.database import Database
from sender.metering import Meter, breaker_of, slowdown_of, tally_of
from sender.models import BucketRecord, RelayRecord
from sender.throttle import NOTHING_YET, DomainRates, Limits, next_day


class Condition(StrEnum):
    """Whether a relay is sent to."""

    WELL = "well"
    TRYING = "trying"  # after a rest; one message goes first
    RESTING = "resting"
    FULL = "full"  # the day's allowance is used up
    PAUSED = "paused"  # by a person


@dataclass(frozen=True, slots=True)
class SlowDomain:
    """A recipient domain that has asked us to slow down, and its rate by now (messages a second)."""

    domain: str
    per_second: float
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class RelayReport:
    """One relay. `day` is the how-manieth of sending; a day begins at midnight UTC.

    Without an allowance a day's messages are not counted: `used_today` is None.
    """

    name: str
    condition: Condition
    until: datetime | None
    why: str
    weight: int
    per_second: float | None
    day: int
    used_today: int | None
    allowance: int | None
    slow_domains: Sequence[SlowDomain]


def report(
    session: Session, limits: Mapping[str, Limits], domains: DomainRates, now: datetime
) -> list[RelayReport]:
    """Each relay of the settings as all nodes know it."""
    rows = {row.name: row for row in session.scalars(select(RelayRecord))}
    return [
        _reported(name, one, rows.get(name), _slow_domains(session, name, domains, now), now)
        for name, one in limits.items()
    ]


def for_one_mail(reports: Sequence[RelayReport]) -> str | None:
    """The relay that a single mail goes through now: one that is well, of those the one that takes most.

    Where none is well, one that rests or has used up its day is tried all the same. None: all are paused.
    """
    usable = [one for one in reports if one.condition is not Condition.PAUSED]
    ready = (Condition.WELL, Condition.TRYING)
    best = max(usable, key=lambda one: (one.condition in ready, one.weight), default=None)
    return best.name if best else None


def pause(database: Database, relay: str, now: datetime) -> None:
    """Send nothing more through a relay until it is resumed; what it was to send goes through the others."""
    _change(database, relay, now, paused_at=now)


def resume(database: Database, relay: str, now: datetime) -> None:
    """Use a relay again, also one that is left alone because it was unwell."""
    _change(database, relay, now, paused_at=None, open_until=None, rests=0, why="")


def _change(database: Database, relay: str, now: datetime, **values: object) -> None:
    Meter(database, {relay: Limits()}).look(now)  # a relay that nothing was sent through yet has no row
    with database.write() as session:
        session.execute(update(RelayRecord).where(RelayRecord.name == relay).values(**values))


def _reported(
    name: str,
    limits: Limits,
    row: RelayRecord | None,
    slow_domains: Sequence[SlowDomain],
    now: datetime,
) -> RelayReport:
    today = (tally_of(row) if row else NOTHING_YET).at(now)
    allowance = limits.allowance(today.days)
    condition, until, why = _condition(row, now) if row else (Condition.WELL, None, "")
    if condition is Condition.WELL and today.room(limits, now) == 0:
        condition, until = Condition.FULL, next_day(now)
    return RelayReport(
        name=name,
        condition=condition,
        until=until,
        why=why,
        weight=limits.weight,
        per_second=limits.per_second,
        day=today.days,
        used_today=None if allowance is None else today.used,
        allowance=allowance,
        slow_domains=slow_domains,
    )


def _condition(row: RelayRecord, now: datetime) -> tuple[Condition, datetime | None, str]:
    if row.paused_at is not None:
        return Condition.PAUSED, None, "paused by a person"
    breaker = breaker_of(row)
    if not breaker.lets_pass(now):
        return Condition.RESTING, breaker.open_until, breaker.why
    return (Condition.TRYING if breaker.is_half_open(now) else Condition.WELL), None, breaker.why


def _slow_domains(session: Session, relay: str, domains: DomainRates, now: datetime) -> list[SlowDomain]:
    rows = select(BucketRecord).where(BucketRecord.relay == relay, BucketRecord.rate.is_not(None))
    found = []
    for row in session.scalars(rows.order_by(BucketRecord.domain)):
        slowdown, normal = slowdown_of(row), domains.of(row.domain)
        rate = slowdown.now(normal, now) if slowdown else None
        if slowdown and rate is not None and rate != normal:
            found.append(SlowDomain(row.domain, round(rate, 3), slowdown.at, row.why))
    return found
