"""Days, hours and rhythms in English: “29 March”, “9:00”, “every second Thursday” (pure)."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
ORDINALS = {2: "second", 3: "third", 4: "fourth"}
EVERY_DAY = frozenset(range(7))


def day_phrase(day: date) -> str:
    """“29 March”: never by strftime, whose month names follow the machine's language."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def moment_phrase(moment: datetime) -> str:
    """“Thu 12 Nov, 08:03”, of a moment that carries its zone."""
    return f"{WEEKDAYS[moment.weekday()][:3]} {moment.day} {MONTHS[moment.month - 1][:3]}, {moment:%H:%M}"


def time_phrase(minute: int) -> str:
    """“9:00” for 540 minutes from midnight."""
    return f"{minute // 60}:{minute % 60:02}"


def weekdays_phrase(weekdays: frozenset[int]) -> str:
    """“every day”, “Monday to Friday”, “Mondays and Thursdays”."""
    days = sorted(weekdays)
    if weekdays == EVERY_DAY:
        return "every day"
    if len(days) > 3 and days[-1] - days[0] == len(days) - 1:
        return f"{WEEKDAYS[days[0]]} to {WEEKDAYS[days[-1]]}"
    names = [f"{WEEKDAYS[day]}s" for day in days]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def interval_phrase(days: int) -> str:
    """“every day”, “every second day”, “once a week”, “every third week”, “every 10 days”."""
    if days == 1:
        return "every day"
    if days == 7:
        return "once a week"
    if days % 7 == 0:
        return _every(days // 7, "week")
    return _every(days, "day")


def spacing_phrase(days: int) -> str:
    """“a day”, “3 days”, “a week”, “2 weeks”."""
    count, unit = (days // 7, "week") if days % 7 == 0 else (days, "day")
    return f"a {unit}" if count == 1 else f"{count} {unit}s"


def rhythm_phrase(weekdays: frozenset[int], gap: int) -> str:
    """The days on which lessons come that keep `gap` days and may come on `weekdays`."""
    phrases = {_cycle_phrase(_cycle(weekdays, gap, start), weekdays) for start in weekdays}
    if len(phrases) == 1:
        return phrases.pop()
    if weekdays == EVERY_DAY:
        return interval_phrase(gap)
    return f"{interval_phrase(gap)}, {weekdays_phrase(weekdays)}"


def _cycle(weekdays: frozenset[int], gap: int, start: int) -> list[int]:
    """The days from `start` on (0: a Monday) that repeat for ever: the last one is the first, weeks later."""
    day, seen = start, [start]
    while True:
        day += gap
        while day % 7 not in weekdays:
            day += 1
        again = [index for index, before in enumerate(seen) if before % 7 == day % 7]
        seen.append(day)
        if again:
            return seen[again[0] :]


def _cycle_phrase(cycle: Sequence[int], allowed: frozenset[int]) -> str:
    weeks = (cycle[-1] - cycle[0]) // 7
    weekdays = frozenset(day % 7 for day in cycle)
    steps = {later - earlier for earlier, later in pairwise(cycle)}
    if weeks == 1:
        return weekdays_phrase(weekdays)
    if len(weekdays) == 1:
        return _every(weeks, WEEKDAYS[cycle[0] % 7])
    if len(steps) == 1:
        return interval_phrase(steps.pop())
    return f"every {min(steps)} to {max(steps)} days, {weekdays_phrase(allowed)}"


def _every(count: int, unit: str) -> str:
    if count in ORDINALS:
        return f"every {ORDINALS[count]} {unit}"
    return f"every {count} {unit}s" if unit in ("day", "week") else f"every {count} weeks on {unit}s"
