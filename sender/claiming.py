"""The ledger's moves: claim under a lease, record how the attempt ended.

Every move is one conditional UPDATE fenced by the claim's token, so a worker that slept past its lease, or a
second worker, changes nothing. The states and arrows are drawn in docs/flow.md. Marking as in doubt, window
by window, is in sender/windows.py, what time alone moves in sender/sweeping.py.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from campaigns.enrolling import progress_after
from campaigns.models import Course
from courseletter.database import Database
from sender import facts
from sender.instance import is_held
from sender.models import Delivery, State

LEASE = timedelta(minutes=10)
# From the final dot on nobody else may decide while the answer can still come: RFC 5321 gives it 10 minutes,
# and each block of the message before it 3.
DOT_LEASE = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """The right to attempt one delivery until the lease ends, and all that its mail is written from."""

    delivery_id: int
    fence: str
    until: datetime
    kind: str = ""
    course_id: str = ""
    subscriber_id: int = 0
    enrolment_id: int | None = None
    run: int = 1
    lesson_id: str | None = None
    revision_id: int | None = None
    copy: int = 0
    by: str = ""
    dated_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict, repr=False)
    progress_after: int | None = None  # id of the progress once it is sent; None: it is on no calendar


def claim(database: Database, now: datetime, limit: int) -> list[Claim]:
    """Take up to `limit` ready deliveries, the longest due first. Courses on pause are left alone.

    The first claim of a delivery freezes its facts and its date.
    """
    fence, until = secrets.token_hex(16), now + LEASE
    with database.write() as session:
        ids = session.scalars(_ready(now, limit)).all()
        taken = session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.state == State.READY)
            .values(
                state=State.CLAIMED,
                fence=fence,
                lease_until=until,
                attempts=Delivery.attempts + 1,
                first_attempt_at=func.coalesce(Delivery.first_attempt_at, now),
                dated_at=func.coalesce(Delivery.dated_at, now),
                facts=func.coalesce(Delivery.facts, facts.gathered(database.engine.dialect.name)),
            )
            .returning(*_COLUMNS)
            .execution_options(synchronize_session=False)
        ).all()
        claims = [Claim(*row) for row in sorted(taken)]
        after = progress_after(session, {_lesson_of(one) for one in claims if _is_on_calendar(one)})
    return [
        replace(one, progress_after=after[_lesson_of(one)]) if _is_on_calendar(one) else one for one in claims
    ]


def _is_on_calendar(one: Claim) -> bool:
    """A copy that was asked for is on no calendar, nor is a confirmation."""
    return one.enrolment_id is not None and not one.copy


def _lesson_of(one: Claim) -> tuple[int, str, str]:
    return one.facts["progress"], one.lesson_id or "", one.by


_COLUMNS = (
    Delivery.id,
    Delivery.fence,
    Delivery.lease_until,
    Delivery.kind,
    Delivery.course_id,
    Delivery.subscriber_id,
    Delivery.enrolment_id,
    Delivery.run,
    Delivery.lesson_id,
    Delivery.revision_id,
    Delivery.copy,
    Delivery.by,
    Delivery.dated_at,
    Delivery.facts,
)


def _ready(now: datetime, limit: int) -> Select[int]:
    return (
        select(Delivery.id)
        .join(Course, Course.id == Delivery.course_id)
        .where(
            Delivery.state == State.READY,
            Delivery.due_at <= now,
            or_(Course.paused_at.is_(None), Delivery.kind != "lesson"),
            ~is_held(),
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
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


def give_back(database: Database, claims: Collection[Claim], again: datetime) -> None:
    """Give claims of one batch back untried; they are ready again at that moment."""
    if not claims:
        return
    untried = (Delivery.id.in_([one.delivery_id for one in claims]), Delivery.state == State.CLAIMED)
    with database.write() as session:
        session.execute(
            update(Delivery)
            .where(*untried, Delivery.fence == next(iter(claims)).fence)
            .values(
                state=State.READY,
                due_at=again,
                fence=None,
                lease_until=None,
                attempts=Delivery.attempts - 1,
            )
            .execution_options(synchronize_session=False)
        )


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
