"""Erasing people: what is left is a row without a name, for the counts, and a keyed hash of the address.

The hash keeps an import, or anybody here, from entering the address again (REQUIREMENTS 18). What the sender
knows of a person is erased with sender/erasing.py, which calls this.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from courseletter.upserting import insert
from subscribers.acts.models import ActedOn
from subscribers.addresses import ERASED
from subscribers.importing.models import Import, ImportedPerson, ImportProblem
from subscribers.models import (
    Change,
    ConsentEntry,
    Membership,
    Release,
    Subscriber,
    SubscriberTag,
    Suppression,
    SuppressionReason,
)
from subscribers.names import fold
from subscribers.suppression import address_hash, suppression_of

_NOBODIES_ADDRESS = literal("erased-") + cast(Subscriber.id, String) + literal(ERASED)
_NOBODY: dict[str, Any] = {
    "email": _NOBODIES_ADDRESS,
    "address_key": _NOBODIES_ADDRESS,
    **dict.fromkeys(("first_name", "last_name"), ""),
    "fields": {},
    **dict.fromkeys(("language", "zone", "minute", "weekdays")),
}
_AT_ONCE = 50  # addresses looked for in one statement


def erase_subscribers(session: Session, key: bytes, people: Sequence[Subscriber], now: datetime) -> None:
    """Forget who they are, for good. The caller holds the rows, and has stopped what was on its way."""
    if not people:
        return
    hashes = [address_hash(key, one.email) for one in people]
    _keep_away(session, hashes, now)
    forgotten = update(Release).where(Release.address_hash.in_(hashes))
    session.execute(forgotten.values(email=None, why=""))
    ids = [one.id for one in people]
    theirs = update(Subscriber).where(Subscriber.id.in_(ids))
    session.execute(theirs.values(erased_at=now))  # the ledger lets go of erased people alone
    for table in (ConsentEntry, Membership, SubscriberTag, Change, ActedOn):
        session.execute(delete(table).where(table.subscriber_id.in_(ids)))
    _forget_imports(session, ids, [one.email.lower() for one in people])
    session.execute(theirs.values(_NOBODY))
    for one in people:
        session.expire(one)


def is_erased(session: Session, key: bytes, address: str) -> bool:
    """Whether somebody with this address was erased on their wish."""
    found = suppression_of(session, key, address)
    return found is not None and found.reason == SuppressionReason.ERASED


def check_not_erased(session: Session, key: bytes, address: str) -> None:
    """Raise InvalidInput for an address whose owner was erased: nobody enters it again."""
    if is_erased(session, key, address):
        raise InvalidInput(
            f"{fold(address)} was erased on its owner's wish and is not entered again.", field="email"
        )


def _forget_imports(session: Session, ids: Sequence[int], addresses: Sequence[str]) -> None:
    """What imports wrote down of them: how they were before, and rows that were not taken."""
    imports = select(Import.id)  # each named: the key begins with it
    session.execute(
        delete(ImportedPerson).where(
            ImportedPerson.import_id.in_(imports), ImportedPerson.subscriber_id.in_(ids)
        )
    )
    rows = func.lower(cast(ImportProblem.cells, String))
    for start in range(0, len(addresses), _AT_ONCE):
        named = [rows.contains(one, autoescape=True) for one in addresses[start : start + _AT_ONCE]]
        session.execute(delete(ImportProblem).where(or_(*named)))


def _keep_away(session: Session, hashes: Sequence[str], now: datetime) -> None:
    """Whatever kept these addresses from mail before."""
    said = {"email": None, "address_key": None, "reason": SuppressionReason.ERASED, "at": now, "note": ""}
    adding = insert(session, Suppression)
    adding = adding.on_conflict_do_update(index_elements=["address_hash"], set_=said)
    session.execute(adding, [{"address_hash": one, **said} for one in hashes])
