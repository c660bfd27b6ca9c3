"""What a mail knows about its reader: the plain values that a lesson's merge fields are filled with.

Dates are in words, in the course's language and the reader's zone. What came before and what comes next is
this reader's own, which under live edits need not be the neighbouring lesson.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, match_skeleton
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of
from campaigns.models import Course, Enrolment, Revision, RevisionLesson
from sender.links import Links
from sender.models import Delivery, State
from subscribers.models import Subscriber
from templates.brand import Brand

_SHORT_NAME = re.compile(r"(?<![EcML])(?:E{1,3}|ccc|MMM|LLL)(?![EcML])")


def lesson_context(
    session: Session, delivery: Delivery, lesson: RevisionLesson, brand: Brand, links: Links
) -> dict[str, Any]:
    """The context of templates/rendering.py for one lesson to one reader."""
    enrolment = session.get_one(Enrolment, delivery.enrolment_id)
    revision, language = lesson.revision, lesson.revision.language
    total = sum(one.kind == "lesson" for one in revision.lessons)
    upcoming = _upcoming(session, enrolment, revision)
    came_before = _came_before(session, delivery, revision)
    return {
        "subscriber": _subscriber(delivery.subscriber, enrolment.joined_at.date(), language),
        "lesson": {
            "number": lesson.number,
            "total": total,
            "title": lesson.title,
            "minutes": lesson.minutes,
            "next_when": upcoming["when"] if upcoming else "",
        },
        "course": {"title": revision.title, "total": total},
        "sender": {"name": brand.name, "address": brand.address},
        "links": _links(links, enrolment, delivery, came_before),
        "previous": came_before and {key: came_before[key] for key in ("number", "title", "recap")},
        "next": upcoming,
    }


def confirmation_context(
    course: Course, subscriber: Subscriber, brand: Brand, links: Links
) -> dict[str, Any]:
    # Without the name: until it is confirmed, a stranger typed it.
    return {
        "subscriber": {"first_name": "", "last_name": "", "email": subscriber.email},
        "course": {"title": course.title},
        "sender": {"name": brand.name, "address": brand.address},
        "links": {"confirm": links.confirm(course.list_id, subscriber.id)},
    }


def day_in_words(day: date, language: str) -> str:
    """`Thursday 19 November`, as the language writes it."""
    locale = _locale(language)
    name = match_skeleton("MMMMEEEEd", locale.datetime_skeletons) or "MMMEd"
    # The nearest pattern that a language has may shorten the names; CLDR asks to widen them again.
    pattern = _SHORT_NAME.sub(lambda m: m[0][0] * 4, locale.datetime_skeletons[name].pattern)
    return str(format_date(day, pattern, locale=locale))


def _subscriber(subscriber: Subscriber, joined: date, language: str) -> dict[str, Any]:
    return {
        **subscriber.fields,
        "first_name": subscriber.first_name,
        "last_name": subscriber.last_name,
        "email": subscriber.email,
        "joined": str(format_date(joined, "long", locale=_locale(language))),
    }


def _links(
    links: Links, enrolment: Enrolment, delivery: Delivery, came_before: dict[str, Any] | None
) -> dict[str, str]:
    page = links.learn(enrolment.id)
    return {
        "web": links.learn(enrolment.id, f"lessons/{delivery.lesson_id}"),
        "previous": links.learn(enrolment.id, f"lessons/{came_before['id']}") if came_before else page,
        "next_now": links.learn(enrolment.id, "next"),
        "pause": links.learn(enrolment.id, "pause"),
        "preferences": page,
        "unsubscribe": links.unsubscribe(enrolment.course.list_id, enrolment.subscriber_id),
    }


def _upcoming(session: Session, enrolment: Enrolment, revision: Revision) -> dict[str, Any] | None:
    """The reader's next lesson and its day, or None at the end of the course."""
    lesson = _find(revision.lessons, enrolment.next_lesson)
    if lesson is None or enrolment.due_at is None:
        return None
    zone = place_of(session, enrolment).zone
    before = _neighbour(revision.lessons, lesson, -1)
    return {
        "number": lesson.number,
        "title": lesson.title,
        # The mail shows the title above, so the made teaser's own is left out.
        "teaser": before.teaser.removeprefix(f"{lesson.title}: ") if before else "",
        "when": day_in_words(enrolment.due_at.astimezone(zone).date(), revision.language),
    }


def _came_before(session: Session, delivery: Delivery, revision: Revision) -> dict[str, Any] | None:
    """The lesson that the reader got before this one. A welcome has nothing to look back on."""
    latest = session.scalar(
        select(Delivery.lesson_id)
        .where(
            Delivery.enrolment_id == delivery.enrolment_id,
            Delivery.run == delivery.run,
            Delivery.id != delivery.id,
            Delivery.state.in_((State.ACCEPTED, State.UNKNOWN)),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    lesson = _find(revision.lessons, latest)
    if lesson is None or lesson.kind == "welcome":
        return None
    after = _neighbour(revision.lessons, lesson, 1)
    recap = after.recap if after else ""
    return {"id": lesson.lesson_id, "number": lesson.number, "title": lesson.title, "recap": recap}


def _find(lessons: Sequence[RevisionLesson], lesson_id: str | None) -> RevisionLesson | None:
    return next((one for one in lessons if one.lesson_id == lesson_id), None)


def _neighbour(lessons: Sequence[RevisionLesson], lesson: RevisionLesson, step: int) -> RevisionLesson | None:
    at = lessons.index(lesson) + step
    return lessons[at] if 0 <= at < len(lessons) else None


def _locale(language: str) -> Locale:
    """The language's way to write dates; plain English writes the day first, as the pages do."""
    try:
        return Locale.parse("en-GB" if language == "en" else language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")
