"""A course's draft, checked: every finding of every point, worst first within each lesson.

Publishing stops at the blocking ones; `courseletter course check` and the editor show all.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.dates import get_day_names

from campaigns import wording
from campaigns.cadence import Cadence
from campaigns.checking import heads, markdown, sequence
from campaigns.checking.examining import Examined, Target, examine
from campaigns.checking.finding import Finding, Severity, blocking
from campaigns.checking.mail import Expected
from campaigns.checking.showing import LINKS
from campaigns.models import Course, Lesson
from templates.brand import Brand
from templates.compiling import LessonSource, compile_lesson
from templates.merge_fields import MergeField, parts
from templates.mjml import LARGEST
from templates.problems import TemplateError
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


def check(course: Course, sources: Sequence[LessonSource], brand: Brand, known: Collection[str]) -> Checked:
    """Look at a draft. A broken lesson makes findings and no errors.

    `sources` are its lessons as they would be compiled, in order; `known` names the fields subscribers have.
    """
    found: list[sequence.Found] = [(None, finding) for finding in sequence.settings(course, brand)]
    found += sequence.headers(course)
    found += sequence.promises(course)
    if not brand.address.strip():
        brand = replace(brand, address=_NO_ADDRESS)
    expected = _expected(course, brand)
    targets, sizes = {}, {}
    for place, (lesson, source) in enumerate(zip(course.lessons, sources, strict=True)):
        found += ((lesson, finding) for finding in heads.lines(lesson))
        examined = _examined(lesson, source, brand, _context(course, place, sources, brand), expected, known)
        found += ((lesson, finding) for finding in examined.findings)
        targets[lesson.id], sizes[lesson.id] = examined.targets, examined.size
    return Checked(_in_order(course, found), targets, sizes)


def _examined(
    lesson: Lesson,
    source: LessonSource,
    brand: Brand,
    context: dict[str, Any],
    expected: Expected,
    known: Collection[str],
) -> Examined:
    """One lesson's own text and, where it compiles, the mail that it becomes."""
    if len(source.body) > LARGEST:
        message = f"The lesson has over {LARGEST // 1024}\u00a0KB of text, and mail has room for about 80."
        return Examined((blocking("size", message, "Split it into several lessons."),))
    found: list[Finding] = []
    is_markdown = source.format == "markdown"
    if is_markdown:
        found += markdown.errors(source.body)
        tokens = parse(source.body)
        found += markdown.left_out(tokens)
        found += heads.open_fields(lesson, list(markdown.open_fields(tokens)), known)
    if found and any(finding.severity is Severity.BLOCKING for finding in found):
        return Examined(tuple(found))
    try:
        compiled = compile_lesson(source, brand, traced=True)
    except TemplateError as error:
        mend = "Mend it there." if error.line is not None else "Make the lesson simpler."
        broken = blocking("markup", *markdown.split(error.message, mend), error.line)
        # What is wrong with its head has been said.
        return Examined((*found, broken) if _is_of_body(lesson, error) else tuple(found))
    found += heads.unknown_fields(compiled.needs, known)
    examined = examine(compiled, context, replace(expected, expert=not is_markdown))
    return replace(examined, findings=(*found, *examined.findings))


def _is_of_body(lesson: Lesson, error: TemplateError) -> bool:
    return not any(error.message in f"{one.message} {one.mend}" for one in heads.lines(lesson))


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


def _context(course: Course, place: int, sources: Sequence[LessonSource], brand: Brand) -> dict[str, Any]:
    """A reader who has everything that can be had, so that every part of the mail is seen."""
    lesson, source = course.lessons[place], sources[place]
    before = sources[max(place - 1, 0)]
    after = sources[min(place + 1, len(sources) - 1)]
    when = "2 January"
    return {
        "subscriber": {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.org", "joined": when},
        "lesson": {
            "number": source.number,
            "total": source.total,
            "title": source.title,
            "minutes": source.minutes,
            "next_when": when,
        },
        "course": {"title": course.title, "total": source.total},
        "sender": {"name": brand.name, "address": brand.address},
        "links": LINKS,
        "previous": {"number": before.number, "title": before.title, "recap": lesson.recap},
        "next": {"number": after.number, "title": after.title, "teaser": lesson.teaser, "when": when},
    }
