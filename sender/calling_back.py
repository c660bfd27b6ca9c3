"""Calling back what is queued for an enrolment, and not trying again what nobody waits for any more.

What is past the final dot cannot be called back: it goes on. If it turns out not to have arrived, whoever
would try it again asks first whether its reader still waits for it.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, update
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of, store
from campaigns.models import Enrolment
from sender.holding import held_if_damaged
from sender.models import CALLABLE_STATES, Delivery, State


def call_back(
    session: Session,
    enrolment: Enrolment,
    now: datetime,
    which: ColumnElement[bool] = Delivery.state.in_(CALLABLE_STATES),
) -> bool:
    """Cancel what is queued and not past the dot, as if it had never been queued. The enrolment is locked.

    `which` deliveries are called back. Returns whether there were any.
    """
    called_back = session.execute(
        update(Delivery)
        .where(Delivery.enrolment_id == enrolment.id, which)
        .values(state=State.CANCELLED, finished_at=now, fence=None, lease_until=None, reply="called back")
        .returning(Delivery.run, Delivery.lesson_id, Delivery.copy)
    ).all()
    # A further copy was asked for and is on no calendar; neither is a lesson of an earlier run.
    if (enrolment.run, enrolment.queued_lesson, 0) in called_back:
        with held_if_damaged(session, enrolment, now):
            place = place_of(session, enrolment)
            store(session, enrolment, place.standing.called_back(place.timetable, place.profile, now))
    return bool(called_back)


def is_awaited() -> ColumnElement[bool]:
    """Whether a delivery's reader still waits for it: they have not paused, left or begun anew since.

    Who rests until a date is active, with a date that the tick takes away when it queues.
    """
    waits = exists().where(
        Enrolment.id == Delivery.enrolment_id,
        Enrolment.run == Delivery.run,
        Enrolment.state == "active",
        Enrolment.paused_until.is_(None),
    )
    return or_(Delivery.enrolment_id.is_(None), Delivery.copy > 0, waits)


def call_back_unawaited(session: Session, delivery: Delivery, enrolment: Enrolment, now: datetime) -> bool:
    """Call back what is to be tried again if nobody waits for it. The enrolment is locked."""
    session.flush()
    waits = Delivery.state.in_((State.READY, State.DEFERRED, State.UNKNOWN)) & Delivery.finished_at.is_(None)
    return call_back(session, enrolment, now, and_(Delivery.id == delivery.id, waits, ~is_awaited()))
