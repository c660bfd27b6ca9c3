"""Triggers: a tag or a finished course leads people into a course, or ends it for them. Once a person.

Who they meet is found here; what becomes of them is carried out by sender/triggering.py, each minute.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Select, delete, exists, func, insert, literal, select
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment, Trigger, TriggerMark
from courseletter.errors import InvalidInput
from subscribers import tags
from subscribers.models import SubscriberTag

BEFORE: Final = "before"  # the outcome of who had the tag, or had finished, when the trigger was made
Act = Literal["enrol", "end"]


def add(
    session: Session,
    course: Course,
    act: Act,
    now: datetime,
    *,
    tag: str = "",
    finished: Course | None = None,
    then: Course | None = None,
    also_before: bool = False,
) -> Trigger:
    """Make a trigger of a tag or a finished course. `also_before`: it acts on who meets it already, too."""
    if bool(tag.strip()) == (finished is not None):
        raise InvalidInput("Name a tag, or choose a course that is finished: one of the two.", field="tag")
    if finished is not None and (finished.id == course.id or (then and then.id == finished.id)):
        raise InvalidInput("A course cannot follow itself. Choose another one.", field="finished")
    if then is not None and (act == "enrol" or then.id == course.id):
        raise InvalidInput("Another course follows where this one ends. Choose another one.", field="then")
    marked = tags.find_or_create(session, tag) if tag.strip() else None
    trigger = Trigger(
        course=course,
        tag_id=marked.id if marked else None,
        finished_id=finished.id if finished else None,
        act=act,
        then_id=then.id if then else None,
        created_at=now,
    )
    session.add(trigger)
    session.flush()
    if not also_before:
        _pass_over(session, trigger, now)
    return trigger


def remove(session: Session, trigger: Trigger) -> None:
    session.execute(delete(TriggerMark).where(TriggerMark.trigger_id == trigger.id))
    session.delete(trigger)
    session.flush()


def of_course(session: Session, course: Course) -> Sequence[tuple[Trigger, int]]:
    """The course's triggers, each with how many people it has acted on."""
    acted = (
        select(func.count())
        .where(TriggerMark.trigger_id == Trigger.id, TriggerMark.outcome.in_(("enrolled", "ended")))
        .correlate(Trigger)
        .scalar_subquery()
    )
    rows = session.execute(select(Trigger, acted).where(Trigger.course_id == course.id).order_by(Trigger.id))
    return [(trigger, count) for trigger, count in rows]


def met(trigger: Trigger) -> Select[int]:
    """The ids of those whom the trigger meets and has not acted on, in order."""
    people = _people(trigger).subquery()
    person = people.c.subscriber_id
    done = exists().where(TriggerMark.trigger_id == trigger.id, TriggerMark.subscriber_id == person)
    return select(person).where(~done).order_by(person)


def mark(session: Session, trigger: Trigger, subscriber_id: int, now: datetime, outcome: str) -> None:
    session.add(TriggerMark(trigger_id=trigger.id, subscriber_id=subscriber_id, at=now, outcome=outcome))


def _people(trigger: Trigger) -> Select[int]:
    if trigger.tag_id is not None:
        return select(SubscriberTag.subscriber_id).where(SubscriberTag.tag_id == trigger.tag_id)
    return select(Enrolment.subscriber_id).where(
        Enrolment.course_id == trigger.finished_id, Enrolment.state == "completed"
    )


def _pass_over(session: Session, trigger: Trigger, now: datetime) -> None:
    """Mark everybody whom it meets at this moment."""
    people = met(trigger).subquery()
    row = select(
        literal(trigger.id), people.c.subscriber_id, literal(now, TriggerMark.at.type), literal(BEFORE)
    )
    session.execute(insert(TriggerMark).from_select(["trigger_id", "subscriber_id", "at", "outcome"], row))
