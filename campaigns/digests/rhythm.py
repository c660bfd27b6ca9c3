"""When a digest is made: on weekdays of each week, or on the first such day of each month (pure)."""

from dataclasses import dataclass
from datetime import date, datetime

from campaigns.digests.models import Digest, Every
from campaigns.rhythm import WEEKDAYS, time_phrase, weekdays_phrase
from campaigns.slots import DAY, SECOND, Slots
from courseletter.zones import zone_of


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`minute` is of the day in `zone`; Monday is weekday 0."""

    every: Every
    weekdays: frozenset[int]
    minute: int
    zone: str

    @classmethod
    def of(cls, digest: Digest) -> "Rhythm":
        return cls(digest.every, frozenset(digest.weekdays), digest.minute, digest.zone)

    def after(self, moment: datetime) -> datetime:
        """The first of its hours that lies after a moment."""
        slots = Slots(zone_of(self.zone), self.weekdays, self.minute)
        if self.every == "week":
            return slots.first(moment + SECOND)
        month = slots.day_of(moment).replace(day=1)
        while True:
            found = slots.on(self._first(month), moment + SECOND)
            if found is not None:
                return found
            month = (month + 31 * DAY).replace(day=1)

    def phrase(self) -> str:
        """“Mondays and Thursdays at 9:00”, “the first Monday of each month at 9:00”."""
        days = weekdays_phrase(self.weekdays)
        if self.every == "month":
            days = _first_phrase(self.weekdays)
        return f"{days} at {time_phrase(self.minute)}"

    def _first(self, month: date) -> date:
        days = (month + number * DAY for number in range(7))
        return next(day for day in days if day.weekday() in self.weekdays)


def _first_phrase(weekdays: frozenset[int]) -> str:
    if len(weekdays) == 7:
        return "the first day of each month"
    names = [WEEKDAYS[day] for day in sorted(weekdays)]
    return f"the first {' or '.join(filter(None, [', '.join(names[:-1]), names[-1]]))} of each month"
