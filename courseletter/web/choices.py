"""What a reader may choose without a script: rhythms, hours, days and places for native selects."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from campaigns.cadence import Cadence
from campaigns.rhythm import time_phrase
from courseletter.errors import InvalidInput
from courseletter.web.moments import hour, zones
from courseletter.web.speech import WEEKLY, Speech, speech
from courseletter.zones import zone_of
from templates.languages import marked

ENGLISH: Final = speech("en")
REGIONS: Final = (
    *(marked("Africa"), marked("America"), marked("Antarctica"), marked("Arctic"), marked("Asia")),
    *(marked("Atlantic"), marked("Australia"), marked("Europe"), marked("Indian"), marked("Pacific")),
)
HOURS: Final = (7 * 60, 12 * 60, 18 * 60)  # offered beside the course's own hour


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    choices: list[Choice]


def rhythms(cadence: Cadence, speech: Speech = ENGLISH) -> tuple[Choice, list[Group]]:
    """The course's own rhythm, and the others that somebody may ask for at sign-up (S5)."""
    own = Choice("", speech.rhythm(cadence))
    hours = sorted({*HOURS, cadence.start})
    if not weekly(cadence):
        at_hours = [Choice(f"*@{at}", speech.rhythm(replace(cadence, start=at, end=None))) for at in hours]
        return own, [Group(speech.say("Another hour"), at_hours)]
    names = [speech.say(name) for name in WEEKLY]
    return own, [
        Group(name, [Choice(f"{day}@{at}", speech.at(name, at)) for at in hours])
        for day, name in enumerate(names)
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


def weekly(cadence: Cadence) -> bool:
    """Whether one day a week can carry the rhythm. A cohort's days are not the reader's to choose."""
    return cadence.cohort_start is None and cadence.gap >= 7


def days_of(
    cadence: Cadence, own: Iterable[int] | None, speech: Speech = ENGLISH
) -> tuple[str, list[Choice]]:
    """The value that stands now, and the weekdays to choose from; "" is the course's own days."""
    names = speech.weekdays()
    single = [Choice(str(day), name) for day, name in enumerate(names)]
    now = sorted(cadence.weekdays if own is None else own)
    if len(now) == 1:
        return str(now[0]), single
    if own is None:
        return "", [Choice("", speech.say("As the course has it")), *single]
    return "keep", [Choice("keep", speech.listed([names[day] for day in now])), *single]


def hours(own: Iterable[int | None]) -> list[Choice]:
    """Every half hour, and whatever is set now."""
    minutes = {*range(0, 24 * 60, 30), *(minute for minute in own if minute is not None)}
    return [Choice(str(minute), time_phrase(minute)) for minute in sorted(minutes)]


def places(now: datetime, own: Iterable[str], speech: Speech = ENGLISH) -> list[Group]:
    """All zones by region with their present hour, which tells a reader that it is the right one."""
    known = _known_places(now.replace(second=0, microsecond=0), speech.language)
    names = {one.value for group in known for one in group.choices}
    others = [name for name in dict.fromkeys(own) if name not in names]
    if not others:
        return known
    return [Group(speech.say("Others"), [_place(name, now, speech) for name in others]), *known]


@lru_cache(maxsize=16)  # for the minute: some 400 zones are what most of a page's time goes into
def _known_places(minute: datetime, language: str) -> list[Group]:
    spoken = speech(language)
    return [
        Group(spoken.say(region), [_place(name, minute, spoken) for name in names])
        for region, names in zones().items()
    ]


def _place(name: str, now: datetime, speech: Speech) -> Choice:
    local = hour(now.astimezone(zone_of(name)))
    return Choice(name, speech.say("%(place)s (%(hour)s now)", place=speech.city(name), hour=local))
