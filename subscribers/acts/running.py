"""Carrying an act out, a chunk a transaction, and undoing it likewise.

Whatever ends the process, what was committed stays, and whoever goes on begins after it. A fence keeps two
processes from carrying out one act at once; a person may stop it between two chunks.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from courseletter.clock import Clock
from courseletter.database import Database
from courseletter.errors import InvalidInput, NotFound
from subscribers.acts.doing import Doing, Kind
from subscribers.acts.models import ActedOn, ActState, BulkAct
from subscribers.models import Subscriber

LEASE: Final = timedelta(minutes=2)  # after which an act whose process says nothing may be gone on with
UNDONE_FOR: Final = timedelta(days=30)
DONE: Final = "done"
UNDONE: Final = "undone"
BUSY: Final = (ActState.RUNNING, ActState.UNDOING)

Selection = Mapping[str, Any]  # what the caller of `begin` says of who is meant
Meant = Callable[[Session, Selection, datetime], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What acts are carried out on. `meant` makes a condition on Subscriber of a selection."""

    database: Database
    kinds: Mapping[str, Kind]
    meant: Meant
    clock: Clock
    key: bytes


def begin(
    session: Session,
    kind: Kind,
    argument: dict[str, Any],
    selection: Selection,
    wanted: ColumnElement[bool],
    chosen: str,
    by: str,
    now: datetime,
) -> BulkAct:
    """Write an act down, to be carried out on everybody whom `wanted` means now. Raises InvalidInput."""
    row = _written(session, kind.key, argument, wanted, chosen, by, now)
    row.selection, row.state = dict(selection), ActState.RUNNING
    session.flush()
    return row


def note(
    session: Session,
    kind: str,
    argument: dict[str, Any],
    wanted: ColumnElement[bool],
    chosen: str,
    by: str,
    now: datetime,
) -> None:
    """Write down an act that is done already and changes nobody: an export. Raises InvalidInput."""
    row = _written(session, kind, argument, wanted, chosen, by, now)
    row.seen, row.counts, row.finished_at = row.people, {DONE: row.people}, now


def _written(
    session: Session,
    kind: str,
    argument: dict[str, Any],
    wanted: ColumnElement[bool],
    chosen: str,
    by: str,
    now: datetime,
) -> BulkAct:
    counting = select(func.count(Subscriber.id), func.max(Subscriber.id)).where(wanted)
    people, last = session.execute(counting).one()
    if not people:
        raise InvalidInput("Nobody is chosen. Tick people, or everybody who matches.", field="id")
    row = BulkAct(
        kind=kind,
        argument=argument,
        selection=None,
        chosen=chosen,
        by=by,
        state=ActState.DONE,
        people=people,
        last=last,
        created_at=now,
        touched_at=now,
    )
    session.add(row)
    return row


def find(session: Session, act_id: int) -> BulkAct:
    row = session.get(BulkAct, act_id)
    if row is None:
        raise NotFound(f"There is no act {act_id}.")
    return row


def stop(row: BulkAct, now: datetime) -> None:
    """Let an act, or its undoing, end after the chunk that is under way. What was done stays so."""
    if row.state in BUSY:
        row.state, row.fence, row.selection, row.finished_at = ActState.STOPPED, "", None, now


def want_undo(session: Session, kinds: Mapping[str, Kind], row: BulkAct, by: str, now: datetime) -> None:
    """Let an act be undone. Raises InvalidInput where that cannot be."""
    if not may_be_undone(kinds, row, now):
        raise InvalidInput("This cannot be undone, or it has been already. Reload the page.")
    row.state, row.fence, row.cursor, row.seen, row.undone_by = ActState.UNDOING, "", 0, 0, by
    row.touched_at = now
    session.flush()


def may_be_undone(kinds: Mapping[str, Kind], row: BulkAct, now: datetime) -> bool:
    ended = row.state in (ActState.DONE, ActState.STOPPED)
    lately = row.finished_at is not None and row.finished_at > now - UNDONE_FOR
    kind = kinds.get(row.kind)  # an export has none: nothing was changed
    return bool(ended and lately and kind and kind.undo and row.counts.get(DONE))


def abandoned(session: Session, now: datetime) -> Sequence[int]:
    """Acts that are wanted, or whose process has said nothing for the time of a lease."""
    waits = (BulkAct.fence == "") | (BulkAct.touched_at < now - LEASE)
    return session.scalars(
        select(BulkAct.id).where(BulkAct.state.in_(BUSY), waits).order_by(BulkAct.id)
    ).all()


def carry_out(ground: Ground, act_id: int) -> None:
    """Go on with an act, or its undoing, from where it stands to its end."""
    fence = secrets.token_hex(16)
    with ground.database.write() as session:
        row = find(session, act_id)
        if row.state not in BUSY:
            return
        row.fence, row.touched_at = fence, ground.clock.now()
    while _next_chunk(ground, act_id, fence):
        pass


def _next_chunk(ground: Ground, act_id: int, fence: str) -> bool:
    """False: that was the last, or the act is not ours any more."""
    with ground.database.write() as session:
        mine = select(BulkAct).where(BulkAct.id == act_id, BulkAct.fence == fence, BulkAct.state.in_(BUSY))
        row = session.scalar(mine.with_for_update())
        if row is None:
            return False
        row.touched_at = ground.clock.now()
        doing = Doing(session, row, row.touched_at, ground.key)
        act = _undo_some if row.state == ActState.UNDOING else _do_some
        return act(doing, ground.kinds[row.kind], ground.meant)


def _do_some(doing: Doing, kind: Kind, meant: Meant) -> bool:
    session, row = doing.session, doing.act
    wanted = meant(session, row.selection or {}, row.created_at)
    people = select(Subscriber.id).where(wanted, Subscriber.id > row.cursor, Subscriber.id <= row.last)
    ids = session.scalars(people.order_by(Subscriber.id).limit(kind.chunk)).all()
    if not ids:
        row.state, row.selection, row.finished_at = ActState.DONE, None, doing.now
        return False
    outcome = kind.do(doing, ids)
    if outcome.changed and kind.undo:
        rows = [
            {"act_id": row.id, "subscriber_id": one, "before": before}
            for one, before in outcome.changed.items()
        ]
        session.execute(insert(ActedOn), rows)
    row.cursor, row.seen = ids[-1], row.seen + len(ids)
    row.counts = dict(Counter(row.counts) + outcome.left_out + Counter({DONE: len(outcome.changed)}))
    return True


def _undo_some(doing: Doing, kind: Kind, _meant: Meant) -> bool:
    session, row = doing.session, doing.act
    acted = select(ActedOn).where(ActedOn.act_id == row.id, ActedOn.subscriber_id > row.cursor)
    chunk = session.scalars(acted.order_by(ActedOn.subscriber_id).limit(kind.chunk)).all()
    if not chunk or kind.undo is None:
        row.state = ActState.UNDONE
        return False
    back = kind.undo(doing, {one.subscriber_id: one.before for one in chunk})
    row.cursor, row.seen = chunk[-1].subscriber_id, row.seen + len(chunk)
    row.counts = dict(Counter(row.counts) + Counter({UNDONE: back}))
    return True
