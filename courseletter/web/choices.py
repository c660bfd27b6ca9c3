"""What a reader may choose without a script: rhythms, hours, days and places for native selects."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.cadence import Cadence
from campaigns.rhythm import WEEKDAYS, time_phrase
from courseletter.errors import InvalidInput
from courseletter.web.moments import hour, place, zones

HOURS: Final = (7 * 60, 12 * 60, 18 * 60)  # offered beside the course's own hour


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    choices: list[Choice]


def rhythms(cadence: Cadence) -> tuple[Choice, list[Group]]:
    """The course's own rhythm, and the others that somebody may ask for at sign-up (S5)."""
    own = Choice("", as_label(cadence.phrase()))
    hours = sorted({*HOURS, cadence.start})
    if not weekly(cadence):
        at_hours = [
            Choice(f"*@{at}", as_label(replace(cadence, start=at, end=None).phrase())) for at in hours
        ]
        return own, [Group("Another hour", at_hours)]
    return own, [
        Group(f"{name}s", [Choice(f"{day}@{at}", f"{name}s at {time_phrase(at)}") for at in hours])
        for day, name in enumerate(WEEKDAYS)
    ]


def read_rhythm(text: str) -> tuple[int | None, tuple[int, ...] | None]:
    """Return (minute, weekdays) as a value of `rhythms` names them; "" is the course's own."""
    if not text:
        return None, None
    day, _, minute = text.partition("@")
    try:
        return int(minute), None if day == "*" else (int(day),)
    except ValueError:
        raise InvalidInput("Choose one from the list.", field="when") from None


def as_label(phrase: str) -> str:
    """The phrase as it begins a line."""
    return phrase[:1].upper() + phrase[1:]


def weekly(cadence: Cadence) -> bool:
    """Whether one day a week can carry the rhythm. A cohort's days are not the reader's to choose."""
    return cadence.cohort_start is None and cadence.gap >= 7


def days_of(cadence: Cadence, own: Iterable[int] | None) -> tuple[str, list[Choice]]:
    """The value that stands now, and the weekdays to choose from; "" is the course's own days."""
    single = [Choice(str(day), name) for day, name in enumerate(WEEKDAYS)]
    now = sorted(cadence.weekdays if own is None else own)
    if len(now) == 1:
        return str(now[0]), single
    if own is None:
        return "", [Choice("", "As the course has it"), *single]
    return "keep", [Choice("keep", " and ".join(WEEKDAYS[day] for day in now)), *single]


def hours(own: Iterable[int | None]) -> list[Choice]:
    """Every half hour, and whatever is set now."""
    minutes = {*range(0, 24 * 60, 30), *(minute for minute in own if minute is not None)}
    return [Choice(str(minute), time_phrase(minute)) for minute in sorted(minutes)]


def places(now: datetime, own: Iterable[str]) -> list[Group]:
    """All zones by region with their present hour, which tells a reader that it is the right one."""
    groups = {region: list(names) for region, names in zones().items()}
    known = {name for names in groups.values() for name in names}
    others = [name for name in dict.fromkeys(own) if name not in known]
    if others:
        groups = {"Others": others, **groups}
    return [Group(region, [_place(name, now) for name in names]) for region, names in groups.items()]


def _place(name: str, now: datetime) -> Choice:
    return Choice(name, f"{place(name)} ({hour(now.astimezone(ZoneInfo(name)))} now)")
