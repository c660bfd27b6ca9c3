"""A lesson's own lines: title, subject, preheader, condition, and the merge fields that it asks for."""

from collections.abc import Collection, Container, Iterator

from campaigns.checking.finding import Finding, blocking, clipped, hint, warning
from campaigns.checking.markdown import OpenField, split
from campaigns.language import columns
from campaigns.models import Lesson
from campaigns.wording import SUBJECT_COLUMNS, shown
from courseletter.errors import InvalidInput
from templates import conditions
from templates.merge_fields import SUBSCRIBER, MergeField, parts
from templates.problems import in_line

_PARTS = ("title", "subject", "preheader")
_ALWAYS = frozenset(("subscriber.email", "subscriber.joined"))
_CUT_SUBJECT = 78  # columns that inboxes on a desktop show
_PREHEADER = (30, 120)


def lines(lesson: Lesson) -> Iterator[Finding]:
    for part in _PARTS:
        for message in in_line(getattr(lesson, part)):
            yield blocking("field", *split(message, "Mend the field there."), part=part)
    if not lesson.body.strip():
        yield blocking("course", "There is no text.", "Write it, or take it out of the draft.")
    if lesson.only_if:
        try:
            conditions.parse(lesson.only_if)
        except InvalidInput as error:
            yield blocking("markup", *split(str(error), "Mend the condition."), part="only_if")
    yield from _subject(shown(lesson.subject))
    yield from _preheader(shown(lesson.preheader), shown(lesson.subject))


def _subject(subject: str) -> Iterator[Finding]:
    wide = columns(subject)
    if not subject.strip():
        mend = "Say in a few words what it gives."
        yield blocking("subject", "There is no subject.", mend, part="subject")
    elif wide > _CUT_SUBJECT:
        message = f"The subject has {wide:.0f} letters, and inboxes show {_CUT_SUBJECT} at most."
        yield warning("subject", message, f"Say it in {SUBJECT_COLUMNS}.", part="subject")
    elif wide > SUBJECT_COLUMNS:
        message = f"The subject has {wide:.0f} letters, and phones show about 40."
        yield hint("subject", message, "Put what matters first.", part="subject")


def _preheader(preheader: str, subject: str) -> Iterator[Finding]:
    least, most = _PREHEADER
    wide = columns(preheader)
    mend = "Say in a sentence why to open it."
    if not preheader.strip():
        message = "There is no preview text (preheader): inboxes show the brand's name beside the subject."
        yield warning("preheader", message, mend, part="preheader")
    elif preheader.casefold().strip() == subject.casefold().strip():
        yield warning("preheader", "The preview text says the subject again.", mend, part="preheader")
    elif wide < least:
        message = f"The preview text has {wide:.0f} letters, and inboxes have room for more."
        yield hint("preheader", message, mend, part="preheader")
    elif wide > most:
        message = f"The preview text has {wide:.0f} letters, and inboxes show about 100."
        yield hint("preheader", message, "Put what matters first.", part="preheader")


def unknown_fields(needs: Collection[tuple[str, int | None]], known: Container[str]) -> Iterator[Finding]:
    """Fields without a fallback that no subscriber has."""
    for path, line in dict.fromkeys(needs):
        group, _, name = path.partition(".")
        if group == "subscriber" and name not in SUBSCRIBER and name not in known:
            message = f"No subscriber has a field “{clipped(name)}”."
            yield blocking("field", message, f"Add it, or give a fallback: {_with_fallback(path)}.", line)


def open_fields(lesson: Lesson, found: Collection[OpenField], known: Container[str]) -> Iterator[Finding]:
    """Fields that some subscribers have, where the others would read a hole."""
    for part in _PARTS:
        for piece in parts(getattr(lesson, part)):
            if isinstance(piece, MergeField) and piece.fallback is None and _may_lack(piece.path, known):
                yield _hole(piece.path, None, part)
    for path, line in dict.fromkeys(found):
        if _may_lack(path, known):
            yield _hole(path, line, "body")


def _may_lack(path: str, known: Container[str]) -> bool:
    group, _, name = path.partition(".")
    if path == "lesson.next_when":
        return True  # after the last lesson there is none
    return group == "subscriber" and path not in _ALWAYS and (name in SUBSCRIBER or name in known)


def _hole(path: str, line: int | None, part: str) -> Finding:
    message = f"Where {path} is empty, readers find a hole."
    return warning("field", message, f"Give it a fallback: {_with_fallback(path)}.", line, part)


def _with_fallback(path: str) -> str:
    return f"{{{{ {path} | default('…') }}}}"
