"""Where mails say something by a custom field: lessons, in drafts and in force, and issues to come."""

import re
from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from campaigns.models import Course, Lesson, LessonContent, RevisionLesson
from campaigns.newsletters.models import Issue, IssueState
from campaigns.wording import shown
from courseletter.errors import InvalidInput

_WORDS = ("title", "subject", "preheader", "recap", "teaser", "only_if", "body")
_OVER = (IssueState.SENT, IssueState.CANCELLED)


def require_unused(session: Session, name: str) -> None:
    """Raise InvalidInput while a mail says something by this field: it would say nothing there."""
    found = list(dict.fromkeys(_saying(session, name)))
    if not found:
        return
    others = f" and in {len(found) - 1} more" if len(found) > 1 else ""
    raise InvalidInput(
        f"It stands in {found[0]}{others}. Take it out of there and publish that; then come back.",
        field="name",
    )


def _saying(session: Session, name: str) -> Iterator[str]:
    # As merge fields, conditions and MJML write it; quotes are escaped where a mail is kept as JSON.
    written = re.compile(rf"subscriber(?:\.|\[\s*\\*['\"]){name}(?![a-z0-9_])")
    for row, course in session.execute(_drafts(name)):
        if any(written.search(getattr(row, one)) for one in _WORDS):
            yield f"“{shown(row.title)}” of “{course}”"
    for frozen, course in session.execute(_in_force(name)):
        if any(written.search(getattr(frozen, one)) for one in (*_WORDS, "compiled")):
            yield f"“{shown(frozen.title)}” of “{course}”"


def _drafts(name: str) -> Select[Lesson, str]:
    return (
        select(Lesson, Course.title)
        .join(Course, Course.id == Lesson.course_id)
        .outerjoin(Issue, Issue.lesson_id == Lesson.id)
        .where(Lesson.removed.is_(False), or_(Issue.state.is_(None), Issue.state.not_in(_OVER)))
        .where(_contains(Lesson, _WORDS, name))
        .order_by(Lesson.course_id, Lesson.position)
    )


def _in_force(name: str) -> Select[RevisionLesson, str]:
    return (
        select(RevisionLesson, Course.title)
        .join(Course, Course.revision_id == RevisionLesson.revision_id)
        .where(_contains(RevisionLesson, (*_WORDS, "compiled"), name))
        .order_by(Course.id, RevisionLesson.position)
    )


def _contains(table: type[LessonContent], columns: tuple[str, ...], name: str) -> ColumnElement[bool]:
    return or_(*(getattr(table, one).contains(name, autoescape=True) for one in columns))
