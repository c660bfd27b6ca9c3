"""A course's rhythm as a person reads it: each rule by its name (pure)."""

from campaigns.cadence import Cadence
from campaigns.rhythm import MONTHS, day_phrase, interval_phrase, weekdays_phrase
from campaigns.slots import MINUTES_A_DAY

_POLICIES = {
    "shift": "the course moves on as a whole",
    "skip": "missed lessons are left out",
    "one_a_day": "one a day until caught up",
}


def rules(cadence: Cadence, zone: str) -> dict[str, str]:
    """The rules in the order in which they are shown."""
    start = cadence.cohort_start
    return {
        "Sends on": weekdays_phrase(cadence.weekdays),
        "At": _clock(cadence.start) + (f" to {_clock(cadence.end)}" if cadence.end is not None else ""),
        "One lesson": interval_phrase(cadence.gap),
        "Zone": f"each person’s own, else {_city(zone)}"
        if cadence.zone_mode == "subscriber"
        else _city(zone),
        "Start": f"all together, {day_phrase(start)} {start.year}" if start else "evergreen, at sign-up",
        "Pace": "the same for all" if start else "learner may choose",
        "Welcome": "at once after sign-up" if cadence.welcome == "now" else "at the next hour of the course",
        "Quiet hours": " to ".join(_clock(edge) for edge in cadence.quiet) if cadence.quiet else "none",
        "Holidays": _holidays(cadence),
        "After a pause": _POLICIES[cadence.policy],
    }


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}" if minute != MINUTES_A_DAY else "24:00"


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")


def _holidays(cadence: Cadence) -> str:
    days = sorted(cadence.holidays)
    if not days:
        return "none"
    if len(days) > 3:
        return f"{len(days)} set"
    return ", ".join(f"{day.day} {MONTHS[day.month - 1][:3]}" for day in days)
