"""All that is known of one person, as plain values: what the lists know, and what was sent and asked for."""

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Answer, Course, Enrolment, Lesson, Link, Question
from sender.bounces.models import Bounce
from sender.models import Click, Delivery, Event
from subscribers import personal_data
from subscribers.models import Subscriber


def of(session: Session, key: bytes, subscriber: Subscriber) -> dict[str, Any]:
    return {
        **personal_data.of(session, key, subscriber),
        "courses": _courses(session, subscriber),
        "mails": _mails(session, subscriber),
        "events": _events(session, subscriber),
        "answers": _answers(session, subscriber),
        "clicks": _clicks(session, subscriber),
    }


def as_json(known: dict[str, Any]) -> str:
    """For people and programs: indented, in the letters it is written in, moments as ISO 8601."""
    return json.dumps(known, ensure_ascii=False, indent=2, default=_plain) + "\n"


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _courses(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    places = session.scalars(
        select(Enrolment).where(Enrolment.subscriber_id == subscriber.id).order_by(Enrolment.id)
    )
    return [
        {
            "course": place.course.title,
            "state": place.state,
            "joined": place.joined_at,
            "next_lesson_at": place.due_at,
            "paused_until": place.paused_until,
            "pace": place.profile.pace,
            "zone": place.profile.zone,
            "minute": place.profile.minute,
            "weekdays": place.profile.weekdays,
        }
        for place in places
    ]


def _mails(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Delivery, Course.title, Lesson.title, Bounce.kind)
        .outerjoin(Course, Course.id == Delivery.course_id)
        .outerjoin(Lesson, Lesson.id == Delivery.lesson_id)
        .outerjoin(Bounce, Bounce.delivery_id == Delivery.id)
        .where(Delivery.subscriber_id == subscriber.id)
        .order_by(Delivery.id)
    )
    return [
        {
            "course": course,
            "mail": lesson or mail.kind,
            "state": mail.state,
            "at": mail.finished_at or mail.created_at,
            "answer": mail.reply,
            "came_back": bounce,
        }
        for mail, course, lesson, bounce in rows
    ]


def _events(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Event).where(Event.subscriber_id == subscriber.id).order_by(Event.at, Event.id)
    )
    return [{"at": one.at, "what": one.kind, **one.data} for one in rows]


def _answers(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Question.text, Answer)
        .join(Answer, Answer.question_id == Question.id)
        .where(Answer.subscriber_id == subscriber.id)
        .order_by(Answer.at, Question.id)
    )
    return [{"question": question, "answer": one.text, "at": one.at} for question, one in rows]


def _clicks(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Click.at, Link.address)
        .join(Link, Link.id == Click.link_id)
        .join(Delivery, Delivery.id == Click.delivery_id)
        .where(Delivery.subscriber_id == subscriber.id)
        .order_by(Click.at, Click.id)
    )
    return [{"at": at, "link": address} for at, address in rows]
