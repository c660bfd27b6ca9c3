"""Triggers: a tag, a finished course, a followed link or a segment leads people into a course, or ends it for
them. Once a person.

Who they meet is found here; what becomes of them is carried out by sender/triggering.py, each minute.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Select, delete, exists, func, insert, literal, select
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment, Link, Trigger, TriggerMark
from courseletter.errors import InvalidInput
from sender.models import Click, Delivery
from sender.segmenting import COMPILERS
from subscribers import tags
from subscribers.acts.models import ActedOn
from subscribers.models import Segment, Subscriber, SubscriberTag
from subscribers.segments import Rule, compiled

BEFORE: Final = "before"  # the outcome of who had the tag, or had finished, when the trigger was made
ACTED: Final = ("enrolled", "ended")  # outcomes that changed something
Act = Literal["enrol", "end"]


def add(
    session: Session,
    course: Course,
    act: Act,
    now: datetime,
    *,
    tag: str = "",
    finished: Course | None = None,
    clicked: str = "",
    segment: Segment | None = None,
    then: Course | None = None,
    also_before: bool = False,
) -> Trigger:
    """Make a trigger of one cause: a tag, a finished course, an address that this course's mails link to, or
    a segment. `also_before`: it acts on who meets it already, too. Raises InvalidInput that names the field.
    """
    if [bool(tag.strip()), finished is not None, bool(clicked), segment is not None].count(True) != 1:
        raise InvalidInput(
            "Name a tag, or choose a course that is finished, a link or a segment: one of them.", field="tag"
        )
    if clicked:
        _check_link(session, course, clicked)
    if finished is not None and (finished.id == course.id or (then and then.id == finished.id)):
        raise InvalidInput("A course cannot follow itself. Choose another one.", field="finished")
    if then is not None and (act == "enrol" or then.id == course.id):
        raise InvalidInput("Another course follows where this one ends. Choose another one.", field="then")
    marked = tags.find_or_create(session, tag) if tag.strip() else None
    trigger = Trigger(
        course=course,
        tag_id=marked.id if marked else None,
        finished_id=finished.id if finished else None,
        clicked=clicked or None,
        segment_id=segment.id if segment else None,
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
        .where(TriggerMark.trigger_id == Trigger.id, TriggerMark.outcome.in_(ACTED))
        .correlate(Trigger)
        .scalar_subquery()
    )
    rows = session.execute(select(Trigger, acted).where(Trigger.course_id == course.id).order_by(Trigger.id))
    return [(trigger, count) for trigger, count in rows]


def set_off(session: Session, tag: str, act_id: int, since: datetime) -> Sequence[tuple[Trigger, int]]:
    """The triggers of a tag that acted since then on people whom a bulk act changed, and on how many."""
    acted = (
        select(TriggerMark.trigger_id, func.count().label("people"))
        .join(ActedOn, ActedOn.subscriber_id == TriggerMark.subscriber_id)
        .where(ActedOn.act_id == act_id, TriggerMark.at >= since, TriggerMark.outcome.in_(ACTED))
        .group_by(TriggerMark.trigger_id)
        .subquery()
    )
    found = tags.find(session, tag)
    theirs = select(Trigger, acted.c.people).join(acted, acted.c.trigger_id == Trigger.id)
    rows = session.execute(theirs.where(Trigger.tag_id == (found and found.id)).order_by(Trigger.id))
    return [(trigger, people) for trigger, people in rows]


def links_of(session: Session, course: Course) -> Sequence[str]:
    """The addresses that the mails of a course link to, in its revision in force."""
    wanted = select(Link.address).where(Link.revision_id == course.revision_id)
    return session.scalars(wanted.distinct().order_by(Link.address)).all()


def met(session: Session, trigger: Trigger, now: datetime) -> Select[int]:
    """The ids of those whom the trigger meets and has not acted on, in order."""
    people = _people(session, trigger, now).subquery()
    person = people.c.subscriber_id
    done = exists().where(TriggerMark.trigger_id == trigger.id, TriggerMark.subscriber_id == person)
    return select(person).where(~done).order_by(person)


def mark(session: Session, trigger: Trigger, subscriber_id: int, now: datetime, outcome: str) -> None:
    session.add(TriggerMark(trigger_id=trigger.id, subscriber_id=subscriber_id, at=now, outcome=outcome))


def _people(session: Session, trigger: Trigger, now: datetime) -> Select[int]:
    if trigger.tag_id is not None:
        return select(SubscriberTag.subscriber_id).where(SubscriberTag.tag_id == trigger.tag_id)
    if trigger.clicked is not None:
        return _who_clicked(trigger.course_id, trigger.clicked)
    if trigger.segment is not None:
        rule = Rule.from_json(trigger.segment.rule)
        return select(Subscriber.id.label("subscriber_id")).where(compiled(session, rule, now, COMPILERS))
    return select(Enrolment.subscriber_id).where(
        Enrolment.course_id == trigger.finished_id, Enrolment.state == "completed"
    )


def _who_clicked(course_id: str, address: str) -> Select[int]:
    """Who followed a link of the course themselves; a scanner of their mail provider is not they."""
    return (
        select(Delivery.subscriber_id)
        .join(Click, Click.delivery_id == Delivery.id)
        .join(Link, Link.id == Click.link_id)
        .where(Link.address == address, Delivery.course_id == course_id, Click.scanner.is_(False))
        .distinct()
    )


def _check_link(session: Session, course: Course, address: str) -> None:
    if not course.tracks_clicks:
        raise InvalidInput(
            "This course counts no clicks, so nobody would be noticed. Switch them on in its settings first.",
            field="clicked",
        )
    if address not in links_of(session, course):
        raise InvalidInput(
            "No lesson that is published links there. Publish the lesson first, or choose another link.",
            field="clicked",
        )


def _pass_over(session: Session, trigger: Trigger, now: datetime) -> None:
    """Mark everybody whom it meets at this moment."""
    people = met(session, trigger, now).subquery()
    row = select(
        literal(trigger.id), people.c.subscriber_id, literal(now, TriggerMark.at.type), literal(BEFORE)
    )
    session.execute(insert(TriggerMark).from_select(["trigger_id", "subscriber_id", "at", "outcome"], row))
