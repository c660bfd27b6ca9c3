"""A lesson of a draft as somebody would get it who is in no course yet: for tests and previews."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from campaigns import image_addresses, publishing
from campaigns.drafting import draft_timetable
from campaigns.models import Course, Lesson
from campaigns.schedule import Mark, Profile, Progress, next_due
from campaigns.standing import Standing
from campaigns.teasers import behind_title
from courseletter.zones import zone_named
from sender.context import date_in_words, day_in_words
from sender.links import Links
from templates.brand import Brand
from templates.compiled import CompiledLesson
from templates.compiling import compile_lesson

LINKS = ("web", "previous", "next_now", "pause", "preferences", "unsubscribe")


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whom the lesson is written to. Without a name it is nobody in particular, and fallbacks show."""

    email: str
    first_name: str = ""
    last_name: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


def sampled(
    session: Session,
    course: Course,
    lesson: Lesson,
    reader: Somebody,
    brand: Brand,
    links: Links,
    now: datetime,
    mark: str = "",
) -> tuple[CompiledLesson, dict[str, Any]]:
    """The lesson compiled, with `mark` before its subject, and the context of who has just asked for it.

    Its links lead to the sign-up page. Raises TemplateError where it cannot be compiled.
    """
    numbered = publishing.numbered(course)
    number = next(place for place, one in numbered if one is lesson)
    source = publishing.source_of(course, number, lesson)
    before = next((one for one in numbered if one[0] == number - 1 and one[1].kind == "lesson"), None)
    upcoming = next((one for one in numbered if one[0] == number + 1), None)
    at = links.newsletter(course.slug) if course.kind == "newsletter" else links.sign_up(course.slug)
    when = day_in_words(_next_day(course, lesson, now), course.language) if upcoming else ""
    context: dict[str, Any] = {
        "subscriber": {
            **reader.fields,
            "first_name": reader.first_name,
            "last_name": reader.last_name,
            "email": reader.email,
            "joined": date_in_words(now.date(), course.language),
        },
        "lesson": {
            "number": number,
            "total": source.total,
            "title": source.title,
            "minutes": source.minutes,
            "next_when": when,
        },
        "course": {"title": course.title, "total": source.total, "list": course.mailing_list.name},
        "sender": {"name": brand.name, "address": brand.address},
        # Mails go on after some of them with a path of their own; behind a # it leads nowhere else.
        "links": dict.fromkeys(LINKS, f"{at}#"),
        "previous": before and {"number": before[0], "title": before[1].title, "recap": lesson.recap},
        "next": upcoming
        and {
            "number": upcoming[0],
            "title": upcoming[1].title,
            "teaser": behind_title(lesson.teaser, upcoming[1].title),
            "when": when,
        },
    }
    body = image_addresses.at_home(session, source.body, links.base_url)
    return compile_lesson(replace(source, body=body, subject=f"{mark}{source.subject}"), brand), context


def _next_day(course: Course, lesson: Lesson, now: datetime) -> date:
    """The day of the lesson after this one, for somebody in the course's zone who gets this one now."""
    timetable = draft_timetable(course)
    had = [one.id for one in course.lessons if one.position <= lesson.position]
    progress = Progress(frozenset(Mark(one, "sent", "schedule") for one in had))
    standing = Standing(now, progress=progress, anchor_at=now, last_at=now)
    due = next_due(timetable, Profile(course.zone), standing, now)
    return (due.at if due else now).astimezone(zone_named(course.zone)).date()
