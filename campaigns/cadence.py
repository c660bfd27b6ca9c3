"""A course's cadence: when its lessons may come and how far apart. Stored with each revision (pure)."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, Self, get_args

from campaigns.rhythm import (
    EVERY_DAY,
    interval_phrase,
    rhythm_phrase,
    spacing_phrase,
    time_phrase,
    weekdays_phrase,
)
from campaigns.slots import MINUTES_A_DAY, is_quiet

ZoneMode = Literal["subscriber", "course"]
Welcome = Literal["now", "slot"]
CatchUp = Literal["shift", "skip", "one_a_day"]

LONGEST_GAP = 366  # days


@dataclass(frozen=True, slots=True)
class Cadence:
    """Times of day are minutes from midnight, gaps whole local days, weekdays count from Monday, 0.

    With `end` the hour is a window from `start` (included) to `end` (excluded), without it a fixed time.
    A course with `cohort_start` runs for all learners from that day; without, from each one's sign-up.
    """

    weekdays: frozenset[int] = EVERY_DAY
    start: int = 9 * 60
    end: int | None = None
    gap: int = 7
    min_gap: int = 1
    zone_mode: ZoneMode = "subscriber"
    holidays: frozenset[date] = frozenset()
    quiet: tuple[int, int] | None = None  # may cross midnight
    welcome: Welcome = "now"
    cohort_start: date | None = None
    catch_up: CatchUp | None = None  # None: what `policy` says

    @property
    def policy(self) -> CatchUp:
        """How missed lessons are made up for (S10); unless chosen, a cohort keeps its calendar."""
        return self.catch_up or ("one_a_day" if self.cohort_start else "shift")

    def problems(self) -> list[str]:
        """What contradicts itself, in sentences that say what to do. Empty: there is always a next slot."""
        return [*self._problems_of_days(), *self._problems_of_hours(), *self._problems_of_choices()]

    def _problems_of_days(self) -> Iterator[str]:
        if not self.weekdays:
            yield "No weekday is chosen: choose at least one."
        if not self.weekdays <= EVERY_DAY:
            yield "A weekday is not one of 0 to 6: Monday is 0 and Sunday is 6."
        for name, days in (("gap between lessons", self.gap), ("smallest gap", self.min_gap)):
            if not 1 <= days <= LONGEST_GAP:
                yield f"The {name} is {days} days: make it 1 to {LONGEST_GAP}."

    def _problems_of_hours(self) -> Iterator[str]:
        if not 0 <= self.start < MINUTES_A_DAY:
            yield "The hour is not a time of day: choose one from 0:00 to 23:59."
        elif self.end is not None and not self.start < self.end <= MINUTES_A_DAY:
            yield (
                f"The window opens at {time_phrase(self.start)} and must close later, by 24:00 of that day: "
                "choose another end."
            )
        elif self.quiet is not None and not all(0 <= edge <= MINUTES_A_DAY for edge in self.quiet):
            yield "The quiet hours are not times of day: choose them from 0:00 to 24:00."
        elif all(is_quiet(minute, self.quiet) for minute in range(self.start, self.end or self.start + 1)):
            yield "The whole time for sending lies in the quiet hours: move the one or shorten the other."

    def _problems_of_choices(self) -> Iterator[str]:
        choices = (
            ("zone mode", self.zone_mode, get_args(ZoneMode)),
            ("welcome", self.welcome, get_args(Welcome)),
            ("catch-up policy", self.policy, get_args(CatchUp)),
        )
        for name, value, known in choices:
            if value not in known:
                yield f"“{value}” is not a {name}: choose one of {', '.join(known)}."

    def phrase(self) -> str:
        """“Mondays at 9:00”, “once a week at 9:00”, “Monday to Friday between 9:00 and 17:00”."""
        hour = f"at {time_phrase(self.start)}"
        if self.end is not None:
            hour = f"between {time_phrase(self.start)} and {time_phrase(self.end)}"
        gap = max(self.gap, self.min_gap)
        if self.weekdays == EVERY_DAY:
            return f"{interval_phrase(gap)} {hour}"
        rhythm, days = rhythm_phrase(self.weekdays, gap), weekdays_phrase(self.weekdays)
        if rhythm == days or len(self.weekdays) == 1:  # it says it all
            return f"{rhythm} {hour}"
        return f"{days} {hour}, {spacing_phrase(gap)} apart"

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "weekdays": sorted(self.weekdays),
            "holidays": sorted(day.isoformat() for day in self.holidays),
            "quiet": list(self.quiet) if self.quiet else None,
            "cohort_start": self.cohort_start.isoformat() if self.cohort_start else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """What `to_json` gave. A key that was not known yet when it was stored takes its default."""
        values = dict(stored)
        if "weekdays" in values:
            values["weekdays"] = frozenset(values["weekdays"])
        values["holidays"] = frozenset(date.fromisoformat(day) for day in values.get("holidays", ()))
        if values.get("quiet") is not None:
            first, last = values["quiet"]
            values["quiet"] = (first, last)
        if values.get("cohort_start") is not None:
            values["cohort_start"] = date.fromisoformat(values["cohort_start"])
        return cls(**values)
