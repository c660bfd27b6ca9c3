"""Publishing: the draft is checked, compiled and frozen as a revision that learners get from now on.

Changing a course that people are under way in needs a plan of who gets what when (SEQUENCE S18 to S24) and is
refused until there is one.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.checking import drafts
from campaigns.checking.drafts import Checked
from campaigns.checking.finding import Severity
from campaigns.models import CONTENT, Course, Enrolment, Lesson, Revision, RevisionLesson
from courseletter.errors import InvalidInput
from subscribers.fields import known_fields
from templates.brand import Brand
from templates.compiling import CompiledLesson, LessonSource, compile_lesson, validate
from templates.problems import TemplateError

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
    checked = check(session, course, brand)
    if blocking := [one.sentence for one in checked.findings if one.severity is Severity.BLOCKING]:
        raise NotPublishable(course.title, blocking)
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


def check(session: Session, course: Course, brand: Brand) -> Checked:
    """What the checks say of this draft; the blocking findings stop publishing."""
    sources = [source_of(course, number, lesson) for number, lesson in numbered(course)]
    return drafts.check(course, sources, brand, known_fields(session))


def _compiled(session: Session, course: Course, brand: Brand) -> list[CompiledLesson]:
    try:
        compiled = compile_course(course, brand)
        fields = known_fields(session)
        for mail in compiled:
            validate(mail, fields)
    except TemplateError as error:
        raise NotPublishable(course.title, [str(error)]) from None
    return compiled


def _says(revision: Revision) -> list[Any]:
    """All that makes a revision what it is, but for its number and date."""
    about = ("title", "language", "zone", "cadence", "disclosures", "disclaimers")
    each = ("lesson_id", "number", "compiled", *CONTENT)
    return [
        *(getattr(revision, name) for name in about),
        *(getattr(lesson, name) for lesson in revision.lessons for name in each),
    ]


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
