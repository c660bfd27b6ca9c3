"""The ledger's moves: claim under a lease, record how the attempt ended.

Every move is one conditional UPDATE fenced by the claim's token, so a worker that slept past its lease, or a
second worker, changes nothing. The states and arrows are drawn in docs/flow.md. Marking as in doubt, window
by window, is in sender/windows.py, what time alone moves in sender/sweeping.py.
"""

import json
import logging
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    Update,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from campaigns.enrolling import progress_after
from campaigns.models import Course
from campaigns.newsletters.models import Issue, IssueState
from courseletter.bulk import among, dialect_of, in_index_order
from courseletter.database import Database, UtcDateTime
from sender.facts import gathered, read_moment
from sender.instance import is_held
from sender.models import Delivery, State, is_in

LEASE = timedelta(minutes=10)
# From the final dot on nobody else may decide while the answer can still come: RFC 5321 gives it 10 minutes,
# and each block of the message before it 3.
DOT_LEASE = timedelta(minutes=20)

log = logging.getLogger(__name__)

ASKED_FOR = "learner"  # a delivery's `by`, when a person waits for it


@dataclass(slots=True, eq=False)
class Claim:
    """The right to attempt one delivery until the lease ends, and all that its mail is written from."""

    fence: str
    until: datetime
    delivery_id: int
    kind: str
    course_id: str
    list_id: int | None
    subscriber_id: int
    enrolment_id: int | None
    run: int
    lesson_id: str | None
    revision_id: int | None
    copy: int
    by: str
    dated_at: datetime
    facts: dict[str, Any] = field(repr=False)
    progress_after: int | None = None  # id of the progress once it is sent; None: it is on no calendar


def claim(database: Database, now: datetime, limit: int, *, asked_first: bool = False) -> list[Claim]:
    """Take up to `limit` ready deliveries, the longest due first. Courses on pause are left alone.

    The first claim of a delivery freezes its facts and its date. `asked_first`: what a person waits for, a
    confirmation or a lesson asked for, goes before what a schedule sends.
    """
    fence, until = secrets.token_hex(16), now + LEASE
    with database.write(durable=False) as session:  # nothing has gone out yet
        in_index_order(session)
        values = {"our_fence": fence, "now": now, "until": until}
        taken: list[Row[*tuple[Any, ...]]] = []
        for asked_for in (True, False) if asked_first else (False,):
            taking = _taking(dialect_of(session), asked_for)
            taken += session.connection().execute(taking, values | {"most": limit - len(taken)}).all()
        # All at once: one by one takes twice as long.
        all_facts = json.loads(f"[{','.join([facts or 'null' for *_, facts in taken])}]")
        claims = [
            Claim(fence, until, *(*row, read_moment(dated_at), facts))
            for (*row, dated_at, _), facts in zip(taken, all_facts, strict=True)
        ]
        orphans = {one for one in claims if _is_orphan(one)}
        if orphans:
            log.error("%s deliveries are cancelled: whom they were for is gone", len(orphans))
            claims = [one for one in claims if one not in orphans]
            for one in orphans:
                finish(session, one, now, State.CANCELLED, "whom it was for is gone")
        moves = {one: _move(one) for one in claims if _is_on_calendar(one)}
        after = progress_after(session, set(moves.values()))
    for one, move in moves.items():
        one.progress_after = after[move]
    return sorted(claims, key=attrgetter("delivery_id"))


def _is_orphan(held: Claim) -> bool:
    """Whether its person, or their place in the course, was deleted in the moment in which it was written:
    taking an import back deletes people, and no foreign key is asked.
    """
    return held.facts is None or (held.enrolment_id is not None and held.facts["progress"] is None)


def _is_on_calendar(held: Claim) -> bool:
    """A copy that was asked for is on none, nor is a confirmation."""
    return held.enrolment_id is not None and not held.copy


def _move(held: Claim) -> tuple[int, str, str]:
    """What progress_after() is asked."""
    return held.facts["progress"], held.lesson_id or "", held.by


@cache
def _taking(dialect: str, asked_for: bool) -> Update:
    now = bindparam("now", type_=UtcDateTime())
    return (
        update(Delivery)
        .where(among(dialect, Delivery.id, _longest_due(asked_for)))  # locked, and so still ready
        .values(
            state=State.CLAIMED,
            fence=bindparam("our_fence"),
            lease_until=bindparam("until", type_=UtcDateTime()),
            attempts=Delivery.attempts + 1,
            first_attempt_at=func.coalesce(Delivery.first_attempt_at, now),
            dated_at=func.coalesce(Delivery.dated_at, now),
            facts=func.coalesce(Delivery.facts, gathered(dialect)),
        )
        .returning(
            Delivery.id,
            Delivery.kind,
            Delivery.course_id,
            Delivery.list_id,
            Delivery.subscriber_id,
            Delivery.enrolment_id,
            Delivery.run,
            Delivery.lesson_id,
            Delivery.revision_id,
            Delivery.copy,
            Delivery.by,
            cast(Delivery.dated_at, String),
            cast(Delivery.facts, String),
        )
        .execution_options(synchronize_session=False)
    )


def count_ready(session: Session, now: datetime, most: int) -> int:
    """How many deliveries could be claimed now; no more than `most` are counted."""
    counting = select(func.count()).select_from(_ready().limit(bindparam("most")).subquery())
    return session.scalar(counting, {"now": now, "most": most}) or 0


def ready_since(session: Session, now: datetime) -> datetime | None:
    """When the delivery that could be claimed first became due; None: nothing waits for a sender."""
    first = select(Delivery.due_at).where(Delivery.id.in_(_ready().order_by(Delivery.due_at).limit(1)))
    return session.scalar(first, {"now": now})


def _longest_due(asked_for: bool) -> Select[int]:
    """What is ready, or of it what a person waits for. Literal, so that its index is used."""
    ready = _ready().where(Delivery.by == literal_column(f"'{ASKED_FOR}'")) if asked_for else _ready()
    some = ready.order_by(Delivery.due_at, Delivery.id).limit(bindparam("most"))
    return some.with_for_update(of=Delivery, skip_locked=True)


def _ready() -> Select[int]:
    return (
        select(Delivery.id)
        .join(Course, Course.id == Delivery.course_id)
        .where(
            is_in(State.READY),
            Delivery.due_at <= bindparam("now", type_=UtcDateTime()),
            or_(Course.paused_at.is_(None), Delivery.kind == "confirmation"),
            or_(Delivery.kind != "issue", is_going_out()),
            ~is_held(),
        )
    )


def is_going_out() -> ColumnElement[bool]:
    """Of an issue's delivery: nobody has paused or cancelled the issue."""
    going = (IssueState.SENDING, IssueState.SENT)
    # However deep it stands in a statement, it is about that one's delivery, and not about any.
    return exists().where(Issue.lesson_id == Delivery.lesson_id, Issue.state.in_(going)).correlate(Delivery)


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


def give_back(database: Database, claims: Collection[Claim], again: datetime | None = None) -> None:
    """Give claims of one batch back untried, to be ready again then; None: at once, in their order."""
    if not claims:
        return
    untried = (Delivery.id.in_([one.delivery_id for one in claims]), is_in(State.CLAIMED))
    with database.write() as session:
        session.execute(
            update(Delivery)
            .where(*untried, Delivery.fence == next(iter(claims)).fence)
            .values(
                state=State.READY,
                due_at=again or Delivery.due_at,
                fence=None,
                lease_until=None,
                attempts=Delivery.attempts - 1,
            )
            .execution_options(synchronize_session=False)
        )


def hold_back(session: Session, waits: Mapping[Claim, datetime | None]) -> None:
    """Give claims back for which there is no room, each until its moment; None: as due as it was.

    What this claim was the first to freeze is forgotten: a mail that waits for tomorrow is dated tomorrow.
    """
    if waits:
        rows = [
            {"held": one.delivery_id, "our_fence": one.fence, "until": until, "claimed_at": one.until - LEASE}
            for one, until in waits.items()
        ]
        session.connection().execute(_holding_back(), rows)


@cache
def _holding_back() -> Update:
    moment = UtcDateTime()
    is_first = Delivery.first_attempt_at == bindparam("claimed_at", type_=moment)
    return (
        update(Delivery)
        .where(
            Delivery.id == bindparam("held"),
            Delivery.fence == bindparam("our_fence"),
            Delivery.state == State.CLAIMED,
        )
        .values(
            state=State.READY,
            due_at=func.coalesce(bindparam("until", type_=moment), Delivery.due_at),
            fence=None,
            lease_until=None,
            attempts=Delivery.attempts - 1,
            facts=case((is_first, null()), else_=Delivery.facts),
            dated_at=case((is_first, null()), else_=Delivery.dated_at),
            first_attempt_at=case((is_first, null()), else_=Delivery.first_attempt_at),
        )
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
