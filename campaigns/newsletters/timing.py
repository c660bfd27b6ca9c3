"""When an issue goes to whom: at once, or at an hour of each person's own day. Pure.

People whose clocks show that hour at one moment are a wave; deliveries are written when it is due.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns.slots import Slots
from courseletter.zones import zone_of

_EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class When:
    """An hour, in minutes from midnight, on the first day from `day` on; None and None: at once."""

    day: date | None = None
    minute: int | None = None


@dataclass(frozen=True, slots=True)
class Wave:
    """A moment, and the zones whose people get the issue then: "" for those without one.

    Without zones it is for everybody who is left, also those who have moved since it was planned.
    """

    at: datetime
    zones: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "zones": self.zones and list(self.zones)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        zones = stored["zones"]
        return cls(datetime.fromisoformat(stored["at"]), None if zones is None else tuple(zones))


def waves(when: When, zones: Iterable[str | None], usual: str, not_before: datetime) -> list[Wave]:
    """The waves for people in these zones, in order, none before a moment; `usual` is the zone of who has
    none, or one that is no more. Whose hour has passed on the day gets it on the next.
    """
    if when.day is None or when.minute is None:
        return [Wave(not_before)]
    by_moment: defaultdict[datetime, list[str]] = defaultdict(list)
    for zone in sorted({zone or "" for zone in zones} | {""}):
        by_moment[moment(when.day, when.minute, known(zone, usual), not_before)].append(zone)
    found = [Wave(at, tuple(names)) for at, names in sorted(by_moment.items())]
    return [*found[:-1], Wave(found[-1].at)]


def moment(day: date, minute: int, zone: ZoneInfo, not_before: datetime) -> datetime:
    """The first time from a moment on that the zone's clock shows this minute, on the day or later (S4)."""
    slots = Slots(zone, _EVERY_DAY, minute)
    return slots.first(max(not_before, slots.midnight(day)))


def known(zone: str | None, usual: str) -> ZoneInfo:
    """The zone of a person, as far as the tz database still has it."""
    try:
        return zone_of(zone or usual)
    except (ZoneInfoNotFoundError, ValueError):
        return zone_of(usual)
