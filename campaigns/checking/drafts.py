"""A course's draft, checked: every finding of every point, worst first within each lesson.

Publishing stops at the blocking ones; `courseletter course check` and the editor show all.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.dates import get_day_names

from campaigns import wording
from campaigns.cadence import Cadence
from campaigns.checking import heads, markdown, sequence
from campaigns.checking.examining import LOOKED_AT, Examined, Target, examine
from campaigns.checking.finding import Finding, Severity, blocking
from campaigns.checking.mail import Expected
from campaigns.checking.showing import LINKS
from campaigns.models import Course, Lesson
from campaigns.teasers import behind_title
from templates.brand import Brand
from templates.compiling import LessonSource, compile_lesson
from templates.errors import TemplateError
from templates.merge_fields import MergeField, parts
from templates.problems import in_line
from templates.syntax import parse
from templates.words import words

_ORDER = {severity: place for place, severity in enumerate(Severity)}
# Stands in while there is none, so that the other points can be looked at.
_NO_ADDRESS = "The sender’s postal address"


@dataclass(frozen=True, slots=True)
class Checked:
    """By lesson id: `targets`, the addresses in it, and `sizes`, what its mail weighs at most, in bytes."""

    findings: list[Finding]
    targets: dict[str, tuple[Target, ...]]
    sizes: dict[str, int]


def check(
    course: Course,
    sources: Sequence[LessonSource],
    brand: Brand,
    known: Container[str],
    only: Lesson | None = None,
) -> Checked:
    """Look at a draft. A broken lesson makes findings and no errors.

    `sources` are its lessons as they would be compiled, in order; `known` has the fields of subscribers.
    With `only` it is that one lesson which is looked at.
    """
    found: list[sequence.Found] = [(None, finding) for finding in sequence.settings(course, brand)]
    found += sequence.headers(course)
    found += sequence.promises(course)
    draft = _Draft(
        course, sources, brand if brand.address.strip() else replace(brand, address=_NO_ADDRESS), known
    )
    lessons = course.lessons if only is None else [only]
    if only is not None:
        found = [one for one in found if one[0] is only]
    examined = {lesson.id: draft.examined(course.lessons.index(lesson)) for lesson in lessons}
    for lesson in lessons:
        found += ((lesson, finding) for finding in examined[lesson.id].findings)
    return Checked(
        _in_order(course, found),
        {key: one.targets for key, one in examined.items()},
        {key: one.size for key, one in examined.items()},
    )


class _Draft:
    """The lessons of a course, each looked at by its place among them."""

    def __init__(
        self, course: Course, sources: Sequence[LessonSource], brand: Brand, known: Container[str]
    ) -> None:
        self.course = course
        self.sources = sources
        self.brand = brand
        self.known = known
        self.expected = _expected(course, brand)

    def examined(self, place: int) -> Examined:
        """A lesson's own lines and text and, where it compiles, the mail that it becomes."""
        lesson, source = self.course.lessons[place], self.sources[place]
        found = list(heads.lines(lesson))
        if len(source.body) > LOOKED_AT:
            message = f"It has over {LOOKED_AT // 1024}\u00a0KB of text, and mail has room for about 80."
            found.append(blocking("size", message, "Split it into several."))
            return Examined(tuple(found))
        tokens = parse(source.body) if source.format == "markdown" else []
        found += markdown.left_out(tokens)
        found += heads.open_fields(lesson, list(markdown.open_fields(tokens)), self.known)
        mail = self._mail(place)
        return replace(mail, findings=(*found, *mail.findings))

    def _mail(self, place: int) -> Examined:
        source = self.sources[place]
        try:
            compiled = compile_lesson(source, self.brand, traced=True)
        except TemplateError as error:
            return Examined(tuple(_broken(source, error)))
        unknown = heads.unknown_fields(compiled.needs, self.known)
        examined = examine(compiled, self._context(place), replace(self.expected, expert=compiled.expert))
        return replace(examined, findings=(*unknown, *examined.findings))

    def _context(self, place: int) -> dict[str, Any]:
        """A reader who has everything that can be had, so that every part of the mail is seen."""
        lesson, source, sources = self.course.lessons[place], self.sources[place], self.sources
        before, after = sources[max(place - 1, 0)], sources[min(place + 1, len(sources) - 1)]
        teaser = behind_title(lesson.teaser, after.title)
        when = "2 January"  # no weekday: those are looked for in what the author wrote
        names = {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.org"}
        return {
            "subscriber": {**names, "joined": when},
            "lesson": {
                "number": source.number,
                "total": source.total,
                "title": source.title,
                "minutes": source.minutes,
                "next_when": when,
            },
            "course": {"title": self.course.title, "total": source.total, "list": self.course.title},
            "sender": {"name": self.brand.name, "address": self.brand.address},
            "links": LINKS,
            "previous": {"number": before.number, "title": before.title, "recap": lesson.recap},
            "next": {"number": after.number, "title": after.title, "teaser": teaser, "when": when},
        }


def _broken(source: LessonSource, error: TemplateError) -> list[Finding]:
    """Why a lesson does not compile. What is wrong with its head has been said."""
    found = list(markdown.errors(source.body)) if source.format == "markdown" else []
    lines = (source.title, source.subject, source.preheader)
    if found or error.message in [message for line in lines for message in in_line(line)]:
        return found
    mend = "Mend it there." if error.line is not None else "Make it simpler."
    return [blocking("markup", *markdown.split(error.message, mend), error.line)]


def _in_order(course: Course, found: Sequence[sequence.Found]) -> list[Finding]:
    """The course's own findings, then each lesson's, the worst first, with the lesson's name."""
    places = {lesson.id: place for place, lesson in enumerate(course.lessons)}
    named = [
        replace(finding, lesson=lesson.id, title=lesson.title) if lesson else finding
        for lesson, finding in found
    ]
    return sorted(
        dict.fromkeys(named),
        key=lambda one: (places.get(one.lesson, -1), _ORDER[one.severity], one.line or 0),
    )


def _expected(course: Course, brand: Brand) -> Expected:
    language = course.language
    arrives = parts(wording.phrases(language.partition("-")[0]).arrives)
    return Expected(
        language=language,
        address=brand.address_line,
        disclosures=tuple(course.disclosures),
        weekdays=_weekdays(language),
        chosen=tuple(sorted(Cadence.from_json(course.cadence).weekdays)),
        tomorrow=next((part.fallback or "" for part in arrives if isinstance(part, MergeField)), ""),
        lesson_word=words(language)["lesson_of"].split()[0],
    )


def _weekdays(language: str) -> tuple[str, ...]:
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return tuple(str(get_day_names("wide", locale=locale)[day]) for day in range(7))
