"""What a mail knows about its reader: the plain values that a lesson's merge fields are filled with. Pure.

Dates are in words, in the course's language and the reader's zone. What came before and what comes next is
this reader's own, which under live edits need not be the neighbouring lesson.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, match_skeleton

from campaigns.models import Kind
from campaigns.teasers import behind_title
from sender.links import Links
from templates.brand import Brand

_SHORT_NAME = re.compile(r"(?<![EcML])(?:E{1,3}|ccc|MMM|LLL)(?![EcML])")


@dataclass(frozen=True, slots=True)
class SyllabusLesson:
    """A lesson as the other lessons' mails speak of it."""

    id: str
    kind: Kind
    number: int
    title: str
    minutes: int
    recap: str  # of the lesson before
    teaser: str  # of the lesson after


@dataclass(frozen=True, slots=True)
class Syllabus:
    """A published course: what it teaches, in order, in one language, to one mailing list."""

    title: str
    language: str
    list_id: int
    lessons: tuple[SyllabusLesson, ...]


class Reader(NamedTuple):
    """One reader's place in a course, as the ledger knows it when a lesson goes out."""

    subscriber_id: int
    enrolment_id: int
    email: str
    first_name: str
    last_name: str
    fields: Mapping[str, Any]
    joined_on: date
    previous: str | None  # id of the lesson that they got before this one
    next: str | None  # id of the lesson that comes next, None at the end of the course
    next_at: datetime | None
    zone: tzinfo


class Addressee(NamedTuple):
    """One reader of an issue, and the list on which they have agreed to it."""

    subscriber_id: int
    delivery_id: int
    email: str
    first_name: str
    last_name: str
    fields: Mapping[str, Any]
    joined_on: date
    list_id: int
    list_name: str


class LessonContexts:
    """The contexts of templates/rendering.py for one lesson. What is the same for all readers is made once
    and shared: a context is only ever read.
    """

    def __init__(self, syllabus: Syllabus, lesson_id: str, brand: Brand, links: Links) -> None:
        lessons = syllabus.lessons
        total = sum(one.kind == "lesson" for one in lessons)
        this = next(one for one in lessons if one.id == lesson_id)
        self._syllabus = syllabus
        self._links = links
        self._page = f"lessons/{lesson_id}"
        self._lesson = {"number": this.number, "total": total, "title": this.title, "minutes": this.minutes}
        self._course = {"title": syllabus.title, "total": total}
        self._sender = {"name": brand.name, "address": brand.address}
        # A welcome is nothing to look back on.
        self._previous: dict[str | None, dict[str, Any]] = {
            one.id: {"number": one.number, "title": one.title, "recap": after.recap if after else ""}
            for one, after in zip(lessons, (*lessons[1:], None), strict=True)
            if one.kind != "welcome"
        }
        self._next: dict[str | None, tuple[int, str, str]] = {
            one.id: (one.number, one.title, behind_title(before.teaser, one.title) if before else "")
            for before, one in zip((None, *lessons), lessons, strict=False)
        }

    def of(self, reader: Reader) -> dict[str, Any]:
        language = self._syllabus.language
        upcoming = self._upcoming(reader)
        return {
            "subscriber": {
                **reader.fields,
                "first_name": reader.first_name,
                "last_name": reader.last_name,
                "email": reader.email,
                "joined": date_in_words(reader.joined_on, language),
            },
            "lesson": {**self._lesson, "next_when": upcoming["when"] if upcoming else ""},
            "course": self._course,
            "sender": self._sender,
            "links": self._addresses(reader),
            "previous": self._previous.get(reader.previous),
            "next": upcoming,
        }

    def _upcoming(self, reader: Reader) -> dict[str, Any] | None:
        """The reader's next lesson and its day, or None at the end of the course."""
        if reader.next not in self._next or reader.next_at is None:
            return None
        number, title, teaser = self._next[reader.next]
        when = day_in_words(reader.next_at.astimezone(reader.zone).date(), self._syllabus.language)
        return {"number": number, "title": title, "teaser": teaser, "when": when}

    def _addresses(self, reader: Reader) -> dict[str, str]:
        home = self._links.learn(reader.enrolment_id)
        looks_back = reader.previous in self._previous
        return {
            "web": f"{home}/{self._page}",
            "previous": f"{home}/lessons/{reader.previous}" if looks_back else home,
            "next_now": f"{home}/next",
            "pause": f"{home}/pause",
            "preferences": home,
            "unsubscribe": self._links.unsubscribe(self._syllabus.list_id, reader.subscriber_id),
        }


class IssueContexts:
    """The contexts of one issue of a newsletter: there is no lesson before or after it, and no pace."""

    def __init__(
        self, newsletter: str, title: str, minutes: int, language: str, brand: Brand, links: Links
    ) -> None:
        self._language = language
        self._links = links
        self._newsletter = newsletter
        self._lesson = {"number": 0, "total": 0, "title": title, "minutes": minutes, "next_when": ""}
        self._sender = {"name": brand.name, "address": brand.address}

    def of(self, reader: Addressee) -> dict[str, Any]:
        return {
            "subscriber": {
                **reader.fields,
                "first_name": reader.first_name,
                "last_name": reader.last_name,
                "email": reader.email,
                "joined": date_in_words(reader.joined_on, self._language),
            },
            "lesson": self._lesson,
            "course": {"title": self._newsletter, "total": 0, "list": reader.list_name},
            "sender": self._sender,
            "links": self._addresses(reader),
            "previous": None,
            "next": None,
        }

    def _addresses(self, reader: Addressee) -> dict[str, str]:
        leave = self._links.unsubscribe(reader.list_id, reader.subscriber_id)
        web = self._links.read(reader.delivery_id)
        # An author may ask for any of them; whatever is a course's alone leads to the page to leave.
        return {
            **dict.fromkeys(("previous", "next_now", "pause", "preferences", "unsubscribe"), leave),
            "web": web,
        }


def confirmation_context(course_title: str, email: str, confirm: str, brand: Brand) -> dict[str, Any]:
    """The context of the mail that asks for consent; `confirm` is the link to press."""
    # Without the name: until it is confirmed, a stranger typed it.
    return {
        "subscriber": {"first_name": "", "last_name": "", "email": email},
        "course": {"title": course_title},
        "sender": {"name": brand.name, "address": brand.address},
        "links": {"confirm": confirm},
    }


@lru_cache(maxsize=1024)
def day_in_words(day: date, language: str) -> str:
    """`Thursday 19 November`, as the language writes it."""
    locale = _locale(language)
    name = match_skeleton("MMMMEEEEd", locale.datetime_skeletons) or "MMMEd"
    # The nearest pattern that a language has may shorten the names; CLDR asks to widen them again.
    pattern = _SHORT_NAME.sub(lambda m: m[0][0] * 4, locale.datetime_skeletons[name].pattern)
    return str(format_date(day, pattern, locale=locale))


@lru_cache(maxsize=4096)  # the days of ten years
def date_in_words(day: date, language: str) -> str:
    """`19 November 2026`, as the language writes it."""
    return str(format_date(day, "long", locale=_locale(language)))


def _locale(language: str) -> Locale:
    """The language's way to write dates; plain English writes the day first, as the pages do."""
    try:
        return Locale.parse("en-GB" if language == "en" else language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")
