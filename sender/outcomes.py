"""What an attempt's verdict does: to the delivery, to the enrolment it belongs to, and to its person.

All of it in the transaction that records the answer, so that no crash can come between.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of
from campaigns.models import Course, Enrolment
from campaigns.standing import Standing
from sender import events
from sender.bounces.recording import record as record_report
from sender.bounces.report import Kind, Report
from sender.bounces.status import code_of
from sender.claiming import Claim, finish, is_going_out, put_off, release
from sender.finishing import move
from sender.holding import held_if_damaged
from sender.models import Delivery, State
from sender.replies import Outcome, Verdict
from sender.retrying import UNKNOWN_REST, next_attempt
from sender.windows import record_accepted


def record_window(
    session: Session,
    verdicts: Mapping[Claim, Verdict],
    now: datetime,
    *,
    jitter: Callable[[], float],
    wait: timedelta,
    deadline: timedelta,
    key: bytes,
) -> None:
    """Write down how the attempts of one batch ended: what the relay took in bulk, the others one by one."""
    accepted = {held: one.reason for held, one in verdicts.items() if one.outcome is Outcome.ACCEPTED}
    for held in record_accepted(session, accepted, now):
        delivery = session.get_one(Delivery, held.delivery_id)
        lock_enrolment(session, delivery)
        tell_enrolment(session, delivery, now)
    for held, verdict in verdicts.items():
        if verdict.outcome is not Outcome.ACCEPTED:
            _record(session, held, verdict, now, jitter=jitter(), wait=wait, deadline=deadline, key=key)


def _record(
    session: Session,
    held: Claim,
    verdict: Verdict,
    now: datetime,
    *,
    jitter: float,
    wait: timedelta,
    deadline: timedelta,
    key: bytes,
) -> None:
    """Write down how one attempt ended.

    `wait`: until any relay may be used again; `deadline`: after the first attempt; `jitter` in [-1, 1].

    A claim that is no longer ours changes nothing: somebody else has decided in the meantime.
    """
    delivery = session.get_one(Delivery, held.delivery_id)  # what is read of it changes with the fence only
    lock_enrolment(session, delivery)
    match verdict.outcome:
        case Outcome.UNKNOWN:
            moved = put_off(session, held, State.UNKNOWN, now + UNKNOWN_REST, verdict.reason)
        case Outcome.FAILED:
            moved = finish(session, held, now, State.FAILED, verdict.reason)
        case Outcome.ABANDONED:
            moved = _abandon(session, held, delivery, now)
        case _:
            moved = _defer(session, held, delivery, verdict, now, jitter, wait, deadline)
    if not moved:
        return
    session.refresh(delivery)
    events.record(session, delivery.state, now, delivery=delivery, reply=delivery.reply)
    tell_enrolment(session, delivery, now)
    if verdict.suppress or (verdict.soft and delivery.state in (State.FAILED, State.EXPIRED)):
        kind = Kind.HARD if verdict.suppress else Kind.SOFT
        report = Report(kind, code_of("", verdict.reason), verdict.reason)
        record_report(session, delivery, report, now, key)


def lock_enrolment(session: Session, delivery: Delivery) -> None:
    """Before its delivery, as everybody does: else a learner's wish and we would wait for each other."""
    if delivery.enrolment_id is not None:
        session.get_one(Enrolment, delivery.enrolment_id, with_for_update=True)


def _defer(
    session: Session,
    held: Claim,
    delivery: Delivery,
    verdict: Verdict,
    now: datetime,
    jitter: float,
    wait: timedelta,
    deadline: timedelta,
) -> bool:
    """Let it wait for its next attempt, or expire; trouble of the relay is not charged to the message.

    Where another relay is well there is no wait, and it is ready to go through that one.
    """
    first = delivery.first_attempt_at or now
    if verdict.relay_trouble or verdict.pause_send:
        if now + wait <= first + deadline:
            state = State.DEFERRED if wait else State.READY
            return put_off(session, held, state, now + wait, verdict.reason, charged=False)
    else:
        due = next_attempt(delivery.attempts, first, now, jitter, deadline)
        if due is not None:
            return put_off(session, held, State.DEFERRED, due, verdict.reason)
    return finish(session, held, now, State.EXPIRED, verdict.reason)


def _abandon(session: Session, held: Claim, delivery: Delivery, now: datetime) -> bool:
    """It was stopped before the dot: the lease ran out, the course is paused, or consent is gone."""
    had_leave = delivery.state == State.IN_DOUBT  # so nothing but its lease stopped it
    if had_leave or delivery.lease_until is None or delivery.lease_until <= now:
        return release(session, held, now)
    course = session.get_one(Course, delivery.course_id)
    if delivery.kind != "confirmation" and course.paused_at is not None:
        return release(session, held, now)
    if delivery.kind == "issue" and not session.scalar(
        select(is_going_out()).where(Delivery.id == delivery.id)
    ):
        return release(session, held, now)  # whoever paused it calls it back
    return finish(session, held, now, State.CANCELLED, "no consent")


def tell_enrolment(session: Session, delivery: Delivery, now: datetime) -> None:
    """Let the enrolment know how its queued lesson fared. A copy that was asked for is on no calendar."""
    if delivery.enrolment_id is None or delivery.copy:
        return
    enrolment = session.get_one(Enrolment, delivery.enrolment_id)
    if (enrolment.run, enrolment.queued_lesson) != (delivery.run, delivery.lesson_id):
        return
    with held_if_damaged(session, enrolment, now):
        move(session, enrolment, _after(session, enrolment, delivery, now), now)


def _after(session: Session, enrolment: Enrolment, delivery: Delivery, now: datetime) -> Standing:
    place = place_of(session, enrolment)
    standing = place.standing
    if delivery.state == State.ACCEPTED or (delivery.state == State.UNKNOWN and delivery.finished_at):
        return standing.sent(place.timetable, place.profile, now)
    if delivery.state == State.CANCELLED:
        return standing.called_back(place.timetable, place.profile, now).leave()
    if delivery.state in (State.FAILED, State.EXPIRED):
        return standing.failed(place.timetable, place.profile, now)
    return standing
