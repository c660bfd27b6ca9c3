"""A changed article read again: what it says now is carried into the course it became, lesson by lesson.

The article as it was read before tells what came from it and what a person has written since: only what the
article itself changed is taken over, and nobody's words are lost.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from campaigns import article as articles
from campaigns import drafting
from campaigns.models import Course, Lesson
from campaigns.splitting import DraftLesson, SplitSettings, split
from campaigns.wording import unnumbered
from courseletter.errors import InvalidInput

ALIKE = 0.5  # as much of their words in common, and two bodies are one lesson in two versions
_LINES = ("title", "subject", "preheader", "recap", "teaser")


@dataclass(slots=True)
class Reread:
    """What became of the draft, by the titles of lessons.

    `kept` are those that the article changed or dropped and that a person has rewritten: they stay.
    """

    changed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def update_course(
    session: Session, course: Course, article: articles.Article, settings: SplitSettings, now: datetime
) -> Reread:
    """Bring a course's draft up to what its article says now. The revision in force stays as it is.

    `settings` are the lengths that the course was made with. Raises InvalidInput for a course that was not
    made of an article.
    """
    if course.article is None:
        raise InvalidInput(
            f"“{course.title}” was not made of an article, so there is nothing to compare with. Edit it with "
            f"`courseletter course export {course.slug}`.",
            field="course",
        )
    former = articles.Article.from_dict(course.article.payload)
    before, after = split(former, settings), split(article, settings)
    lessons = list(course.lessons)
    came_from = paired([one.body for one in lessons], [one.body for one in before])
    became = paired([one.body for one in before], [one.body for one in after])
    told, places = Reread(), dict[int, Lesson]()
    for place, lesson in enumerate(lessons):
        origin = came_from.get(place)
        if origin is None:
            continue  # written by a person
        if origin in became:
            places[became[origin]] = lesson
            _bring_up(lesson, before[origin], after[became[origin]], told)
        elif lesson.body == before[origin].body:
            lesson.removed = True
            told.removed.append(lesson.title)
        else:
            told.kept.append(lesson.title)
    for goal, draft in enumerate(after):
        if goal not in places:
            places[goal] = _new(session, course, draft)
            told.added.append(draft.title)
    _arrange(lessons, [places[goal] for goal in range(len(after))])
    course.disclosures = _brought_up(course.disclosures, former.disclosures, article.disclosures)
    course.disclaimers = _brought_up(course.disclaimers, former.disclaimers, article.disclaimers)
    course.article = drafting.add_article(session, article, now)
    session.flush()
    session.refresh(course, ["lessons"])
    drafting.check_headers(course)
    drafting.renumber(course)
    return told


def paired(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Which text of `new` each of `old` became, by place: the most alike first, those too unlike none."""
    words = [[Counter(re.findall(r"\w+", text.casefold())) for text in texts] for texts in (old, new)]
    pairs = sorted(
        (
            (-_alike(one, other), abs(a - b), a, b)
            for a, one in enumerate(words[0])
            for b, other in enumerate(words[1])
        ),
    )
    found: dict[int, int] = {}
    for unlike, _, a, b in pairs:
        if -unlike >= ALIKE and a not in found and b not in found.values():
            found[a] = b
    return found


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """The share of words that two texts have in common (Dice): 1 for the same words."""
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def _bring_up(lesson: Lesson, before: DraftLesson, after: DraftLesson, told: Reread) -> None:
    """Take over what the article changed, except where a person has written something else since."""
    title = lesson.title
    taken = [name for name in _LINES if _take_over(lesson, name, before, after)]
    if before.body != after.body:
        if lesson.body != before.body:
            told.kept.append(title)
            return
        lesson.body, lesson.minutes = after.body, max(1, round(after.minutes))
        taken.append("body")
    if taken:
        told.changed.append(lesson.title)


def _take_over(lesson: Lesson, name: str, before: DraftLesson, after: DraftLesson) -> bool:
    """Whether a line was taken over. The number before a subject follows later by itself."""
    mine, was, now = (unnumbered(getattr(one, name)) for one in (lesson, before, after))
    if mine != was or was == now:
        return False
    setattr(lesson, name, getattr(after, name))
    return True


def _new(session: Session, course: Course, draft: DraftLesson) -> Lesson:
    lesson = drafting.lesson_of(0, draft)
    lesson.course_id = course.id
    session.add(lesson)
    return lesson


def _arrange(former: Sequence[Lesson], ordered: list[Lesson]) -> None:
    """Give each a position: the article's order, and a person's own lesson after the one it came after."""
    order = list(ordered)
    for place, lesson in enumerate(former):
        if lesson not in order and not lesson.removed:
            ahead = next((one for one in reversed(former[:place]) if one in order), None)
            order.insert(0 if ahead is None else order.index(ahead) + 1, lesson)
    for position, lesson in enumerate(order):
        lesson.position = position


def _brought_up(mine: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The notices with the article's new ones, without those it dropped; a person's own stay."""
    kept = [text for text in mine if text not in before or text in after]
    return [*kept, *(text for text in after if text not in before and text not in kept)]
