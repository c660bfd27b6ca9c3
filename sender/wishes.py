"""What a learner asks for, carried out on their enrolment and on what is already queued for them.

A wish is granted in one transaction, alone with its enrolment. What is queued and not past the final dot is
called back (S12); what may have been delivered stays as it is.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from campaigns.enrolling import lock, place_of, store
from campaigns.models import Course, Enrolment
from campaigns.schedule import Profile
from courseletter.errors import InvalidInput
from sender import events
from sender.calling_back import call_back
from sender.claiming import ASKED_FOR
from sender.finishing import move
from sender.holding import held_if_damaged
from sender.models import OPEN_STATES, Delivery, State
from sender.queueing import queue_lesson
from subscribers import consent
from subscribers.consent import Evidence, Outcome
from subscribers.models import MailingList, Subscriber, SuppressionReason
from subscribers.suppression import is_suppressed, suppress


def next_now(session: Session, enrolment: Enrolment, now: datetime) -> bool:
    """Queue the next lesson at once (S14). False where there is nothing to send, or one is under way."""
    lock(session, enrolment)
    place = place_of(session, enrolment)
    after = place.standing.next_now(place.timetable, place.profile, now)
    if after == place.standing:
        return False
    store(session, enrolment, after)
    queue_lesson(session, enrolment, now)
    return True


def pause(session: Session, enrolment: Enrolment, now: datetime, until: date | None) -> bool:
    """Rest until the first slot on or after `until`; None: until resumed. False for who left or finished."""
    lock(session, enrolment)
    if enrolment.state not in ("active", "paused"):
        return False
    call_back(session, enrolment, now)
    place = place_of(session, enrolment)
    store(session, enrolment, place.standing.pause(place.timetable, place.profile, now, until))
    events.record(session, "paused", now, enrolment=enrolment, until=until.isoformat() if until else None)
    return True


def resume(session: Session, enrolment: Enrolment, now: datetime) -> bool:
    """End a pause, of either kind. False where there is none."""
    lock(session, enrolment)
    place = place_of(session, enrolment)
    after = place.standing.resume(place.timetable, place.profile, now)
    if after == place.standing:
        return False
    move(session, enrolment, after, now)
    events.record(session, "resumed", now, enrolment=enrolment)
    return True


def skip(session: Session, enrolment: Enrolment, now: datetime) -> bool:
    """Pass the next lesson over (S15). False where there is none to pass over."""
    lock(session, enrolment)
    place = place_of(session, enrolment)
    after = place.standing.skip(place.timetable, place.profile, now)
    if after == place.standing:
        return False
    events.record(session, "skipped", now, enrolment=enrolment, lesson=enrolment.next_lesson)
    move(session, enrolment, after, now)
    return True


def unskip(session: Session, enrolment: Enrolment, lesson: str, now: datetime) -> bool:
    """Take back that the learner passed this lesson over. False where they did not, or it cannot be."""
    lock(session, enrolment)
    place = place_of(session, enrolment)
    after = place.standing.unskipped(place.timetable, place.profile, lesson, now)
    if after == place.standing:
        return False
    move(session, enrolment, after, now)
    events.record(session, "unskipped", now, enrolment=enrolment, lesson=lesson)
    return True


def release(session: Session, enrolment: Enrolment, now: datetime) -> bool:
    """A person has mended what held the next lesson: it is due at the next slot. False: nothing was held."""
    lock(session, enrolment)
    if not is_held(enrolment):
        return False
    with held_if_damaged(session, enrolment, now):
        place = place_of(session, enrolment)
        verb = place.standing.released if place.standing.held else place.standing.changed
        move(session, enrolment, verb(place.timetable, place.profile, now), now)
        events.record(session, "released", now, enrolment=enrolment)
    return True


def is_held(enrolment: Enrolment) -> bool:
    """Whether a lesson waits for a person: it failed too often, or its moment could not be reckoned."""
    waits = enrolment.state == "active" and enrolment.queued_lesson is None
    return waits and enrolment.next_lesson is not None and enrolment.due_at is None


def send_again(session: Session, delivery: Delivery, now: datetime, key: bytes) -> Delivery:
    """Queue another copy of a lesson that has arrived; no date changes by it (S15).

    Raises InvalidInput where it has not arrived, a copy is under way, or the person may not be written to.
    """
    enrolment = delivery.enrolment_id and session.get(Enrolment, delivery.enrolment_id)
    if not enrolment or not (
        delivery.state == State.ACCEPTED or (delivery.state == State.UNKNOWN and delivery.finished_at)
    ):
        raise InvalidInput("Only a lesson that has arrived can be sent again. What has not comes by itself.")
    lock(session, enrolment)
    if not may_be_written_to(session, enrolment, key):
        raise InvalidInput(f"{enrolment.subscriber.email} gets no mail of this course, so no copy either.")
    copies = (
        Delivery.enrolment_id == enrolment.id,
        Delivery.run == delivery.run,
        Delivery.lesson_id == delivery.lesson_id,
    )
    if session.scalar(
        select(Delivery.id).where(*copies, Delivery.state.in_(OPEN_STATES), Delivery.finished_at.is_(None))
    ):
        raise InvalidInput("A copy of this lesson is on its way already. Wait until it has arrived.")
    again = Delivery(
        kind="lesson",
        subscriber_id=delivery.subscriber_id,
        course_id=delivery.course_id,
        enrolment_id=enrolment.id,
        run=delivery.run,
        lesson_id=delivery.lesson_id,
        revision_id=delivery.revision_id,
        copy=(session.scalar(select(func.max(Delivery.copy)).where(*copies)) or 0) + 1,
        by=ASKED_FOR,
        due_at=now,
        created_at=now,
    )
    session.add(again)
    session.flush()
    return again


def may_be_written_to(session: Session, enrolment: Enrolment, key: bytes) -> bool:
    """Whether mail of this course may go to its person: consent is there, and no suppression."""
    person = enrolment.subscriber
    consented = consent.is_confirmed(session, enrolment.course.mailing_list, person)
    return consented and not is_suppressed(session, key, person.email)


def take_back(session: Session, enrolment: Enrolment, now: datetime) -> None:
    """Call back what was asked for just now, as far as it has not left yet."""
    lock(session, enrolment)
    call_back(session, enrolment, now)


def change_rhythm(
    session: Session,
    enrolment: Enrolment,
    now: datetime,
    *,
    zone: str | None,
    minute: int | None,
    weekdays: frozenset[int] | None,
    pace: str | int,
) -> None:
    """Take on another zone, hour, weekdays or pace; what comes next is dated anew (S15)."""
    lock(session, enrolment)
    place = place_of(session, enrolment)
    profile = Profile(zone, minute, weekdays, pace)
    move(session, enrolment, place.standing.changed(place.timetable, profile, now), now, profile)
    events.record(session, "rhythm_changed", now, enrolment=enrolment, pace=str(pace))


def leave(session: Session, enrolment: Enrolment, now: datetime, evidence: Evidence) -> None:
    """Leave the course: consent for its list is withdrawn, nothing more comes, the place is kept (S17)."""
    unsubscribe(session, enrolment.course.list_id, enrolment.subscriber_id, now, evidence)


def unsubscribe(
    session: Session, list_id: int, subscriber_id: int, now: datetime, evidence: Evidence
) -> None:
    """Withdraw consent for one list and leave its courses. Repeating it changes nothing."""
    mailing_list = session.get_one(MailingList, list_id)
    subscriber = session.get_one(Subscriber, subscriber_id)
    if consent.withdraw(session, mailing_list, subscriber, evidence, now) is Outcome.DONE:
        _note_last_issue(session, subscriber_id, now, Delivery.list_id == list_id)
    courses = select(Course.id).where(Course.list_id == list_id)
    for enrolment in _under_way(session, subscriber_id, Enrolment.course_id.in_(courses)):
        _leave(session, enrolment, now)


def leave_everything(
    session: Session, subscriber: Subscriber, now: datetime, evidence: Evidence, key: bytes
) -> None:
    """Withdraw every consent, leave every course, and suppress the address."""
    if consent.withdraw(session, None, subscriber, evidence, now) is Outcome.DONE:
        _note_last_issue(session, subscriber.id, now)
    suppress(session, key, subscriber.email, SuppressionReason.UNSUBSCRIBED, now)
    leave_courses(session, subscriber.id, now)


def end_course(session: Session, subscriber_id: int, course_id: str, now: datetime, why: str) -> bool:
    """Take a person out of one course; consent and place are kept. False: they are not under way in it."""
    under_way = _under_way(session, subscriber_id, Enrolment.course_id == course_id)
    for enrolment in under_way:
        _leave(session, enrolment, now, why)
    return bool(under_way)


def leave_courses(session: Session, subscriber_id: int, now: datetime) -> None:
    """Leave every course. Consent stays as it is: the caller has withdrawn it, or the address is no more."""
    for enrolment in _under_way(session, subscriber_id):
        _leave(session, enrolment, now)


def _leave(session: Session, enrolment: Enrolment, now: datetime, why: str = "") -> None:
    call_back(session, enrolment, now)
    store(session, enrolment, place_of(session, enrolment).standing.leave())
    events.record(session, "left", now, enrolment=enrolment, why=why)


def _note_last_issue(session: Session, subscriber_id: int, now: datetime, *conditions: Any) -> None:
    """Who leaves after issues of newsletters leaves after the last one: its results count them."""
    last = session.scalar(
        select(Delivery)
        .where(
            Delivery.subscriber_id == subscriber_id,
            Delivery.state.in_((State.ACCEPTED, State.UNKNOWN)),
            Delivery.kind == "issue",
            *conditions,
        )
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
        .limit(1)
    )
    if last is not None:
        events.record(session, "left", now, delivery=last)


def _under_way(session: Session, subscriber_id: int, *conditions: ColumnElement[bool]) -> Sequence[Enrolment]:
    return session.scalars(
        select(Enrolment)
        .where(
            Enrolment.subscriber_id == subscriber_id, Enrolment.state.in_(("active", "paused")), *conditions
        )
        .order_by(Enrolment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
