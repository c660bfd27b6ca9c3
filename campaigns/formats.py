"""A lesson goes over from Markdown to MJML and back; the text in the other format is set aside, not lost."""

from datetime import datetime

from campaigns.editing import LONGEST_BODY, Saved, Stale
from campaigns.models import Format, Lesson
from courseletter.errors import InvalidInput
from templates.authoring import to_mjml

NAMES: dict[Format, str] = {"markdown": "Markdown", "mjml": "MJML"}
_OTHER: dict[Format, Format] = {"markdown": "mjml", "mjml": "markdown"}


def make_mjml(lesson: Lesson, version: str, by: str, now: datetime) -> Saved:
    """Make MJML of a Markdown lesson, found to be written: the same mail. The Markdown is set aside.

    Raises Stale where it is no longer `version`, and InvalidInput where it is MJML or has a fault.
    """
    _check(lesson, version)
    if lesson.format != "markdown":
        raise InvalidInput("This lesson is MJML already.", field="body")
    made = to_mjml(lesson.body, lesson.course.language)
    if len(made) > LONGEST_BODY:
        raise InvalidInput("As MJML it would be too long. Make two lessons of it first.", field="body")
    return _become(lesson, made, by, now)


def swap(lesson: Lesson, version: str, by: str, now: datetime) -> Saved:
    """Take up what was set aside, as it was, and set aside what stands.

    Raises Stale where the lesson is no longer `version`, and InvalidInput where nothing was set aside.
    """
    _check(lesson, version)
    if lesson.set_aside is None:
        other = NAMES[_OTHER[lesson.format]]
        raise InvalidInput(f"This lesson has no {other} to go back to.", field="body")
    return _become(lesson, lesson.set_aside, by, now)


def _check(lesson: Lesson, version: str) -> None:
    standing = Saved.of(lesson)
    if standing.text.version != version:
        raise Stale(standing)


def _become(lesson: Lesson, body: str, by: str, now: datetime) -> Saved:
    lesson.set_aside, lesson.body = lesson.body, body
    lesson.format = _OTHER[lesson.format]
    lesson.saved_at, lesson.saved_by = now, by
    return Saved.of(lesson)
