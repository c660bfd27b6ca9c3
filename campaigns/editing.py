"""Editing one lesson of a draft: what a person may write, and on which version their text builds.

Nobody overwrites what they have not seen: whoever saves names the version they began from.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy.orm import Session

from campaigns.models import Lesson
from campaigns.newsletters.drafting import require_draft
from campaigns.newsletters.models import Issue
from campaigns.splitting import minutes_to_read
from courseletter.errors import CourseletterError, InvalidInput, NotFound
from subscribers.addresses import check_header_text
from templates import conditions
from templates.dialect import render_text

LONGEST_BODY = 500_000  # characters; mail programs cut mail off at a fifth of that
LONGEST_GAP = 999  # days, as in a course folder


@dataclass(frozen=True, slots=True)
class LessonText:
    """What the editor edits. `gap_days` None: the course's rhythm; `only_if` '': for everybody."""

    title: str
    subject: str
    preheader: str
    body: str
    recap: str = ""
    teaser: str = ""
    only_if: str = ""
    gap_days: int | None = None

    @classmethod
    def of(cls, lesson: Lesson) -> "LessonText":
        return cls(**{field.name: getattr(lesson, field.name) for field in fields(cls)})

    @property
    def version(self) -> str:
        """A hash of all of it: the same text is the same version, whoever wrote it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Saved:
    """A lesson as it stands, and who saved it when; '' and None where nobody has edited it yet."""

    text: LessonText
    by: str
    at: datetime | None

    @classmethod
    def of(cls, lesson: Lesson) -> "Saved":
        return cls(LessonText.of(lesson), lesson.saved_by, lesson.saved_at)


class Stale(CourseletterError):
    """Somebody else has saved since, and nothing was stored. `theirs` is what they saved."""

    def __init__(self, theirs: Saved) -> None:
        super().__init__(f"{theirs.by or 'Somebody'} saved this lesson while you wrote.")
        self.theirs = theirs


def find_lesson(session: Session, course_id: str, lesson_id: str, *, to_write: bool = False) -> Lesson:
    """A lesson of a course's draft, or an issue. Raises NotFound, also for one that was taken out; and
    InvalidInput where an issue is to be written to that is frozen.
    """
    lesson = session.get(Lesson, lesson_id, with_for_update=True if to_write else None)
    if lesson is None or lesson.removed or lesson.course_id != course_id:
        raise NotFound(
            "There is no such lesson. It was taken out of its course, or the address is not whole."
        )
    if to_write and lesson.kind == "issue":
        require_draft(session.get_one(Issue, lesson_id))
    return lesson


def rewrite(lesson: Lesson, version: str, text: LessonText, by: str, now: datetime, form: str = "") -> Saved:
    """Save a lesson, found to be written, that was `version` when its author began.

    `form`: the format of what they wrote, where it may be another one by now. Raises Stale when it is another
    version, and InvalidInput naming the field that cannot be saved.
    """
    check(text)
    standing = Saved.of(lesson)
    if form and form != lesson.format:
        raise InvalidInput(
            f"{standing.by or 'Somebody'} put this lesson into another format. Copy your text, then reload.",
            field="body",
        )
    if text == standing.text:
        return standing
    if standing.text.version != version:
        raise Stale(standing)
    for field in fields(LessonText):
        setattr(lesson, field.name, getattr(text, field.name))
    if lesson.format == "markdown" and text.body != standing.text.body:
        lesson.minutes = max(1, round(minutes_to_read(render_text(text.body))))
    lesson.saved_at, lesson.saved_by = now, by
    return Saved.of(lesson)


def check(text: LessonText) -> None:
    """Raise InvalidInput for what can be neither stored nor mended later. Faults in the text block publishing
    alone."""
    for name, value in asdict(text).items():
        if isinstance(value, str):
            _check_storable(name, value)
    if not text.title.strip():
        raise InvalidInput("A lesson needs a title.", field="title")
    if not text.subject.strip():
        raise InvalidInput("A mail needs a subject.", field="subject")
    for name in ("title", "subject", "preheader"):
        check_header_text(getattr(text, name), name)
    if len(text.body) > LONGEST_BODY:
        raise InvalidInput(
            f"The lesson is longer than {LONGEST_BODY:,} characters. Make two lessons of it.", field="body"
        )
    if text.gap_days is not None and not 1 <= text.gap_days <= LONGEST_GAP:
        raise InvalidInput(f"Write a number of days from 1 to {LONGEST_GAP}, or nothing.", field="gap_days")
    if text.only_if:
        try:
            conditions.parse(text.only_if)
        except InvalidInput as error:
            raise InvalidInput(str(error), field="only_if") from None


def _check_storable(name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            "There is a character that is not valid Unicode. Type it again.", field=name
        ) from None
    if "\x00" in value:
        raise InvalidInput("There is a NUL character in it. Take it out.", field=name)
