"""What a draft has that the published revision has not: lessons and rules (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from campaigns.cadence import Cadence
from campaigns.drafting import WEEK
from campaigns.models import Course, Lesson, RevisionLesson
from campaigns.rules import rules
from campaigns.wording import recounted, shown
from templates.brand import Brand


class Change(StrEnum):
    NEW = "new"
    REMOVED = "removed"
    MOVED = "moved"
    EDITED = "edited"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit since the last publish. `name` is a lesson's title or a rule's name."""

    change: Change
    name: str
    lesson: str | None = None
    old: str = ""
    new: str = ""


# What a reader of the lesson would see; the number in a subject follows from its place.
_WORDS = ("kind", "title", "recap", "teaser", "gap_days", "only_if", "format", "body")


def edits(course: Course) -> list[Edit]:
    """Every edit of the draft, none where nothing was ever published."""
    revision = course.revision
    if revision is None:
        return []
    before = {one.lesson_id: one for one in revision.lessons}
    now = {one.id: one for one in course.lessons}
    moved = _moved([one for one in before if one in now], [one for one in now if one in before])
    found = [Edit(Change.NEW, shown(one.title), one.id) for one in course.lessons if one.id not in before]
    for lesson_id, old in before.items():
        lesson = now.get(lesson_id)
        if lesson is None:
            found.append(Edit(Change.REMOVED, shown(old.title), lesson_id))
            continue
        if _reworded(course, old, lesson):
            found.append(Edit(Change.EDITED, shown(lesson.title), lesson_id))
        if lesson_id in moved:
            found.append(Edit(Change.MOVED, shown(lesson.title), lesson_id))
    return [*found, *_rules(course)]


def rebranded(course: Course, brand: Brand) -> list[Edit]:
    """Whether learners still get another brand, or other looks of it, than the one the course has now."""
    if course.revision is None or course.revision.brand in (None, brand.to_json()):
        return []
    before = Brand.from_json(course.revision.brand)
    if before.name != brand.name:
        return [Edit(Change.RULE, "Brand", old=before.name, new=brand.name)]
    return [Edit(Change.RULE, "Brand", old="as it was", new="as it is now")]


def _rules(course: Course) -> list[Edit]:
    revision = course.revision
    if revision is None:
        return []
    old = {
        "Title": revision.title,
        **rules(Cadence.from_json(revision.cadence), revision.zone),
        "Disclosures": " ".join(revision.disclosures),
        "Disclaimers": " ".join(revision.disclaimers),
    }
    new = {
        "Title": course.title,
        **rules(Cadence.from_json(course.cadence), course.zone),
        "Disclosures": " ".join(course.disclosures),
        "Disclaimers": " ".join(course.disclaimers),
    }
    return [Edit(Change.RULE, name, old=old[name], new=new[name]) for name in old if old[name] != new[name]]


def _reworded(course: Course, old: RevisionLesson, new: Lesson) -> bool:
    if any(getattr(old, name) != getattr(new, name) for name in _WORDS):
        return True
    if new.preheader not in (old.preheader, _recounted(course, old)):
        return True
    return _without_number(old.subject) != _without_number(new.subject)


def _recounted(course: Course, old: RevisionLesson) -> str:
    """A preheader that counts the lessons, with the count that the draft has now."""
    minutes = [one.minutes for one in course.lessons if one.kind == "lesson"]
    weekly = Cadence.from_json(course.cadence).gap == WEEK
    return recounted(old.preheader, minutes, course.language, weekly=weekly) if minutes else old.preheader


def _without_number(subject: str) -> str:
    """A generated subject without its "2/5: "."""
    number, colon, rest = subject.partition(": ")
    return rest if colon and number.replace("/", "").isdigit() else subject


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """The ids that do not stand in the order they had, beside those that do."""
    kept = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    stayed = {one for block in kept for one in old[block.a : block.a + block.size]}
    return set(old) - stayed
