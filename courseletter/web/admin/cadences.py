"""The form of a course's rhythm: what stands in it, and what was typed into it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, TypeVar, get_args

from campaigns.cadence import Cadence, CatchUp
from campaigns.rhythm import WEEKDAYS
from campaigns.slots import MINUTES_A_DAY
from courseletter.errors import InvalidInput
from courseletter.web.admin.forms import Form
from courseletter.web.choices import Choice, places
from courseletter.zones import zone_named

# What the summary of a form that came back calls each field.
NAMES: Final = {
    "title": "Title",
    "brand": "Brand",
    "days": "Days",
    "hour": "Hour",
    "until": "Until",
    "gap": "Days between lessons",
    "zone": "Zone",
    "cohort_start": "First day",
    "quiet_from": "Quiet hours",
    "holidays": "Holidays",
    "cadence": "Days and hours",
}
CATCH_UP: Final = (
    Choice("", "As fits the course: move on as a whole, or one a day for all together"),
    Choice("shift", "Move on as a whole: everybody gets every lesson, later"),
    Choice("skip", "Leave out the lessons that were missed"),
    Choice("one_a_day", "Send what was missed, at most one a day"),
)
_MOST_HOLIDAYS: Final = 400
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A cadence, and the zone it counts in where a person has none."""

    cadence: Cadence
    zone: str


def shown(rhythm: Rhythm, now: datetime, typed: Form | None = None) -> dict[str, Any]:
    """What the fields hold: what was typed, else what is stored."""
    cadence = rhythm.cadence
    stored: Mapping[str, str] = {
        "hour": _clock(cadence.start),
        "until": "" if cadence.end is None else _clock(cadence.end),
        "gap": str(cadence.gap),
        "zone": rhythm.zone,
        "zone_mode": cadence.zone_mode,
        "start": "cohort" if cadence.cohort_start else "evergreen",
        "cohort_start": cadence.cohort_start.isoformat() if cadence.cohort_start else "",
        "welcome": cadence.welcome,
        "quiet_from": _clock(cadence.quiet[0]) if cadence.quiet else "",
        "quiet_to": _clock(cadence.quiet[1]) if cadence.quiet else "",
        "holidays": "\n".join(day.isoformat() for day in sorted(cadence.holidays)),
        "catch_up": cadence.catch_up or "",
    }
    days = {str(day) for day in cadence.weekdays}
    return {
        "fields": {**stored, **(typed.texts() if typed else {})},
        "days": [(str(number), name[:3], name) for number, name in enumerate(WEEKDAYS)],
        "chosen_days": set(typed.all("days")) if typed else days,
        "zones": places(now, [rhythm.zone]),
        "catch_ups": CATCH_UP,
    }


def read(form: Form, before: Cadence) -> Rhythm:
    """The rhythm that was typed. What the form does not ask for stays as it was. Raises InvalidInput."""
    cadence = replace(
        before,
        weekdays=frozenset(int(day) for day in form.all("days") if day in tuple("0123456")),
        start=_minute(form.text("hour"), "hour"),
        gap=_gap(form),
        zone_mode="course" if form.text("zone_mode") == "course" else "subscriber",
        welcome="slot" if form.text("welcome") == "slot" else "now",
        cohort_start=_given(form.text("cohort_start"), "cohort_start", _day, needed=True)
        if form.text("start") == "cohort"
        else None,
    )
    if "holidays" in form.data:
        cadence = replace(
            cadence,
            end=_given(form.text("until"), "until", _minute),
            quiet=_quiet(form),
            holidays=_holidays(form.text("holidays")),
            catch_up=_policy(form.text("catch_up")),
        )
    _check(cadence)
    return Rhythm(cadence, zone_named(form.text("zone")).key)


def _check(cadence: Cadence) -> None:
    if not cadence.weekdays:
        raise InvalidInput("Choose at least one day.", field="days")
    for problem in cadence.problems():
        field = "until" if "window" in problem else "quiet_from" if "quiet" in problem else "hour"
        raise InvalidInput(problem, field="gap" if "gap" in problem else field)


def _gap(form: Form) -> int:
    gap = form.number("gap")
    if not gap:
        raise InvalidInput("At least 1 day, so that nobody gets two lessons in one morning.", field="gap")
    return gap


def _given(
    text: str, field: str, read_one: Callable[[str, str], Value], *, needed: bool = False
) -> Value | None:
    """What is typed in a field that may stay empty."""
    return read_one(text, field) if text.strip() or needed else None


def _minute(text: str, field: str) -> int:
    hour, colon, minute = text.strip().partition(":")
    if colon and hour.isdecimal() and minute.isdecimal() and len(hour) <= 2 and len(minute) == 2:
        found = int(hour) * 60 + int(minute)
        if int(minute) < 60 and found <= MINUTES_A_DAY:
            return found
    raise InvalidInput("This is no time of day. Write it like 08:00.", field=field)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput("This is no day. Write it like 2026-12-01.", field=field) from None


def _quiet(form: Form) -> tuple[int, int] | None:
    first, last = form.text("quiet_from"), form.text("quiet_to")
    if not first.strip() and not last.strip():
        return None
    return _minute(first, "quiet_from"), _minute(last, "quiet_from")


def _holidays(text: str) -> frozenset[date]:
    lines = text.split()
    if len(lines) > _MOST_HOLIDAYS:
        raise InvalidInput(f"At most {_MOST_HOLIDAYS} days. Leave out those long past.", field="holidays")
    return frozenset(_day(line, "holidays") for line in lines)


def _policy(text: str) -> CatchUp | None:
    return next((policy for policy in get_args(CatchUp) if policy == text), None)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
