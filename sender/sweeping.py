"""What time alone moves in the ledger: leases that ended, rests that are over, doubts that stay doubts.

A lease that ends in CLAIMED is ready again; one that ends in IN_DOUBT is UNKNOWN, never blindly resent.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update

from campaigns.models import Enrolment
from courseletter.database import Database
from sender import events
from sender.calling_back import call_back_unawaited, is_awaited
from sender.models import Delivery, State, is_in
from sender.outcomes import lock_enrolment, tell_enrolment
from sender.retrying import UNKNOWN_REST, UnknownPolicy

CHUNK = 500  # rows a transaction: what an outage has left behind may be the whole list


def sweep(database: Database, now: datetime, unknown: UnknownPolicy = "retry_once") -> Counter[str]:
    """Move all whose time has come. Returns how many moved which way."""
    ended = Delivery.lease_until <= now
    waited = and_(is_in(State.UNKNOWN), Delivery.due_at <= now, Delivery.finished_at.is_(None))
    ready = {"state": State.READY, "fence": None, "lease_until": None}
    lost = {  # under the same fence: a holder that was only stopped may still hear the answer
        "state": State.UNKNOWN,
        "lease_until": None,
        "due_at": now + UNKNOWN_REST,
        "reply": "the sender ended before the answer came",
    }
    moved = Counter(
        {
            "released": _move(database, and_(is_in(State.CLAIMED), ended), ready),
            "unknown": _move(database, and_(is_in(State.IN_DOUBT), ended), lost, now, "unknown"),
            "due again": _move(database, and_(is_in(State.DEFERRED), Delivery.due_at <= now), ready),
        }
    )
    if unknown == "retry_once":
        moved["tried once more"] = _try_once_more(database, waited, ready, now)
        moved["given up"] = _give_up(database, waited, now)
    return +moved


def _move(
    database: Database,
    which: ColumnElement[bool],
    values: dict[str, Any],
    now: datetime | None = None,
    event: str | None = None,
) -> int:
    """Change these rows chunk by chunk, each with an event where one is named. Returns how many."""
    total = 0
    while True:
        with database.write() as session:
            some = select(Delivery.id).where(which).limit(CHUNK).with_for_update(skip_locked=True)
            ids = session.scalars(some).all()
            session.execute(
                update(Delivery)
                .where(Delivery.id.in_(ids), which)
                .values(**values)
                .execution_options(synchronize_session=False)
            )
            if event is not None and now is not None:
                events.record_deliveries(session, event, now, ids)
        total += len(ids)
        if len(ids) < CHUNK:
            return total


def _try_once_more(
    database: Database, waited: ColumnElement[bool], ready: dict[str, Any], now: datetime
) -> int:
    """Make ready what its reader still waits for, and call back the rest. Returns how many are ready."""
    total = 0
    first_time = and_(waited, Delivery.retried_unknown.is_(False))
    again = {**ready, "retried_unknown": True}
    while True:
        with database.write() as session:
            found = session.scalars(select(Delivery).where(first_time).limit(CHUNK)).all()
            places = select(Enrolment).where(Enrolment.id.in_([one.enrolment_id for one in found]))
            alone = places.order_by(Enrolment.id).with_for_update()  # before their deliveries, as all do
            enrolments = {one.id: one for one in session.scalars(alone)}
            these = Delivery.id.in_([one.id for one in found])
            trying = update(Delivery).where(these, first_time, is_awaited()).values(**again)
            ready_now = set(
                session.scalars(trying.returning(Delivery.id).execution_options(synchronize_session=False))
            )
            for one in found:
                if one.id not in ready_now and one.enrolment_id is not None:
                    call_back_unawaited(session, one, enrolments[one.enrolment_id], now)
        total += len(ready_now)
        if len(found) < CHUNK:
            return total


def _give_up(database: Database, waited: ColumnElement[bool], now: datetime) -> int:
    """What stays unknown after its second try counts as had: its page still shows it."""
    with database.read() as session:
        hopeless = session.scalars(select(Delivery.id).where(waited)).all()
    for delivery_id in hopeless:
        with database.write() as session:
            delivery = session.get_one(Delivery, delivery_id)
            lock_enrolment(session, delivery)
            giving_up = update(Delivery).where(Delivery.id == delivery_id, waited).values(finished_at=now)
            if session.scalar(giving_up.returning(Delivery.id)) is None:
                continue  # another sender was first
            session.refresh(delivery)
            events.record(session, "given_up", now, delivery=delivery, reply=delivery.reply)
            tell_enrolment(session, delivery, now)
    return len(hopeless)
