"""The moments at which a lesson may go: weekdays, holidays, hours and quiet hours in one zone (pure).

The lowest stair of the schedule: campaigns/schedule.py merges a course's wishes and a learner's into `Slots`.
Days are local dates, times of day are minutes from midnight, moments are aware UTC datetimes.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MINUTES_A_DAY = 24 * 60

# A week without a slot has a holiday, or a clock change that swallowed its only day or window; of the latter
# there are never as many in a row.
WEEKS_WITHOUT = 8


@dataclass(frozen=True, slots=True)
class Slots:
    """What the course, the learner and the pace allow, merged. Without `end`, `start` is a fixed time."""

    zone: ZoneInfo
    weekdays: frozenset[int]  # Monday is 0
    start: int
    end: int | None = None
    quiet: tuple[int, int] | None = None
    holidays: frozenset[date] = frozenset()

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """The first moment of the local day."""
        return instant(day, 0, self.zone)

    def opening(self, day: date) -> datetime:
        """The fixed time, or the window's first moment. May lie on another day if this one does not exist."""
        opening = instant(day, self.start, self.zone)
        # Where the gap runs to midnight the moment after it is tomorrow: the last minute before it (S4).
        return opening if self.day_of(opening) == day else opening - MINUTE

    def first(self, not_before: datetime) -> datetime:
        """The first slot at or after a moment. Raises ValueError where a cadence's problems leave none."""
        day = self.day_of(not_before)
        for _ in range(7 * (WEEKS_WITHOUT + len(self.holidays))):
            moment = self.on(day, not_before)
            if moment is not None:
                return moment
            day += DAY
        raise ValueError(f"These rules allow no moment after {not_before}: {self}")

    def on(self, day: date, not_before: datetime) -> datetime | None:
        """The first slot of one local day at or after a moment; None where that day has none (left)."""
        if day.weekday() not in self.weekdays or day in self.holidays:
            return None
        opening = self.opening(day)
        candidates = [opening]
        if self.end is not None:
            candidates = sorted([opening, not_before, *self._reopenings(day)])
        return next((at for at in candidates if at >= not_before and self._allows(at, day, opening)), None)

    def _reopenings(self, day: date) -> list[datetime]:
        """Where else the window may begin to be open: after quiet hours, and when the clock is put back."""
        edges = [self.start] if self.quiet is None else [self.start, self.quiet[1]]
        changed_at = change_between(self.midnight(day), self.midnight(day + DAY), self.zone)
        if changed_at is None:
            return [instant(day, minute, self.zone) for minute in edges[1:]]
        return [changed_at, *(instant(day, minute, self.zone, fold) for minute in edges for fold in (0, 1))]

    def _allows(self, moment: datetime, day: date, opening: datetime) -> bool:
        wall = moment.astimezone(self.zone)
        minute = wall.hour * 60 + wall.minute
        if wall.date() != day or is_quiet(minute, self.quiet):
            return False
        return moment == opening or (self.end is not None and self.start <= minute < self.end)


def is_quiet(minute: int, quiet: tuple[int, int] | None) -> bool:
    """Whether a minute of the day lies in the quiet hours, which may cross midnight. Equal ends: never."""
    if quiet is None or quiet[0] == quiet[1]:
        return False
    first, last = quiet
    return first <= minute < last if first < last else minute >= first or minute < last


def instant(day: date, minute: int, zone: ZoneInfo, fold: int = 0) -> datetime:
    """The moment at which a wall clock shows this day and minute.

    In an overlap it is the first such moment (with `fold` the second), in a gap the first valid one after it.
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a wall clock's
    moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # PEP 495: in a gap the two folds lie on the two sides of the change.
    before, after = (wall.replace(tzinfo=zone, fold=side).astimezone(UTC) for side in (1, 0))
    return change_between(before, after, zone) or after


def change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment in (low, high], whole seconds from `low`, at which the zone's offset changes from low's.

    None where both ends have one offset. At most one change may lie between them.
    """
    offset = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == offset:
        return None
    seconds = range(int((high - low) / SECOND) + 1)
    index = bisect_left(
        seconds, True, key=lambda second: (low + second * SECOND).astimezone(zone).utcoffset() != offset
    )
    return low + index * SECOND
