"""What a learner asks for, carried out on their enrolment and on what is already queued for them.

A wish is granted in one transaction, alone with its enrolment. What is queued and not past the final dot is
called back (S12); what may have been delivered stays as it is.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from campaigns.enrolling import lock, place_of, store
from campaigns.models import Course, Enrolment
from campaigns.schedule import Profile
from sender import events
from sender.holding import held_if_damaged
from sender.models import CALLABLE_STATES, Delivery, State
from sender.queueing import queue_lesson
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.models import MailingList, Subscriber, SuppressionReason
from subscribers.suppression import suppress


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


def pause(session: Session, enrolment: Enrolment, now: datetime, until: date | None) -> None:
    """Rest until the first slot on or after `until`; None: until resumed."""
    lock(session, enrolment)
    call_back(session, enrolment, now)
    place = place_of(session, enrolment)
    store(session, enrolment, place.standing.pause(place.timetable, place.profile, now, until))
    events.record(session, "paused", now, enrolment=enrolment, until=until.isoformat() if until else None)


def resume(session: Session, enrolment: Enrolment, now: datetime) -> None:
    lock(session, enrolment)
    place = place_of(session, enrolment)
    store(session, enrolment, place.standing.resume(place.timetable, place.profile, now))
    events.record(session, "resumed", now, enrolment=enrolment)


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
    store(session, enrolment, place.standing.changed(place.timetable, profile, now), profile)
    events.record(session, "rhythm_changed", now, enrolment=enrolment, pace=str(pace))


def leave(session: Session, enrolment: Enrolment, now: datetime, evidence: Evidence) -> None:
    """Leave the course: consent for its list is withdrawn, nothing more comes, the place is kept (S17)."""
    unsubscribe(session, enrolment.course.list_id, enrolment.subscriber_id, now, evidence)


def unsubscribe(
    session: Session, list_id: int, subscriber_id: int, now: datetime, evidence: Evidence
) -> None:
    """Withdraw consent for one list and leave its courses. Repeating it changes nothing."""
    mailing_list = session.get_one(MailingList, list_id)
    consent.withdraw(session, mailing_list, session.get_one(Subscriber, subscriber_id), evidence, now)
    courses = select(Course.id).where(Course.list_id == list_id)
    for enrolment in _under_way(session, subscriber_id, Enrolment.course_id.in_(courses)):
        _leave(session, enrolment, now)


def leave_everything(
    session: Session, subscriber: Subscriber, now: datetime, evidence: Evidence, key: bytes
) -> None:
    """Withdraw every consent, leave every course, and suppress the address."""
    consent.withdraw(session, None, subscriber, evidence, now)
    suppress(session, key, subscriber.email, SuppressionReason.UNSUBSCRIBED, now)
    leave_courses(session, subscriber.id, now)


def leave_courses(session: Session, subscriber_id: int, now: datetime) -> None:
    """Leave every course. Consent stays as it is: the caller has withdrawn it, or the address is no more."""
    for enrolment in _under_way(session, subscriber_id):
        _leave(session, enrolment, now)


def _leave(session: Session, enrolment: Enrolment, now: datetime) -> None:
    call_back(session, enrolment, now)
    store(session, enrolment, place_of(session, enrolment).standing.leave())
    events.record(session, "left", now, enrolment=enrolment)


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


def call_back(session: Session, enrolment: Enrolment, now: datetime) -> None:
    """Cancel what is queued and not past the dot, as if it had never been queued. The enrolment is locked."""
    called_back = session.execute(
        update(Delivery)
        .where(Delivery.enrolment_id == enrolment.id, Delivery.state.in_(CALLABLE_STATES))
        .values(state=State.CANCELLED, finished_at=now, fence=None, reply="called back")
        .returning(Delivery.copy)
    ).scalars()
    if 0 in called_back:  # a further copy was asked for and is on no calendar
        with held_if_damaged(session, enrolment, now):
            place = place_of(session, enrolment)
            store(session, enrolment, place.standing.called_back(place.timetable, place.profile, now))
