"""Bars by the hour, drawn on the server: where each stands, how high it is, which carry a number (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

HOUR: Final = timedelta(hours=1)
HIGH: Final = 60  # of the drawing, in its own units
BROKEN: Final = 4  # so many times the next highest, and a bar is drawn broken, or the others were flat


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    y: float
    height: float
    people: int
    label: str  # below the line: 12:00, or nothing
    broken: bool

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    bars: list[Bar]
    finding: str


def by_hour(
    moments: Iterable[tuple[datetime, int]], now: datetime, zone: ZoneInfo
) -> list[tuple[datetime, int]]:
    """The next 24 hours of the zone's clock and how many leave in each, from the present hour on."""
    first = now.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    counts = [0] * 24
    for moment, people in moments:
        place = int((moment - first) / HOUR)
        counts[min(max(place, 0), 23)] += people
    # Through UTC: an hour that the clock skips is not drawn twice.
    return [((first.astimezone(now.tzinfo) + n * HOUR).astimezone(zone), counts[n]) for n in range(24)]


def drawing(hours: Sequence[tuple[datetime, int]], *, width: int, label_every: int) -> Drawing:
    step = width / len(hours)
    counts = sorted((people for _, people in hours), reverse=True)
    several = len(counts) > 2 and counts[2] > 0  # else there is nothing to compare
    broken = counts[0] if several and counts[0] > BROKEN * counts[1] else 0
    scale = (counts[1] * 1.25 if broken else counts[0]) or 1
    bars = []
    for place, (hour, people) in enumerate(hours):
        height = min(HIGH, round(max(people / scale * HIGH, 2 if people else 0), 1))
        label = "now" if place == 0 else f"{hour:%H:%M}" if hour.hour % label_every == 0 else ""
        bars.append(
            Bar(
                x=round(place * step + step * 0.18, 1),
                width=round(step * 0.64, 1),
                y=round(20 + HIGH - height, 1),
                height=height,
                people=people,
                label=label,
                broken=bool(broken) and people == broken,
            )
        )
    return Drawing(width, bars, _finding(hours))


def _finding(hours: Sequence[tuple[datetime, int]]) -> str:
    hour, most = max(hours, key=lambda one: one[1])
    if not most:
        return "Nothing leaves in these hours."
    return f"Most leave in the hour from {hour:%H:%M}: {most:,}."
