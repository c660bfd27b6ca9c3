"""How a page speaks: words, days, hours and rhythms in its reader's language."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Final

from babel.dates import format_skeleton, get_day_names, get_timezone_location
from babel.lists import format_list

from campaigns.cadence import Cadence
from campaigns.rhythm import EVERY_DAY, interval_phrase, rhythm_phrase, time_phrase
from courseletter.web import moments
from sender.context import date_in_words, day_in_words
from templates.languages import catalogue, locale, marked, spoken

WEEKLY: Final = (
    *(marked("Mondays"), marked("Tuesdays"), marked("Wednesdays"), marked("Thursdays")),
    *(marked("Fridays"), marked("Saturdays"), marked("Sundays")),
)


class Speech:
    """One of the languages that pages are shown in."""

    def __init__(self, language: str) -> None:
        self.language = spoken(language)
        self.locale = locale(self.language)
        self.words = catalogue(self.language)
        self._english = self.language == "en"

    @property
    def direction(self) -> str:
        return str(self.locale.text_direction)

    def say(self, text: str, **values: object) -> str:
        """The text in this language, its %(name)s filled in."""
        said = self.words.gettext(text)
        return said % values if values else said

    def say_all(self, texts: dict[str, str]) -> dict[str, str]:
        return {name: self.say(text) for name, text in texts.items()}

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """The form for this number; `%(count)s` is the number."""
        return self.words.ngettext(one, many, number) % {"count": number, **values}

    def listed(self, names: Sequence[str]) -> str:
        """“a, b and c”."""
        return format_list(names, locale=self.locale)

    # Days and hours

    def day(self, moment: date) -> str:
        """`Thursday 19 November`, as the language writes it."""
        return moments.day(moment) if self._english else day_in_words(_date(moment), self.language)

    def short_day(self, moment: date) -> str:
        """`Thu 19 Nov`."""
        if self._english:
            return moments.short_day(moment)
        return str(format_skeleton("MMMEd", moment, locale=self.locale))

    def date(self, moment: date) -> str:
        """`19 November 2026`."""
        return date_in_words(_date(moment), self.language)

    def weekdays(self) -> list[str]:
        """Monday first, with a capital, as a list to choose from begins its lines."""
        names = get_day_names("wide", "stand-alone", self.locale)
        return [_capital(names[day]) for day in range(7)]

    def city(self, zone: str) -> str:
        """The city a time zone is named after, as the language calls it."""
        return moments.place(zone) if self._english else _city(zone, self.language)

    # Rhythms

    def interval(self, days: int) -> str:
        """`Once a week`, `Every second day`."""
        if self._english:
            return _capital(interval_phrase(days))
        if days % 7 == 0:
            return self.count("Once a week", "Every %(count)s weeks", days // 7)
        return self.count("Every day", "Every %(count)s days", days)

    def often(self, weekdays: frozenset[int], gap: int) -> str:
        """`Once a week`, `Mondays and Thursdays`: a gap that other days stretch is told by its days."""
        if weekdays == EVERY_DAY or len(weekdays) == 1 or gap % 7 == 0:
            return self.interval(gap)
        if self._english:
            return _capital(rhythm_phrase(weekdays, gap))
        return self.listed([self.weekdays()[day] for day in sorted(weekdays)])

    def rhythm(self, cadence: Cadence) -> str:
        """`Mondays at 9:00`; in other languages than English with its gap first."""
        if self._english:
            return _capital(cadence.phrase())
        words = self.interval(max(cadence.gap, cadence.min_gap))
        if cadence.weekdays != EVERY_DAY:
            words = f"{words} ({self.listed([self.weekdays()[day] for day in sorted(cadence.weekdays)])})"
        if cadence.end is None:
            return self.at(words, cadence.start)
        hours = {"start": time_phrase(cadence.start), "end": time_phrase(cadence.end)}
        return self.say("%(days)s between %(start)s and %(end)s", days=words, **hours)

    def at(self, days: str, minute: int) -> str:
        return self.say("%(days)s at %(hour)s", days=days, hour=time_phrase(minute))


@cache
def speech(language: str) -> Speech:
    """The one speech that serves this language."""
    return Speech(language)


@cache
def _city(zone: str, language: str) -> str:
    return str(get_timezone_location(zone, locale=locale(language), return_city=True))


def _date(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
