"""Publishing: the draft is checked, compiled and frozen as a revision that learners get from now on.

Changing a course that people are under way in needs a plan of who gets what when (SEQUENCE S18 to S24) and is
refused until there is one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns import article as articles
from campaigns.cadence import Cadence
from campaigns.drafting import check_cadence, unsendable
from campaigns.models import CONTENT, Course, Enrolment, Lesson, Revision, RevisionLesson
from campaigns.reading.assembling import fold
from courseletter.errors import InvalidInput
from subscribers.fields import known_fields
from templates import conditions
from templates.brand import Brand
from templates.compiling import CompiledLesson, LessonSource, compile_lesson, validate
from templates.problems import TemplateError, in_line, problems

_UNDER_WAY = (
    "People are under way in the published revision, and a change of a running course needs a plan first: "
    "`courseletter course copy` makes a course of its own of the draft, or wait until they have finished."
)


class NotPublishable(InvalidInput):
    """The draft cannot be published; `findings` says why, one line each, with place and mend."""

    def __init__(self, title: str, findings: list[str]) -> None:
        super().__init__(f"“{title}” cannot be published yet. " + " ".join(findings), field="course")
        self.findings = findings


def publish(session: Session, course: Course, brand: Brand, now: datetime) -> Revision:
    """Freeze the draft as the revision in force; the one that is, where nothing has changed since.

    Raises NotPublishable, and then nothing was changed.
    """
    findings = blocking(course, brand)
    if findings:
        raise NotPublishable(course.title, findings)
    compiled = _compiled(session, course, brand)
    revision = Revision(
        course_id=course.id,
        number=course.publishes + 1,
        title=course.title,
        language=course.language,
        zone=course.zone,
        cadence=course.cadence,
        disclosures=course.disclosures,
        disclaimers=course.disclaimers,
        published_at=now,
        lessons=[
            _frozen(number, lesson, mail)
            for (number, lesson), mail in zip(numbered(course), compiled, strict=True)
        ],
    )
    if course.revision is not None and _says(course.revision) == _says(revision):
        return course.revision
    if course.revision is not None and _under_way(session, course):
        raise NotPublishable(course.title, [_UNDER_WAY])
    session.add(revision)
    session.flush()
    course.revision = revision
    course.publishes += 1
    return revision


def blocking(course: Course, brand: Brand) -> list[str]:
    """Everything that stands in the way of publishing this draft, all at once."""
    found = []
    if not any(lesson.kind == "lesson" for lesson in course.lessons):
        found.append("It has no lesson: add one.")
    if not brand.address.strip():
        found.append(
            "The footer needs your postal address: set `address` under [brand] in courseletter.toml, "
            "or COURSELETTER_BRAND_ADDRESS."
        )
    check_cadence(Cadence.from_json(course.cadence))
    found += _lost_notices(course)
    found += unsendable(course)
    for lesson in course.lessons:
        for line in (lesson.title, lesson.subject, lesson.preheader):
            found += [_at_line(lesson.title, None, message) for message in in_line(line)]
        if lesson.only_if:
            conditions.parse(lesson.only_if)
        if lesson.format == "markdown":
            found += [_at_line(lesson.title, one.line, one.message) for one in problems(lesson.body)]
    return found


def _at_line(title: str, line: int | None, message: str) -> str:
    # A lesson's file has its settings above the text, so that its lines count otherwise.
    where = "" if line is None else f", line {line} of its text"
    return f"“{title}”{where}: {message}"


def _compiled(session: Session, course: Course, brand: Brand) -> list[CompiledLesson]:
    try:
        compiled = compile_course(course, brand)
        fields = known_fields(session)
        for mail in compiled:
            validate(mail, fields)
    except TemplateError as error:
        found = _at_line(error.template, error.line, error.message)
        raise NotPublishable(course.title, [found]) from None
    return compiled


def _says(revision: Revision) -> list[Any]:
    """All that makes a revision what it is, but for its number and date."""
    about = ("title", "language", "zone", "cadence", "disclosures", "disclaimers")
    each = ("lesson_id", "number", "compiled", *CONTENT)
    return [
        *(getattr(revision, name) for name in about),
        *(getattr(lesson, name) for lesson in revision.lessons for name in each),
    ]


def _lost_notices(course: Course) -> Iterator[str]:
    """The disclosures and disclaimers of the course's article that its mails would not carry."""
    if course.article is None:
        return
    article = articles.Article.from_dict(course.article.payload)
    above = fold(" ".join(course.disclosures))
    anywhere = above + fold(" ".join(course.disclaimers))
    for key, texts, kept in (
        ("disclosures", article.disclosures, above),
        ("disclaimers", article.disclaimers, anywhere),
    ):
        for text in texts:
            if fold(text) not in kept:
                shown = text if len(text) <= 80 else f"{text[:79]}…"
                yield f"The article's “{shown}” is missing: put it back under {key} in course.toml."


def compile_course(course: Course, brand: Brand) -> list[CompiledLesson]:
    """The mails of the draft, in order. Disclosures and disclaimers are in every one (REQUIREMENTS 19)."""
    return [compile_lesson(source_of(course, number, lesson), brand) for number, lesson in numbered(course)]


def source_of(course: Course, number: int, lesson: Lesson) -> LessonSource:
    return LessonSource(
        id=lesson.id,
        kind=lesson.kind,
        number=number,
        total=sum(one.kind == "lesson" for one in course.lessons),
        title=lesson.title,
        subject=lesson.subject,
        preheader=lesson.preheader,
        body=lesson.body,
        format=lesson.format,
        minutes=lesson.minutes,
        language=course.language,
        course_title=course.title,
        disclosures=tuple(course.disclosures),
        disclaimers=tuple(course.disclaimers),
        outline=tuple(one.title for one in course.lessons if one.kind == "lesson"),
    )


def numbered(course: Course) -> list[tuple[int, Lesson]]:
    """The lessons with the numbers that readers see: the welcome is 0, the first lesson 1."""
    numbers, count = [], 0
    for lesson in course.lessons:
        count += lesson.kind == "lesson"
        numbers.append((count if lesson.kind == "lesson" else 0, lesson))
    return numbers


def _frozen(number: int, lesson: Lesson, mail: CompiledLesson) -> RevisionLesson:
    return RevisionLesson(
        lesson_id=lesson.id,
        number=number,
        compiled=mail.to_json(),
        **{name: getattr(lesson, name) for name in CONTENT},
    )


def _under_way(session: Session, course: Course) -> bool:
    people = select(func.count()).where(
        Enrolment.course_id == course.id, Enrolment.state.in_(("active", "paused"))
    )
    return bool(session.scalar(people))
