"""Why a person does not get the next lesson, or not yet: every rule that stands in the way, in sentences."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns import history
from campaigns.models import Course, Enrolment
from campaigns.reasons import Reason
from campaigns.rhythm import day_phrase, moment_phrase
from campaigns.schedule import GRACE
from courseletter.zones import zone_of
from sender import instance
from sender.models import OPEN_STATES, Delivery, Event, State
from sender.stories import OUTCOMES, said
from sender.wishes import is_held
from subscribers.models import Membership, MemberStatus, Subscriber, SuppressionReason
from subscribers.suppression import suppression_of

_SUPPRESSED: Final = {
    SuppressionReason.UNSUBSCRIBED: "they left everything",
    SuppressionReason.BOUNCED: "the address takes no mail",
    SuppressionReason.COMPLAINED: "they called our mail spam",
    SuppressionReason.ERASED: "they asked to be forgotten",
    SuppressionReason.MANUAL: "somebody here put it on the list",
}
_CONSENT: Final = {
    MemberStatus.PENDING: "they have not confirmed yet that it is them",
    MemberStatus.UNSUBSCRIBED: "they unsubscribed",
    MemberStatus.COMPLAINED: "they called its mail spam",
}


def of_everything(session: Session, subscriber: Subscriber, key: bytes) -> Iterator[Reason]:
    """What keeps all mail from this person."""
    held = instance.why_silent(session)
    if held:
        yield Reason(f"No mail is sent at all: {held}.", ())
    found = suppression_of(session, key, subscriber.email)
    if found is not None:
        why = _SUPPRESSED[SuppressionReason(found.reason)]
        note = f" {said(found.note)}" if found.note else ""
        yield Reason(f"Suppressed since {_day(found.at)}: {why}.{note} No list or import changes that.", ())


def missing_consent(session: Session, enrolment: Enrolment) -> Iterator[Reason]:
    """That the person never agreed to this course's mail, or took it back."""
    status = session.scalar(
        select(Membership.status).where(
            Membership.list_id == enrolment.course.list_id,
            Membership.subscriber_id == enrolment.subscriber_id,
        )
    )
    if status != MemberStatus.CONFIRMED:
        why = _CONSENT[MemberStatus(status)] if status else "they are not on its list"
        yield Reason(f"No consent: {why}.", ())


def of_course(session: Session, enrolment: Enrolment, now: datetime) -> Iterator[Reason]:
    """What keeps the next lesson of one course from its learner now."""
    course = enrolment.course
    zone = zone_of(enrolment.profile.zone or course.zone)
    yield from _of_standing(session, enrolment)
    yield from _of_state(session, course)
    if enrolment.state == "active":
        yield from _of_flight(session, enrolment)
        if enrolment.held_until is not None and not enrolment.failures:
            text = f"{enrolment.subscriber.daily_cap} messages had gone out that day, as many as they want"
            yield Reason(f"{text}: held until {day_phrase(enrolment.held_until)}.", ("S16",))
        if enrolment.due_at is not None and now - enrolment.due_at > GRACE:
            missed = moment_phrase(enrolment.due_at.astimezone(zone))
            yield Reason(f"Its moment, {missed}, has passed: it is dated anew, never simply sent.", ("S9",))


def _of_state(session: Session, course: Course) -> Iterator[Reason]:
    if course.paused_at is not None:
        why = f" {said(course.paused_why)}" if course.paused_why else ""
        yield Reason(f"The course is paused since {_day(course.paused_at)}.{why}", ("S13",))
    if history.is_under_way(session, course.id):
        yield Reason("Edits of the course are being published: it waits until everybody has them.", ("S18",))


def _of_standing(session: Session, enrolment: Enrolment) -> Iterator[Reason]:
    match enrolment.state:
        case "left":
            yield Reason("They left the course. Their place is kept.", ("S17",))
        case "completed":
            yield Reason("They have had every lesson: finished.", ("S17",))
        case "paused":
            yield Reason("They pause, until they go on.", ("S12",))
    if enrolment.state == "active" and enrolment.paused_until is not None:
        yield Reason(f"They pause until {day_phrase(enrolment.paused_until)}.", ("S12",))
    if not is_held(enrolment):
        return
    if enrolment.failures:
        times = f"{enrolment.failures} times"
        yield Reason(f"The lesson failed {times} and is held until you release or skip it.", ("Retries",))
    else:
        why = session.scalars(
            select(Event)
            .where(Event.subscriber_id == enrolment.subscriber_id, Event.kind == "held")
            .order_by(Event.id.desc())
            .limit(1)
        ).first()
        text = f" {said(str(why.data.get('why', '')))}" if why else ""
        yield Reason(f"Held: the moment of the next lesson could not be reckoned.{text}", ())


def _of_flight(session: Session, enrolment: Enrolment) -> Iterator[Reason]:
    """The lesson that is under way: until it has its answer, no other is queued."""
    if enrolment.queued_lesson is None:
        return
    flying = session.scalars(
        select(Delivery)
        .where(
            Delivery.enrolment_id == enrolment.id,
            Delivery.run == enrolment.run,
            Delivery.lesson_id == enrolment.queued_lesson,
            Delivery.state.in_(OPEN_STATES),
        )
        .limit(1)
    ).first()
    state = OUTCOMES[State(flying.state)][0].lower() if flying else "lost"
    reply = f" {said(flying.reply)}" if flying and flying.reply else ""
    yield Reason(f"A lesson is under way ({state}); the next follows its answer.{reply}", ("S11",))


def _day(moment: datetime) -> str:
    return f"{day_phrase(moment.date())} {moment.year}"
