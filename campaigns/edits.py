"""What is different between two revisions of a course, edit by edit (pure)."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from campaigns.cadence import Cadence
from campaigns.models import Revision, RevisionLesson
from campaigns.wording import unnumbered


class EditKind(StrEnum):
    INSERTED = "inserted"
    REMOVED = "removed"
    MOVED = "moved"
    REWORDED = "reworded"
    GAP = "gap"
    RHYTHM = "rhythm"  # days, hour, gaps, zone and what else the cadence says
    ABOUT = "about"  # title, language, disclosures, disclaimers
    RENUMBERED = "renumbered"  # only the “2/5: ” of subjects
    LOOK = "look"  # brand, theme, footer


@dataclass(frozen=True, slots=True)
class Difference:
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit. `lesson_id` is None for one that concerns the whole course.

    `title` is the lesson's, as it is after the edit; `follows` the title of the lesson that it stands after,
    empty at the beginning.
    """

    kind: EditKind
    lesson_id: str | None = None
    title: str = ""
    follows: str = ""
    differences: tuple[Difference, ...] = ()


_WORDS = ("title", "subject", "preheader", "recap", "teaser", "only_if", "kind", "format", "body")
_MOST_WORDS = 2_000  # compared word by word: the time grows with the square
_GAPS = re.compile(r"\n[^\S\n]*\n\s*")
_ABOUT = ("title", "language", "disclosures", "disclaimers")


def edits(before: Revision, after: Revision) -> list[Edit]:
    """The edits that lead from one revision to the other: lessons in their order, then the whole course."""
    old = {lesson.lesson_id: lesson for lesson in before.lessons}
    found = [*_of_lessons(old, after), *_of_the_course(before, after)]
    if not found and _looks_differ(before, after):
        return [Edit(EditKind.LOOK)]
    return found


def _looks_differ(before: Revision, after: Revision) -> bool:
    old = {lesson.lesson_id: lesson.compiled for lesson in before.lessons}
    return before.brand not in (None, after.brand) or any(
        old[one.lesson_id] != one.compiled for one in after.lessons
    )


def reworded(before: Revision, after: Revision) -> frozenset[str]:
    """The lessons in both that say something else now."""
    old = {lesson.lesson_id: lesson for lesson in before.lessons}
    both = [(old[one.lesson_id], one) for one in after.lessons if one.lesson_id in old]
    return frozenset(new.lesson_id for former, new in both if _rewording(former, new))


def wording(revision: Revision) -> str:
    """A hash of all that its lessons say: an edit does not tell the words of a new one."""
    said = [[str(getattr(lesson, name)) for name in ("lesson_id", *_WORDS)] for lesson in revision.lessons]
    return hashlib.sha256(repr(said).encode(errors="surrogatepass")).hexdigest()


def word_differences(before: str, after: str) -> Iterator[tuple[str, str]]:
    """The two texts as one: (equal | removed | added, words), to show them side by side in a line."""
    old, new = (re.findall(r"\S+\s*|\s+", text) for text in (before, after))
    if max(len(old), len(new)) > _MOST_WORDS:
        old, new = [before], [after]
    was, now = ([one.rstrip() for one in text] for text in (old, new))  # a space is no change
    for change, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if change == "equal":
            yield "equal", "".join(new[c:d])
        elif b > a:
            yield "removed", "".join(old[a:b])
        if change != "equal" and d > c:
            yield "added", "".join(new[c:d])


def passages(before: str, after: str) -> Iterator[list[tuple[str, str]]]:
    """The paragraphs that differ, each as its word differences; those that stay are left out."""
    old, new = (_GAPS.split(text.strip()) for text in (before, after))
    for change, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if change != "equal":
            yield list(word_differences("\n\n".join(old[a:b]), "\n\n".join(new[c:d])))


def _of_lessons(old: dict[str, RevisionLesson], after: Revision) -> Iterator[Edit]:
    moved = _moved(list(old), [lesson.lesson_id for lesson in after.lessons])
    follows, renumbered = "", []
    for lesson in after.lessons:
        about = (lesson.lesson_id, lesson.title, follows)
        former = old.get(lesson.lesson_id)
        follows = lesson.title
        if former is None:
            yield Edit(EditKind.INSERTED, *about)
            continue
        if lesson.lesson_id in moved:
            yield Edit(EditKind.MOVED, *about)
        if differences := _rewording(former, lesson):
            yield Edit(EditKind.REWORDED, *about, differences)
        elif former.subject != lesson.subject:
            renumbered.append(Difference("subject", former.subject, lesson.subject))
        if former.gap_days != lesson.gap_days:
            yield Edit(EditKind.GAP, *about, (_difference("gap", former.gap_days, lesson.gap_days),))
    kept = {lesson.lesson_id for lesson in after.lessons}
    for lesson in old.values():
        if lesson.lesson_id not in kept:
            yield Edit(EditKind.REMOVED, lesson.lesson_id, lesson.title)
    if renumbered:
        yield Edit(EditKind.RENUMBERED, differences=tuple(renumbered))


def _of_the_course(before: Revision, after: Revision) -> Iterator[Edit]:
    rhythm = tuple(_rhythm(before, after))
    if rhythm:
        yield Edit(EditKind.RHYTHM, title=Cadence.from_json(after.cadence).phrase(), differences=rhythm)
    about = tuple(_differences(before, after, _ABOUT))
    if about:
        yield Edit(EditKind.ABOUT, title=after.title, differences=about)


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Of the lessons in both, those that do not keep their order among the others."""
    was = [one for one in old if one in new]
    now = [one for one in new if one in old]
    blocks = SequenceMatcher(None, was, now, autojunk=False).get_matching_blocks()
    return set(now) - {one for block in blocks for one in was[block.a : block.a + block.size]}


def _rewording(before: RevisionLesson, after: RevisionLesson) -> tuple[Difference, ...]:
    found = _differences(before, after, _WORDS)
    return tuple(
        one for one in found if one.field != "subject" or unnumbered(one.before) != unnumbered(one.after)
    )


def _rhythm(before: Revision, after: Revision) -> Iterator[Difference]:
    old, new = Cadence.from_json(before.cadence), Cadence.from_json(after.cadence)
    if old.phrase() != new.phrase():
        yield Difference("rhythm", old.phrase(), new.phrase())
    told = {"weekdays", "start", "end", "gap"} if old.phrase() != new.phrase() else set()
    for name in Cadence.__slots__:
        if name not in told and getattr(old, name) != getattr(new, name):
            yield _difference(name, getattr(old, name), getattr(new, name))
    if before.zone != after.zone:
        yield Difference("zone", before.zone, after.zone)


def _differences(before: object, after: object, names: Sequence[str]) -> Iterator[Difference]:
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield _difference(name, old, new)


def _difference(name: str, before: object, after: object) -> Difference:
    return Difference(name, _shown(before), _shown(after))


def _shown(value: object) -> str:
    if isinstance(value, list | tuple | frozenset):
        return "\n".join(str(one) for one in (sorted(value) if isinstance(value, frozenset) else value))
    return "" if value is None else str(value)
