"""Taking an import back: who came by it goes, who was changed by it is as before; nobody's own doing is
undone.

Whoever was mailed, enrolled, or changed anything since stays, and is counted. It is done as an import is, a
chunk a transaction, with a fence: nothing is remembered any more of who is done, so whoever goes on meets the
others.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from courseletter.bulk import for_these_values, one_of
from courseletter.clock import Clock
from courseletter.database import Database
from courseletter.errors import InvalidInput
from subscribers.acts.models import ActedOn, BulkAct
from subscribers.importing import pictures
from subscribers.importing.fields_since import ACTS, FieldsSince
from subscribers.importing.models import Import, ImportedPerson, ImportState
from subscribers.importing.running import Progress, Watch, find, mark
from subscribers.models import (
    Change,
    ConsentAct,
    ConsentEntry,
    Membership,
    Subscriber,
    SubscriberTag,
    Suppression,
)

CHUNK: Final = 2_000
TAKEN_BACK: Final = "taken_back"
RESTORED: Final = "restored"
KEPT: Final = "kept"  # they did something since, or something was done with them
_LOST: Final = "lost "  # and a field: people of whom its value could not be restored

Detach = Callable[[Session, Collection[int]], set[int]]


class _Span(NamedTuple):
    """When the import was there: what came later was done since."""

    began: datetime
    ended: datetime


def want(session: Session, import_id: int, now: datetime) -> Import:
    """Let a whole import be taken back. Raises InvalidInput where there is nothing to take back."""
    row = session.get_one(Import, import_id, with_for_update=True)  # a chunk on its way in comes first
    if row.state == ImportState.TAKING_BACK:
        return row
    if row.state not in (ImportState.DONE, ImportState.RUNNING):
        raise InvalidInput(f"Import {import_id} is {row.state}. There is nothing to take back.")
    row.finished_at = row.finished_at or row.touched_at
    row.state, row.fence = ImportState.TAKING_BACK, ""  # whoever carries it out stops at their next chunk
    row.percent, row.touched_at, row.why = 0, now, ""
    session.flush()
    return row


def take_back(
    database: Database,
    import_id: int,
    clock: Clock,
    detach: Detach = lambda _session, _ids: set(),
    watch: Watch = lambda _: None,
) -> Import:
    """Take an import back; where it stopped, it is gone on with by calling it again.

    `detach` takes people out of what the layers above know of them, and returns those who have to stay.
    """
    fence = secrets.token_hex(16)
    with database.write() as session:
        row = want(session, import_id, clock.now())
        row.fence, span = fence, _Span(row.created_at, row.finished_at or row.touched_at)
        _release(session, import_id)
        counts = Counter({name: many for name, many in row.counts.items() if name != KEPT})
        here = ImportedPerson.import_id == import_id
        left = session.scalar(select(func.count()).select_from(ImportedPerson).where(here)) or 0
    seen = counts[TAKEN_BACK] + counts[RESTORED]
    people, after = seen + left, 0
    while True:
        with database.write(durable=False) as session:  # what a crash loses of it is done again
            for_these_values(session)
            now = clock.now()
            chunk = session.execute(_next(import_id, after)).all()
            if not chunk:
                done = {"state": ImportState.TAKEN_BACK, "percent": 100, "counts": dict(counts)}
                mark(session, import_id, fence, touched_at=now, **done)
                break
            befores: dict[int, Any] = dict(chunk)
            counts += _take_some_back(session, import_id, befores, span, detach, now)
            seen, after = seen + len(chunk), chunk[-1].subscriber_id
            percent = min(99, 100 * seen // max(people, seen))
            mark(session, import_id, fence, touched_at=now, percent=percent, counts=dict(counts))
        watch(Progress(percent, seen, counts))
    with database.read() as session:
        return find(session, import_id)


def lost(counts: Mapping[str, int]) -> dict[str, int]:
    """Fields whose values could not be restored, and of how many people."""
    found = sorted(name for name in counts if name.startswith(_LOST))
    return {name.removeprefix(_LOST): counts[name] for name in found}


def _next(import_id: int, after: int) -> Any:
    return (
        select(ImportedPerson.subscriber_id, ImportedPerson.before)
        .where(ImportedPerson.import_id == import_id, ImportedPerson.subscriber_id > after)
        .order_by(ImportedPerson.subscriber_id)
        .limit(CHUNK)
    )


def _take_some_back(
    session: Session,
    import_id: int,
    befores: Mapping[int, Any],
    span: _Span,
    detach: Detach,
    now: datetime,
) -> Counter[str]:
    ids = list(befores)
    _hold(session, ids)
    busy = _acted_since(session, import_id, ids, span)
    brought = [one for one in ids if befores[one] is None and one not in busy]
    gone = _remove(session, import_id, brought, detach, now)
    changed = {one: befores[one] for one in ids if befores[one] is not None and one not in busy}
    restored, counts = _restore(session, changed, import_id, span, now)
    done = [*gone, *restored]
    session.execute(
        delete(ImportedPerson).where(
            ImportedPerson.import_id == import_id, one_of(session, ImportedPerson.subscriber_id, done)
        )
    )
    return counts + Counter({TAKEN_BACK: len(gone), RESTORED: len(restored), KEPT: len(ids) - len(done)})


def _hold(session: Session, ids: Sequence[int]) -> None:
    """Let nobody act on these people until the transaction ends, nor sign up as one of them."""
    held = select(Subscriber.id).where(one_of(session, Subscriber.id, ids)).order_by(Subscriber.id)
    session.execute(held.with_for_update())


def _release(session: Session, import_id: int) -> None:
    """Take back the suppressions that the file brought; none that was there before, or came since."""
    ours = Suppression.note.startswith(f"import {import_id} from ")
    session.execute(delete(Suppression).where(ours))


def _acted_since(session: Session, import_id: int, ids: Sequence[int], span: _Span) -> set[int]:
    """Those who agreed or left since the import, or were changed by somebody here.

    What was taken back is as before, and a field is theirs whatever it is called (fields_since.py).
    """
    acted = select(ConsentEntry.subscriber_id).where(
        one_of(session, ConsentEntry.subscriber_id, ids),
        ConsentEntry.at > span.ended,
        ConsentEntry.act != ConsentAct.TAKEN_BACK,
        ConsentEntry.source_url.not_like(f"import {import_id} from %"),  # a file may date it in the future
    )
    by_hand = select(Change.subscriber_id).where(
        one_of(session, Change.subscriber_id, ids), Change.at >= span.began
    )
    in_bulk = (
        select(ActedOn.subscriber_id)
        .join(BulkAct, BulkAct.id == ActedOn.act_id)
        .where(
            one_of(session, ActedOn.subscriber_id, ids),
            BulkAct.touched_at >= span.began,
            BulkAct.kind.not_in(ACTS),
        )
    )
    return {*session.scalars(acted), *session.scalars(by_hand), *session.scalars(in_bulk)}


def _remove(session: Session, import_id: int, ids: Sequence[int], detach: Detach, now: datetime) -> set[int]:
    """Delete people who came by the import, with all that it said of them; not whom a later one changed."""
    later = select(Import.id).where(Import.id > import_id)
    changed = select(ImportedPerson.subscriber_id).where(
        ImportedPerson.import_id.in_(later), one_of(session, ImportedPerson.subscriber_id, ids)
    )
    going = set(ids) - set(session.scalars(changed))
    going -= detach(session, going)
    # The ledger lets go of erased people alone; these are.
    session.execute(update(Subscriber).where(one_of(session, Subscriber.id, going)).values(erased_at=now))
    for table in (SubscriberTag, Membership, ConsentEntry):
        session.execute(delete(table).where(one_of(session, table.subscriber_id, going)))
    session.execute(delete(Subscriber).where(one_of(session, Subscriber.id, going)))
    return going


def _restore(
    session: Session, changed: Mapping[int, Any], import_id: int, span: _Span, now: datetime
) -> tuple[list[int], Counter[str]]:
    """Make people what they were before, where they still are what the import made of them.

    Returns who that was, and how many values of which fields are lost.
    """
    if not changed:
        return [], Counter()
    present, fields = pictures.pictures(session, list(changed)), FieldsSince(session, span.began)
    changes: dict[int, pictures.Change] = {}
    missing: Counter[str] = Counter()
    for one, kept in changed.items():
        if one not in present:  # they are gone
            continue
        there = present[one]["fields"]
        had, lacking = fields.read(kept["before"]["fields"], there)
        made, _ = fields.read(kept["after"]["fields"], there)
        if present[one] == {**kept["after"], "fields": made}:
            changes[one] = {**kept["before"], "fields": had}, present[one]
            missing.update(f"{_LOST}{name}" for name in lacking)
    pictures.put_back(session, changes, import_id, now)
    return list(changes), missing
