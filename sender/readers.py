"""From the tables to the plain values that a mail's context is made of (sender/context.py)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of
from campaigns.models import Course, Enrolment, Revision
from sender.context import Reader, Syllabus, SyllabusLesson
from sender.models import Delivery, State


def syllabus_of(course: Course, revision: Revision) -> Syllabus:
    lessons = (
        SyllabusLesson(one.lesson_id, one.kind, one.number, one.title, one.minutes, one.recap, one.teaser)
        for one in revision.lessons
    )
    return Syllabus(revision.title, revision.language, course.list_id, tuple(lessons))


def reader_of(session: Session, delivery: Delivery) -> Reader:
    """The reader of a lesson's delivery, as they are now."""
    enrolment = session.get_one(Enrolment, delivery.enrolment_id)
    subscriber, zone = delivery.subscriber, place_of(session, enrolment).zone
    return Reader(
        subscriber_id=subscriber.id,
        enrolment_id=enrolment.id,
        email=subscriber.email,
        first_name=subscriber.first_name,
        last_name=subscriber.last_name,
        fields=subscriber.fields,
        joined_on=enrolment.joined_at.astimezone(zone).date(),
        previous=_came_before(session, delivery),
        next=enrolment.next_lesson,
        next_at=enrolment.due_at,
        zone=zone,
    )


def _came_before(session: Session, delivery: Delivery) -> str | None:
    """The lesson that the reader got before this one."""
    return session.scalar(
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
