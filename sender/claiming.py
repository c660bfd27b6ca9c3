"""The ledger's moves: claim under a lease, mark as in doubt before the final dot, record the answer, sweep.

Every move is one conditional UPDATE fenced by the claim's token, so a worker that slept past its lease, or a
second worker, changes nothing. The states and arrows are drawn in docs/flow.md.
"""

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from campaigns.models import Course
from courseletter.database import Database
from sender.models import Delivery, State
from subscribers.consent import awaits_answer
from subscribers.models import Membership, MemberStatus, Suppression

LEASE = timedelta(minutes=10)
# From the final dot on nobody else may decide while the answer can still come: RFC 5321 gives it 10 minutes,
# and each block of the message before it 3.
DOT_LEASE = timedelta(minutes=20)
SWEPT = 500  # rows a transaction: what an outage has left behind may be the whole list
UNKNOWN_REST = timedelta(minutes=30)  # before a delivery whose answer never came is tried once more


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to attempt one delivery, as long as the lease lasts."""

    delivery_id: int
    fence: str


def claim(database: Database, now: datetime, limit: int) -> list[Claim]:
    """Take up to `limit` ready deliveries, the longest due first. Courses on pause are left alone."""
    fence = secrets.token_hex(16)
    wanted = (
        select(Delivery.id)
        .join(Course, Course.id == Delivery.course_id)
        .where(
            Delivery.state == State.READY,
            Delivery.due_at <= now,
            or_(Course.paused_at.is_(None), Delivery.kind != "lesson"),
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    )
    with database.write() as session:
        ids = session.scalars(wanted).all()
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.state == State.READY)
            .values(
                state=State.CLAIMED,
                fence=fence,
                lease_until=now + LEASE,
                attempts=Delivery.attempts + 1,
                first_attempt_at=func.coalesce(Delivery.first_attempt_at, now),
                dated_at=func.coalesce(Delivery.dated_at, now),
            )
        )
    return [Claim(one, fence) for one in ids]


def put_in_doubt(
    database: Database, held: Claim, context: dict[str, Any], address_hash: str, now: datetime
) -> bool:
    """Write down, durably, that from here on the message may be delivered; consent is checked in the same
    statement. False: the lease is over, the delivery was called back, or consent is gone. Do not send.
    """
    with database.write() as session:
        return _moved(
            session,
            held,
            State.CLAIMED,
            and_(Delivery.lease_until > now, _consented(), ~_suppressed(address_hash), _not_paused()),
            state=State.IN_DOUBT,
            context=context,
            lease_until=now + DOT_LEASE,
        )


def finish(session: Session, held: Claim, now: datetime, state: State, reply: str) -> bool:
    """Record how a claimed delivery ended. False: somebody else has decided in the meantime."""
    return _moved(
        session,
        held,
        (State.CLAIMED, State.IN_DOUBT),
        state=state,
        reply=reply,
        finished_at=now,
        fence=None,
        lease_until=None,
    )


def put_off(
    session: Session, held: Claim, state: State, until: datetime, reply: str, *, charged: bool = True
) -> bool:
    """Let a claimed delivery wait until its next attempt; one that is not `charged` keeps its count."""
    return _moved(
        session,
        held,
        (State.CLAIMED, State.IN_DOUBT),
        state=state,
        due_at=until,
        reply=reply,
        fence=None,
        lease_until=None,
        attempts=Delivery.attempts - (0 if charged else 1),
    )


def release(session: Session, held: Claim, now: datetime) -> bool:
    """Give a claim back untried: the delivery is ready again at once."""
    return put_off(session, held, State.READY, now, "", charged=False)


def sweep(database: Database, now: datetime) -> Counter[str]:
    """Move what time alone has moved: ended leases, deferred deliveries whose moment has come.

    A lease that ends in CLAIMED is ready again; one that ends in IN_DOUBT is UNKNOWN, never blindly resent.
    """
    ended = Delivery.lease_until <= now
    unleased: dict[str, Any] = {"fence": None, "lease_until": None}
    moves: list[tuple[str, ColumnElement[bool], dict[str, Any]]] = [
        ("released", and_(Delivery.state == State.CLAIMED, ended), {"state": State.READY, **unleased}),
        (
            "unknown",
            and_(Delivery.state == State.IN_DOUBT, ended),
            {
                "state": State.UNKNOWN,
                "due_at": now + UNKNOWN_REST,
                "reply": "the sender ended before the answer came",
                **unleased,
            },
        ),
        ("due again", and_(Delivery.state == State.DEFERRED, Delivery.due_at <= now), {"state": State.READY}),
    ]
    return Counter({name: _move_all(database, condition, values) for name, condition, values in moves})


def _move_all(database: Database, condition: ColumnElement[bool], values: dict[str, Any]) -> int:
    """Rows that somebody else is changing just now are left to them, so that nobody waits in a circle."""
    some = select(Delivery.id).where(condition).limit(SWEPT).with_for_update(skip_locked=True)
    count = 0
    while True:
        with database.write() as session:
            ids = session.scalars(some).all()
            session.execute(update(Delivery).where(Delivery.id.in_(ids), condition).values(**values))
        count += len(ids)
        if len(ids) < SWEPT:
            return count


def _moved(
    session: Session,
    held: Claim,
    of: State | tuple[State, ...],
    *conditions: ColumnElement[bool],
    **values: Any,
) -> bool:
    states = (of,) if isinstance(of, State) else of
    mine = and_(Delivery.id == held.delivery_id, Delivery.fence == held.fence, Delivery.state.in_(states))
    moving = update(Delivery).where(mine, *conditions).values(**values).returning(Delivery.id)
    return session.scalar(moving) is not None


def _consented() -> ColumnElement[bool]:
    """A lesson needs a confirmed membership of its course's list; a confirmation mail one to be answered."""
    return exists().where(
        Course.id == Delivery.course_id,
        Membership.list_id == Course.list_id,
        Membership.subscriber_id == Delivery.subscriber_id,
        or_(
            and_(Delivery.kind == "lesson", Membership.status == MemberStatus.CONFIRMED),
            and_(Delivery.kind == "confirmation", awaits_answer()),
        ),
    )


def _suppressed(address_hash: str) -> ColumnElement[bool]:
    return exists().where(Suppression.address_hash == address_hash)


def _not_paused() -> ColumnElement[bool]:
    paused = exists().where(Course.id == Delivery.course_id, Course.paused_at.is_not(None))
    return or_(Delivery.kind != "lesson", ~paused)
