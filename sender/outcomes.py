"""What an attempt's verdict does: to the delivery, to the enrolment it belongs to, and to its person.

All of it in the transaction that records the answer, so that no crash can come between.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of
from campaigns.models import Enrolment
from campaigns.standing import Standing
from sender import events
from sender.bounces.recording import record as record_report
from sender.bounces.report import Kind, Report
from sender.bounces.status import code_of
from sender.calling_back import call_back_unawaited
from sender.claiming import Claim, finish, put_off, release
from sender.finishing import move
from sender.holding import held_if_damaged
from sender.models import Delivery, State
from sender.replies import Outcome, Verdict
from sender.retrying import UNKNOWN_REST, next_attempt
from sender.windows import has_consent, record_accepted
from subscribers.suppression import is_suppressed


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
    """Write down how attempts ended: what the relay took in bulk, the others one by one."""
    accepted: dict[str, dict[Claim, str]] = {}  # by fence: an interrupted batch may have left some behind
    for held, verdict in verdicts.items():
        if verdict.outcome is Outcome.ACCEPTED:
            accepted.setdefault(held.fence, {})[held] = verdict.reason
    for answers in accepted.values():
        for held in record_accepted(session, answers, now):
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
    enrolment = lock_enrolment(session, delivery)
    match verdict.outcome:
        case Outcome.UNKNOWN:
            moved = put_off(session, held, State.UNKNOWN, now + UNKNOWN_REST, verdict.reason)
        case Outcome.FAILED:
            moved = finish(session, held, now, State.FAILED, verdict.reason)
        case Outcome.ABANDONED:
            moved = _abandon(session, held, delivery, now, key)
        case _:
            moved = _defer(session, held, delivery, verdict, now, jitter, wait, deadline)
    if not moved:
        return
    session.refresh(delivery)
    events.record(session, delivery.state, now, delivery=delivery, reply=delivery.reply)
    tell_enrolment(session, delivery, now)
    if enrolment is not None and delivery.state in (State.READY, State.DEFERRED):
        call_back_unawaited(session, delivery, enrolment, now)
    if verdict.suppress or (verdict.soft and delivery.state in (State.FAILED, State.EXPIRED)):
        kind = Kind.HARD if verdict.suppress else Kind.SOFT
        report = Report(kind, code_of("", verdict.reason), verdict.reason)
        record_report(session, delivery, report, now, key)


def lock_enrolment(session: Session, delivery: Delivery) -> Enrolment | None:
    """Before its delivery, as everybody does: else a learner's wish and we would wait for each other.

    None: it is on no calendar.
    """
    if delivery.enrolment_id is None:
        return None
    return session.get_one(Enrolment, delivery.enrolment_id, with_for_update=True)


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


def _abandon(session: Session, held: Claim, delivery: Delivery, now: datetime, key: bytes) -> bool:
    """It was stopped before the dot. Only where consent is gone it ends here; whatever else it was, a lease
    that ran out or a pause, may be over by now, and whoever paused it calls it back.
    """
    agreed = session.scalar(select(has_consent()).where(Delivery.id == delivery.id))
    if agreed and not is_suppressed(session, key, held.facts["email"]):
        return release(session, held, now)
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
