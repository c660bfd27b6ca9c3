"""A draft course: from an article's lessons, or from a course folder, into the tables that are edited."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns import article as articles
from campaigns import reviewing, wording
from campaigns.cadence import Cadence
from campaigns.models import CONTENT, Article, Course, Lesson
from campaigns.schedule import Step, Timetable
from campaigns.splitting import DraftLesson
from courseletter.errors import InvalidInput, NotFound
from courseletter.ids import new_id
from subscribers.addresses import check_header_text
from subscribers.models import MailingList

LONGEST_SLUG = 60
WEEK = 7  # days
FURTHEST_START = timedelta(days=3653)


def add_article(session: Session, article: articles.Article, now: datetime) -> Article:
    """Keep an article as it was read, with every decision, so that it can be reviewed and overruled."""
    row = Article(
        title=article.title,
        language=article.language,
        source=article.source,
        form=article.form,
        payload=article.to_dict(),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def create_course(
    session: Session,
    article: Article,
    lessons: Sequence[DraftLesson],
    *,
    cadence: Cadence,
    zone: str,
    now: datetime,
    slug: str | None = None,
) -> Course:
    """Make a draft course of an article's lessons, with a mailing list of its own.

    Raises InvalidInput where the cadence contradicts itself, the slug is taken or cannot stand in a link, or
    a title or subject cannot stand in a mail's header.
    """
    check_cadence(cadence)
    _check_start(cadence.cohort_start, now)
    read = reviewing.article_of(article)
    slug = checked_slug(session, slug) if slug else free_slug(session, read.title)
    course = Course(
        id=new_id("crs"),
        slug=slug,
        title=read.title,
        language=article.language,
        zone=zone,
        cadence=cadence.to_json(),
        disclosures=list(read.disclosures),
        disclaimers=list(read.disclaimers),
        mailing_list=MailingList(slug=slug, name=read.title, created_at=now),
        article=article,
        created_at=now,
    )
    course.lessons = [lesson_of(position, lesson) for position, lesson in enumerate(lessons)]
    _say_when(course, lessons, weekly=cadence.gap == WEEK)
    check_headers(course)
    session.add(course)
    session.flush()
    return course


def copy_course(session: Session, course: Course, now: datetime, *, slug: str | None = None) -> Course:
    """A draft of its own with what the course's draft says; its lessons are new ones and nobody is in it."""
    slug = checked_slug(session, slug) if slug else free_slug(session, course.slug)
    copied = Course(
        id=new_id("crs"),
        slug=slug,
        title=course.title,
        language=course.language,
        zone=course.zone,
        cadence=course.cadence,
        disclosures=list(course.disclosures),
        disclaimers=list(course.disclaimers),
        mailing_list=MailingList(slug=slug, name=course.title, created_at=now),
        article=course.article,
        created_at=now,
    )
    copied.lessons = [
        Lesson(id=new_id("les"), source=lesson.source, **{name: getattr(lesson, name) for name in CONTENT})
        for lesson in course.lessons
    ]
    session.add(copied)
    session.flush()
    return copied


def find_course(session: Session, name: str) -> Course:
    """The course with this slug or id. Raises NotFound with the slugs that exist."""
    is_course = Course.kind == "course"
    course = session.scalar(select(Course).where((Course.slug == name) | (Course.id == name), is_course))
    if course is None:
        known = session.scalars(select(Course.slug).where(is_course).order_by(Course.slug).limit(5)).all()
        hint = (
            f"There is: {', '.join(known)}." if known else "There is none yet: `courseletter course create`."
        )
        raise NotFound(f"No course is called “{name}”. {hint}")
    return course


def check_cadence(cadence: Cadence) -> None:
    """Raise InvalidInput with what is contradictory in a cadence."""
    problems = cadence.problems()
    if problems:
        raise InvalidInput("; ".join(problems), field="cadence")


class Unsendable(NamedTuple):
    """A line that no mail's header can carry. `lesson` is None for the course's own title."""

    lesson: Lesson | None
    part: str
    why: str


def unsendable(course: Course) -> Iterator[Unsendable]:
    """The titles and subjects that no mail's header can carry (REQUIREMENTS 8)."""
    lines: list[tuple[Lesson | None, str, str]] = [(None, "title", course.title)]
    for lesson in course.lessons:
        lines += (lesson, "title", lesson.title), (lesson, "subject", lesson.subject)
    for of, part, text in lines:
        try:
            check_header_text(text, part)
        except InvalidInput as error:
            yield Unsendable(of, part, str(error))


def check_headers(course: Course) -> None:
    """Raise InvalidInput with the first title or subject that no mail's header can carry."""
    for lesson, _, why in unsendable(course):
        name = f"“{lesson.title}”" if lesson else f"The course “{course.title}”"
        raise InvalidInput(f"{' '.join(name.split())}: {why}", field="subject")


def renumber(course: Course) -> list[Lesson]:
    """Let the "2/5: " of generated subjects and the count in the welcome's preheader follow the lessons there
    are now. Returns the lessons that changed; what a person wrote stays."""
    lessons = [lesson for lesson in course.lessons if lesson.kind == "lesson"]
    subjects = wording.renumbered([(lesson.subject, lesson.title) for lesson in lessons])
    weekly = Cadence.from_json(course.cadence).gap == WEEK
    new = dict(zip(lessons, subjects, strict=True))
    changed = [lesson for lesson in lessons if lesson.subject != new[lesson]]
    for lesson in changed:
        lesson.subject = new[lesson]
    for welcome in course.lessons:
        if welcome.kind != "welcome" or not lessons:
            continue
        minutes = [lesson.minutes for lesson in lessons]
        told = wording.recounted(welcome.preheader, minutes, course.language, weekly=weekly)
        if told != welcome.preheader:
            welcome.preheader = told
            changed.insert(0, welcome)
    return changed


def _check_start(start: date | None, now: datetime) -> None:
    if start and abs(start - now.date()) > FURTHEST_START:
        raise InvalidInput(
            f"--start: {start} is more than ten years away. Is the year right? Write it like 2026-03-02.",
            field="start",
        )


def draft_timetable(course: Course) -> Timetable:
    """The timetable that the draft would have if it were published now."""
    steps = tuple(Step(one.id, one.gap_days, one.kind == "welcome") for one in course.lessons)
    return Timetable(course.zone, steps, Cadence.from_json(course.cadence))


def checked_slug(session: Session, slug: str) -> str:
    if slug != slug_of(slug):
        raise InvalidInput(
            f"“{slug}” cannot stand in a link. Write small letters, digits and hyphens: “{slug_of(slug)}”.",
            field="slug",
        )
    if _taken(session, slug):
        raise InvalidInput(f"There is a course called “{slug}” already. Choose another --slug.", field="slug")
    return slug


def free_slug(session: Session, title: str) -> str:
    """The title as a link's name, numbered where it is taken."""
    base = slug_of(title)
    number = 1
    while _taken(session, slug := base if number == 1 else f"{base}-{number}"):
        number += 1
    return slug


def slug_of(title: str) -> str:
    """Small ASCII letters, digits and hyphens; a title that has none of them becomes `course`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", re.sub(r"['’]", "", plain))
    slug = ""
    for word in words:
        if slug and len(slug) + 1 + len(word) > LONGEST_SLUG:
            break
        slug = f"{slug}-{word[:LONGEST_SLUG]}" if slug else word[:LONGEST_SLUG]
    return slug or "course"


def _taken(session: Session, slug: str) -> bool:
    lists = select(func.count()).select_from(MailingList).where(MailingList.slug == slug)
    return bool(session.scalar(lists))


def _say_when(course: Course, lessons: Sequence[DraftLesson], *, weekly: bool) -> None:
    """The welcome's preheader promises a rhythm, which only the cadence knows."""
    minutes = [lesson.minutes for lesson in lessons if lesson.kind == "lesson"]
    preheader = wording.welcome_preheader(minutes, course.language, weekly=weekly)
    for lesson in course.lessons:
        if lesson.kind == "welcome":
            lesson.preheader = preheader


def lesson_of(position: int, lesson: DraftLesson) -> Lesson:
    """A proposed lesson as one of a draft, with an id that stays."""
    return Lesson(
        id=new_id("les"),
        position=position,
        kind=lesson.kind,
        title=lesson.title,
        subject=lesson.subject,
        preheader=lesson.preheader,
        recap=lesson.recap,
        teaser=lesson.teaser,
        body=lesson.body,
        minutes=max(1, round(lesson.minutes)),
    )
