"""Taking an import back: who came by it goes, who was changed by it is as before; nobody's own doing is
undone.

Whoever was mailed, enrolled, or changed anything since stays, and is counted.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from courseletter.clock import Clock
from courseletter.database import Database
from courseletter.errors import InvalidInput
from courseletter.upserting import insert
from subscribers.acts.models import ActedOn
from subscribers.importing.models import Import, ImportedPerson, ImportState
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

_DETAILS: Final = (
    "first_name",
    "last_name",
    "language",
    "zone",
    "minute",
    "weekdays",
    "daily_cap",
    "fields",
    "no_tracking",
)

Picture = dict[str, Any]  # of a person: details, memberships by list, tags
Detach = Callable[[Session, Collection[int]], set[int]]


@contextmanager
def remembering(session: Session, import_id: int, ids: Sequence[int]) -> Iterator[None]:
    """Keep what these people were before the block, and what they are after it."""
    before = pictures(session, ids)
    yield
    after = pictures(session, ids)
    rows = [
        {"import_id": import_id, "subscriber_id": one, "before": {"before": before[one], "after": after[one]}}
        for one in ids
    ]
    if rows:
        session.execute(insert(session, ImportedPerson).on_conflict_do_nothing(), rows)


def pictures(session: Session, ids: Sequence[int]) -> dict[int, Picture]:
    """What an import may change of these people."""
    details = select(Subscriber.id, *(getattr(Subscriber, name) for name in _DETAILS)).where(
        Subscriber.id.in_(ids)
    )
    found = {
        row[0]: {**dict(zip(_DETAILS, row[1:], strict=True)), "lists": {}, "tags": []}
        for row in session.execute(details)
    }
    members = select(Membership).where(Membership.subscriber_id.in_(ids))
    for one in session.scalars(members.execution_options(populate_existing=True)):
        found[one.subscriber_id]["lists"][str(one.list_id)] = [one.status, one.changed_at.isoformat()]
    marks = select(SubscriberTag.subscriber_id, SubscriberTag.tag_id).where(
        SubscriberTag.subscriber_id.in_(ids)
    )
    for subscriber, tag in session.execute(marks.order_by(SubscriberTag.tag_id)):
        found[subscriber]["tags"].append(tag)
    return found


def take_back(
    database: Database,
    import_id: int,
    clock: Clock,
    detach: Detach = lambda _session, _ids: set(),
    watch: Callable[[Counter[str]], None] = lambda _: None,
) -> Counter[str]:
    """Take an import back, a chunk a transaction; where it stops, it is gone on with by calling it again.

    `detach` takes people out of what the layers above know of them, and returns those who have to stay.
    """
    counts: Counter[str] = Counter()
    with database.write() as session:
        row = session.get_one(Import, import_id, with_for_update=True)  # a chunk on its way in comes first
        if row.state not in (ImportState.DONE, ImportState.RUNNING, ImportState.TAKING_BACK):
            raise InvalidInput(f"Import {import_id} is {row.state}. There is nothing to take back.")
        row.state, row.fence = ImportState.TAKING_BACK, ""  # whoever carries it out stops at their next chunk
        ended = row.finished_at or row.touched_at
        _release(session, import_id)
    after = 0
    while True:
        with database.write() as session:
            now = clock.now()
            chunk = session.scalars(_next(import_id, after)).all()
            if not chunk:
                row = session.get_one(Import, import_id)
                row.state, row.touched_at = ImportState.TAKEN_BACK, now
                row.counts = {**row.counts, **{name: counts[name] for name in (TAKEN_BACK, RESTORED, KEPT)}}
                return counts
            after = chunk[-1].subscriber_id
            ids = [one.subscriber_id for one in chunk]
            _hold(session, ids)
            busy = _acted_since(session, ids, ended)
            brought = [one.subscriber_id for one in chunk if one.before is None]
            gone = _remove(session, import_id, [one for one in brought if one not in busy], detach, now)
            changed = [one for one in chunk if one.before is not None and one.subscriber_id not in busy]
            restored = _restore(session, changed, import_id, now)
            counts += Counter({TAKEN_BACK: gone, RESTORED: restored, KEPT: len(chunk) - gone - restored})
        watch(counts)


def _next(import_id: int, after: int) -> Select[Any]:
    return (
        select(ImportedPerson)
        .where(ImportedPerson.import_id == import_id, ImportedPerson.subscriber_id > after)
        .order_by(ImportedPerson.subscriber_id)
        .limit(CHUNK)
    )


def _hold(session: Session, ids: Sequence[int]) -> None:
    """Let nobody act on these people until the transaction ends, nor sign up as one of them."""
    held = select(Subscriber.id).where(Subscriber.id.in_(ids)).order_by(Subscriber.id)
    session.execute(held.with_for_update())


def _release(session: Session, import_id: int) -> None:
    """Take back the suppressions that the file brought; none that was there before, or came since."""
    ours = Suppression.note.startswith(f"import {import_id} from ")
    session.execute(delete(Suppression).where(ours))


def _acted_since(session: Session, ids: Sequence[int], ended: datetime) -> set[int]:
    """Those who agreed or left since the import, or were changed by somebody here."""
    acted = select(ConsentEntry.subscriber_id).where(
        ConsentEntry.subscriber_id.in_(ids), ConsentEntry.at > ended
    )
    by_hand = select(Change.subscriber_id).where(Change.subscriber_id.in_(ids))
    in_bulk = select(ActedOn.subscriber_id).where(ActedOn.subscriber_id.in_(ids))
    return {*session.scalars(acted), *session.scalars(by_hand), *session.scalars(in_bulk)}


def _remove(session: Session, import_id: int, ids: Sequence[int], detach: Detach, now: datetime) -> int:
    """Delete people who came by the import, with all that it said of them; not whom a later one changed."""
    later = select(Import.id).where(Import.id > import_id)
    changed = select(ImportedPerson.subscriber_id).where(
        ImportedPerson.import_id.in_(later), ImportedPerson.subscriber_id.in_(ids)
    )
    going = set(ids) - set(session.scalars(changed))
    going -= detach(session, going)
    # The ledger lets go of erased people alone; these are.
    session.execute(update(Subscriber).where(Subscriber.id.in_(going)).values(erased_at=now))
    for table in (SubscriberTag, Membership, ConsentEntry):
        session.execute(delete(table).where(table.subscriber_id.in_(going)))
    session.execute(delete(Subscriber).where(Subscriber.id.in_(going)))
    return len(going)


def _restore(session: Session, changed: Sequence[ImportedPerson], import_id: int, now: datetime) -> int:
    """Make people what they were before, where they still are what the import made of them."""
    present = pictures(session, [one.subscriber_id for one in changed])
    restored = 0
    for one in changed:
        before, after = (one.before or {})["before"], (one.before or {})["after"]
        if present.get(one.subscriber_id) != after:
            continue
        restored += 1
        _restore_one(session, one.subscriber_id, before, after, import_id, now)
    return restored


def _restore_one(
    session: Session, subscriber_id: int, before: Picture, after: Picture, import_id: int, now: datetime
) -> None:
    person = session.get_one(Subscriber, subscriber_id)
    for name in _DETAILS:
        setattr(person, name, before[name])
    fresh = set(after["tags"]) - set(before["tags"])
    of_person = SubscriberTag.subscriber_id == subscriber_id
    session.execute(delete(SubscriberTag).where(of_person, SubscriberTag.tag_id.in_(fresh)))
    for list_id, stood in after["lists"].items():
        was = before["lists"].get(list_id)
        if was == stood:
            continue
        member = session.get_one(Membership, (int(list_id), subscriber_id))
        if was is None:
            session.delete(member)
        else:
            member.status, member.changed_at = was[0], datetime.fromisoformat(was[1])
        session.add(
            ConsentEntry(
                subscriber_id=subscriber_id,
                list_id=int(list_id),
                act=ConsentAct.TAKEN_BACK,
                at=now,
                email=person.email,
                source_url=f"import {import_id}",
                note=f"{stood[0]} by import {import_id}, which was taken back",
            )
        )
