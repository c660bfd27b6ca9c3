"""A draft course and its folder of Markdown files: between the tables and campaigns/folder.py.

Export writes the draft; import reads a folder into the draft of the course with its id, or into a new one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns import drafting, folder_pictures
from campaigns.cadence import Cadence
from campaigns.folder import CourseFolder, FolderLesson, read_folder, write_folder
from campaigns.folder_files import FolderFiles
from campaigns.models import Course, Lesson
from courseletter.errors import InvalidInput
from courseletter.zones import zone_named
from subscribers.models import MailingList
from templates.problems import problems

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SETTINGS = ("id", "title", "language", "timezone", "days", "time", "gap", "disclosures", "disclaimers")
WORDS_A_MINUTE = 238


def export_course(session: Session, course: Course, folder: Path) -> None:
    """Write the draft with its pictures into a folder, new or existing; of existing files only the lines that
    changed.
    """
    files = FolderFiles(folder)
    lessons = [
        replace(_to_file(one), body=folder_pictures.take_out(session, one.body, files))
        for one in course.lessons
    ]
    write_folder(CourseFolder(_meta(course), tuple(lessons)), folder)


def import_course(
    session: Session, folder: Path, now: datetime, *, default_zone: str, base_url: str
) -> tuple[Course, tuple[str, ...]]:
    """Read a folder into a draft; its pictures get addresses at `base_url`.

    Returns the course, and what was converted on the way, a sentence each.

    Lessons that the folder no longer has leave the draft; those that were published stay known by their id.
    """
    read = read_folder(folder)
    if not read.lessons:
        raise InvalidInput(f"{folder.name}/lessons holds no lesson. Put the lessons' .md files there.")
    course = session.get(Course, read.meta["id"])
    if course is None:
        course = _new_course(session, read, now)
    _apply(course, read, default_zone)
    files = FolderFiles(folder)
    lessons = [
        replace(one, body=folder_pictures.take_in(session, one.body, files, base_url, now))
        for one in read.lessons
    ]
    _apply_lessons(session, course, lessons)
    session.flush()
    session.refresh(course, ["lessons"])
    drafting.check_headers(course)
    changed = drafting.renumber(course)
    return course, (
        *read.notes,
        *_unknown(read.meta),
        *_to_mend(read),
        *([_renumbered(changed)] if changed else []),
    )


def _meta(course: Course) -> dict[str, Any]:
    cadence = Cadence.from_json(course.cadence)
    meta: dict[str, Any] = {
        "id": course.id,
        "title": course.title,
        "language": course.language,
        "timezone": course.zone,
        "days": [DAYS[day] for day in sorted(cadence.weekdays)],
        "time": _clock(cadence.start) + (f"-{_clock(cadence.end)}" if cadence.end else ""),
        "gap": f"{cadence.gap}d",
    }
    if course.disclosures:
        meta["disclosures"] = list(course.disclosures)
    if course.disclaimers:
        meta["disclaimers"] = list(course.disclaimers)
    return meta


def _to_file(lesson: Lesson) -> FolderLesson:
    head = {"id": lesson.id, "title": lesson.title}
    if lesson.kind == "welcome":
        head["kind"] = "welcome"
    optional = {
        "subject": lesson.subject,
        "preheader": lesson.preheader,
        "gap": f"{lesson.gap_days}d" if lesson.gap_days else "",
        "only_if": lesson.only_if,
        "recap": lesson.recap,
        "teaser": lesson.teaser,
        "source": lesson.source,
    }
    head |= {key: value for key, value in optional.items() if value}
    return FolderLesson(head, lesson.body, lesson.format)


def _new_course(session: Session, read: CourseFolder, now: datetime) -> Course:
    title = str(read.meta["title"])
    slug = drafting.free_slug(session, title)
    course = Course(
        id=read.meta["id"],
        slug=slug,
        title=title,
        language="en",
        zone="UTC",
        cadence=Cadence().to_json(),
        disclosures=[],
        disclaimers=[],
        mailing_list=MailingList(slug=slug, name=title, created_at=now),
        created_at=now,
    )
    session.add(course)
    return course


def _apply(course: Course, read: CourseFolder, default_zone: str) -> None:
    meta = read.meta
    course.title = str(meta["title"])
    course.language = _language(str(meta.get("language", course.language)))
    course.zone = zone_named(str(meta.get("timezone", default_zone))).key
    course.disclosures = _texts(meta, "disclosures")
    course.disclaimers = _texts(meta, "disclaimers")
    cadence = _cadence(course, meta)
    drafting.check_cadence(cadence)
    course.cadence = cadence.to_json()


def _texts(meta: Mapping[str, Any], key: str) -> list[str]:
    """The list of texts at `key`, empty where there is none. Raises InvalidInput for anything else there."""
    value = meta.get(key, [])
    if not (isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)):
        raise InvalidInput(
            f'course.toml: {key} must be a list of texts, also for a single one: {key} = ["..."].', field=key
        )
    return value


def _language(code: str) -> str:
    from babel import Locale

    if code.partition("-")[0].lower() not in Locale("en").languages:
        raise InvalidInput(
            f"course.toml: “{code}” is no language. Write its code, such as en or pt-BR.", field="language"
        )
    return code


def _unknown(meta: Mapping[str, Any]) -> list[str]:
    """A sentence for each setting that nothing reads, perhaps a mistyped one. It may be the author's own."""
    notes = []
    for key in meta:
        if key not in SETTINGS:
            near = get_close_matches(key, SETTINGS, 1)
            meant = f" Did you mean {near[0]}?" if near else f" Known are {', '.join(SETTINGS)}."
            notes.append(f"course.toml: {key} is no setting of a course, so it does nothing.{meant}")
    return notes


def _to_mend(read: CourseFolder) -> Iterator[str]:
    """What would block publishing, by the lines of the lessons' files."""
    for file in read.lessons:
        if file.format == "markdown":
            for one in problems(file.body):
                yield f"lessons/{file.file}, line {file.lines_above + one.line}: {one.message}"


def _cadence(course: Course, meta: Any) -> Cadence:
    """The course's cadence with the folder's days, time and gap; what a folder cannot say stays."""
    values = dict(course.cadence)
    if "days" in meta:
        unknown = [day for day in _texts(meta, "days") if day not in DAYS]
        if unknown:
            raise InvalidInput(
                f"course.toml: “{unknown[0]}” is no weekday. Write mon, tue, wed ...", field="days"
            )
        values["weekdays"] = [DAYS.index(day) for day in meta["days"]]
    if "time" in meta:
        opening, _, closing = str(meta["time"]).partition("-")
        values["start"] = minute_of(opening, "course.toml, time")
        values["end"] = minute_of(closing, "course.toml, time") if closing else None
    if "gap" in meta:
        values["gap"] = days_of(str(meta["gap"]), "course.toml, gap")
    return Cadence.from_json(values)


def _renumbered(lessons: list[Lesson]) -> str:
    named = ", ".join(f"“{lesson.title}”" for lesson in lessons[:3])
    more = f" and {len(lessons) - 3} more" if len(lessons) > 3 else ""
    return (
        f"What was numbered for other lessons now counts those there are: {named}{more}. "
        "Export the course to have it in the folder."
    )


def _apply_lessons(session: Session, course: Course, lessons: Sequence[FolderLesson]) -> None:
    # Also those that left the draft once: a lesson that comes back is the one it was.
    known = session.scalars(select(Lesson).where(Lesson.course_id == course.id))
    kept = {lesson.id: lesson for lesson in known}
    for position, file in enumerate(lessons):
        lesson = kept.pop(file.id, None)
        if lesson is None:
            lesson = _new_lesson(session, course, file)
        head = file.head
        lesson.removed = False
        lesson.position = position
        lesson.kind = "welcome" if head.get("kind") == "welcome" else "lesson"
        lesson.title = file.title
        lesson.subject = head.get("subject", file.title)
        lesson.preheader = head.get("preheader", "")
        lesson.gap_days = days_of(head["gap"], f"lessons/{file.file}, gap") if "gap" in head else None
        lesson.only_if = head.get("only_if", "")
        lesson.recap = head.get("recap", "")
        lesson.teaser = head.get("teaser", "")
        lesson.source = head.get("source", "")
        if lesson.format != file.format:
            lesson.format, lesson.set_aside = file.format, None
        lesson.body = file.body
        lesson.minutes = max(1, round(len(file.body.split()) / WORDS_A_MINUTE))
    for lesson in kept.values():
        lesson.removed = True


def _new_lesson(session: Session, course: Course, file: FolderLesson) -> Lesson:
    taken = session.get(Lesson, file.id)
    if taken is not None:
        raise InvalidInput(
            f"lessons/{file.file}: {file.id} is a lesson of the course {taken.course.slug}. "
            "Take the line id out of the file; it gets a new one.",
            field="id",
        )
    lesson = Lesson(id=file.id, course=course)
    session.add(lesson)
    return lesson


def minute_of(text: str, where: str) -> int:
    """`09:30` as minutes from midnight. Raises InvalidInput naming `where` it stands."""
    hour, colon, minute = text.strip().partition(":")
    in_digits = colon and hour.isdecimal() and minute.isdecimal() and len(hour) <= 2 and int(minute[:3]) < 60
    moment = int(hour) * 60 + int(minute) if in_digits else -1
    if not 0 <= moment <= 24 * 60:
        raise InvalidInput(f"{where}: “{text}” is no time of day. Write it like 09:00.", field="time")
    return moment


def days_of(text: str, where: str) -> int:
    """`7d` as a number of days. Raises InvalidInput naming `where` it stands."""
    number = text.strip().removesuffix("d")
    if not (number.isdecimal() and 0 < int(number) <= 366):
        raise InvalidInput(f"{where}: “{text}” is no number of days. Write it like 7d.", field="gap")
    return int(number)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
