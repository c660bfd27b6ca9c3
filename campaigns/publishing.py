"""Publishing: the draft is checked, compiled and frozen as the revision that learners get from now on.

Its people are moved to it afterwards, in chunks (campaigns/applying.py); what each of them will get is told
beforehand (campaigns/plans.py).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from campaigns import history
from campaigns.checking import drafts
from campaigns.checking.drafts import Checked
from campaigns.checking.finding import Finding, Severity
from campaigns.links import store_links
from campaigns.models import CONTENT, Course, Enrolment, Lesson, Publish, Revision, RevisionLesson
from campaigns.moving import Choices
from courseletter.errors import InvalidInput, NotFound
from subscribers.fields import KnownFields
from templates.brand import Brand
from templates.compiled import CompiledLesson
from templates.compiling import LessonSource, compile_lesson, validate
from templates.errors import TemplateError

ABOUT = ("title", "language", "zone", "cadence", "disclosures", "disclaimers")
_EACH = ("lesson_id", "number", "compiled", *CONTENT)


class NotPublishable(InvalidInput):
    """The draft cannot be published; `findings` says why, one line each, with place and mend.

    `checked` is all that the checks found, where it was they that stopped it.
    """

    def __init__(self, title: str, findings: list[str], checked: Sequence[Finding] = ()) -> None:
        super().__init__(f"“{title}” cannot be published yet. " + " ".join(findings), field="course")
        self.findings = findings
        self.checked = checked


class InForceAlready(InvalidInput):
    """Somebody would roll back to the revision that everybody gets."""


def publish(
    session: Session,
    course: Course,
    brand: Brand,
    now: datetime,
    choices: Choices | None = None,
    *,
    author: str = "",
    note: str = "",
) -> Revision:
    """Freeze the draft as the revision in force; the one that is, where nothing has changed since.

    Newcomers get it at once. Where there are people in the course, its ticks are held until
    campaigns/applying.py has moved them. Raises NotPublishable or PublishUnderWay, and then nothing was
    changed.
    """
    revision, _ = drafted(session, course, brand, now)
    _lock(session, course)
    if course.revision is not None and _same(course.revision, revision):
        return course.revision
    revision.number, revision.author, revision.note = course.publishes + 1, author, note
    chosen = choices or Choices()
    check_choices(chosen, revision)
    return _put_in_force(session, course, revision, now, "publish", chosen)


def roll_back(session: Session, course: Course, number: int, now: datetime) -> Revision:
    """Put a former revision in force: the publishes since it are taken back, latest first (S23).

    One that was taken back itself is published once more, as a revision of its own. The draft stays as it
    is. People are moved as by `publish`. Raises InvalidInput where it is in force, NotFound for an unknown
    one, and PublishUnderWay.
    """
    _lock(session, course)
    wanted = former(session, course, number)
    undone = since(session, course, wanted)
    if undone is None:
        again = _copy(wanted, course.publishes + 1, now)
        return _put_in_force(session, course, again, now, "publish", Choices())
    numbers = [one.after.number for one in undone]
    return _put_in_force(session, course, wanted, now, "roll_back", Choices(), numbers)


def former(session: Session, course: Course, number: int) -> Revision:
    """The revision with this number, to roll back to. Raises NotFound or InForceAlready."""
    found = session.scalar(select(Revision).filter_by(course_id=course.id, number=number))
    if found is None:
        raise NotFound(
            f"“{course.title}” has no revision {number}. See `courseletter course revisions {course.slug}`."
        )
    if found.id == course.revision_id:
        raise InForceAlready(f"Revision {number} of “{course.title}” is in force already.", field="revision")
    return found


def since(session: Session, course: Course, revision: Revision) -> Sequence[Publish] | None:
    """The publishes in effect since this revision, latest first; None where it was taken back itself."""
    stack = history.in_effect(session, course.id)
    if revision.number not in [one.after.number for one in stack]:
        return None
    return [one for one in reversed(stack) if one.after.number > revision.number]


def drafted(
    session: Session, course: Course, brand: Brand, now: datetime
) -> tuple[Revision, Sequence[Finding]]:
    """The draft as a revision that is not stored, and what the checks say of it. Raises NotPublishable."""
    found = check(session, course, brand).findings
    if blocking := [one.sentence for one in found if one.severity is Severity.BLOCKING]:
        raise NotPublishable(course.title, blocking, found)
    compiled = _compiled(session, course, brand)
    revision = Revision(
        course_id=course.id,
        number=course.publishes + 1,
        published_at=now,
        lessons=[
            frozen(number, lesson, mail)
            for (number, lesson), mail in zip(numbered(course), compiled, strict=True)
        ],
        brand=brand.to_json(),
        **{name: getattr(course, name) for name in ABOUT},
    )
    return revision, found


def check_choices(choices: Choices, revision: Revision) -> None:
    """Raise InvalidInput for a choice about a lesson that the revision does not have."""
    known = {lesson.lesson_id for lesson in revision.lessons}
    for lesson in [*choices.policies, *choices.reopen]:
        if lesson not in known:
            raise InvalidInput(
                f"{lesson} is no lesson of this draft: `courseletter course show` lists them.", field="policy"
            )


def _same(before: Revision, after: Revision) -> bool:
    """Whether nobody could tell them apart. Old revisions do not know their brand."""
    return before.brand in (None, after.brand) and _says(before) == _says(after)


def _says(revision: Revision) -> list[Any]:
    """All that makes a revision what it is, but for its number, date and brand."""
    lessons = [[getattr(lesson, name) for name in _EACH] for lesson in revision.lessons]
    return [*(getattr(revision, name) for name in ABOUT), *lessons]


def _lock(session: Session, course: Course) -> None:
    """Be alone with the course: no tick, sign-up or other publish is in the middle of it."""
    session.flush()
    session.refresh(course, with_for_update=True)
    history.refuse_if_under_way(session, course)


def _put_in_force(
    session: Session,
    course: Course,
    revision: Revision,
    now: datetime,
    kind: Literal["publish", "roll_back"],
    choices: Choices,
    undone: Iterable[int] = (),
) -> Revision:
    session.add(revision)
    session.flush()
    anybody = session.scalar(select(exists().where(Enrolment.course_id == course.id)))
    session.add(
        Publish(
            course_id=course.id,
            kind=kind,
            before_id=course.revision_id,
            after_id=revision.id,
            taken_back=list(undone),
            choices=choices.to_json(),
            at=now,
            touched_at=now,
            finished_at=None if anybody else now,
        )
    )
    if course.tracks_clicks:
        store_links(session, revision)
    course.revision = revision
    course.publishes = max(course.publishes, revision.number)
    session.flush()
    return revision


def _copy(revision: Revision, number: int, now: datetime) -> Revision:
    return Revision(
        course_id=revision.course_id,
        number=number,
        published_at=now,
        brand=revision.brand,
        lessons=[
            RevisionLesson(**{name: getattr(lesson, name) for name in _EACH}) for lesson in revision.lessons
        ],
        **{name: getattr(revision, name) for name in ABOUT},
    )


def check(session: Session, course: Course, brand: Brand, only: Lesson | None = None) -> Checked:
    """What the checks say of this draft, or of one lesson in it; the blocking findings stop publishing."""
    sources = [source_of(course, number, lesson) for number, lesson in numbered(course)]
    return drafts.check(course, sources, brand, KnownFields(session), only)


def _compiled(session: Session, course: Course, brand: Brand) -> list[CompiledLesson]:
    try:
        compiled = compile_course(course, brand)
        fields = KnownFields(session)
        for mail in compiled:
            validate(mail, fields)
    except TemplateError as error:
        raise NotPublishable(course.title, [str(error)]) from None
    return compiled


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


def frozen(number: int, lesson: Lesson, mail: CompiledLesson) -> RevisionLesson:
    return RevisionLesson(
        lesson_id=lesson.id,
        number=number,
        compiled=mail.to_json(),
        **{name: getattr(lesson, name) for name in CONTENT},
    )
