"""What an act is made of: what it does to a chunk of people, and what takes that back."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers.acts.models import BulkAct
from subscribers.consent import BY_ACT
from subscribers.models import ConsentEntry, Subscriber, Suppression
from subscribers.suppression import address_hash

CHUNK: Final = 2_000  # people a transaction
ALREADY: Final = "already"  # it was so before
SUPPRESSED: Final = "suppressed"
LEFT_BEFORE: Final = "left before"  # they said no, and no act of ours brings them back
NOT_CONFIRMED: Final = "not confirmed"
NOT_WAITING: Final = "not waiting"  # for an answer of theirs

Before = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Doing:
    """One chunk of an act, in its transaction. `key` is that of the suppression list."""

    session: Session
    act: BulkAct
    now: datetime
    key: bytes

    @property
    def origin(self) -> str:
        """What the ledger names as the source of a line."""
        return f"{BY_ACT}{self.act.id}"

    def argument(self, name: str) -> str:
        return str(self.act.argument.get(name, ""))


@dataclass(slots=True)
class Outcome:
    """Who was changed, each with what it takes to undo it; how many were not, and why."""

    changed: dict[int, Before] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of act. `check` reads its argument from a form, and raises InvalidInput that names the field.

    `undo` returns how many people it changed back; None where nothing brings back what was.
    """

    key: str
    do: Callable[[Doing, Sequence[int]], Outcome]
    undo: Callable[[Doing, Mapping[int, Before]], int] | None
    check: Callable[[Session, Mapping[str, str]], dict[str, Any]]
    chunk: int = CHUNK


def addresses(session: Session, ids: Collection[int]) -> dict[int, str]:
    rows = session.execute(select(Subscriber.id, Subscriber.email).where(Subscriber.id.in_(ids)))
    return dict(rows.all())


def suppressed_of(session: Session, key: bytes, emails: Mapping[int, str]) -> set[int]:
    """Those of these people whose address is on the suppression list."""
    hashes = {address_hash(key, email): one for one, email in emails.items()}
    found = session.scalars(select(Suppression.address_hash).where(Suppression.address_hash.in_(hashes)))
    return {hashes[one] for one in found}


def newest_lines(session: Session, ids: Collection[int]) -> dict[int, int]:
    """The number of each person's last line in the consent ledger; 0: they have none."""
    rows = session.execute(
        select(ConsentEntry.subscriber_id, func.max(ConsentEntry.id))
        .where(ConsentEntry.subscriber_id.in_(ids))
        .group_by(ConsentEntry.subscriber_id)
    )
    return {**dict.fromkeys(ids, 0), **dict(rows.all())}


def untouched(session: Session, rows: Mapping[int, Before]) -> dict[int, Before]:
    """Those whose ledger ends where the act left it: they have said nothing since."""
    lines = newest_lines(session, list(rows))
    return {one: before for one, before in rows.items() if lines[one] == before["line"]}
