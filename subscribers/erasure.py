"""Erasing one person: what is left is a row without a name, for the counts, and a keyed hash of the address.

The hash keeps an import, or anybody here, from entering the address again (REQUIREMENTS 18). What the sender
knows of a person is erased with sender/erasing.py, which calls this.
"""

from datetime import datetime

from sqlalchemy import String, cast, delete, func, select, update
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from subscribers.acts.models import ActedOn
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
from subscribers.people import fold
from subscribers.suppression import address_hash, suppress, suppression_of

ERASED = "@erased.invalid"  # .invalid never resolves (RFC 2606)
_NOBODY = "erased-{}" + ERASED


def erase_subscriber(session: Session, key: bytes, subscriber: Subscriber, now: datetime) -> None:
    """Forget who this is, for good. The caller holds the row, and has stopped what was on its way."""
    _keep_away(session, key, subscriber.email, now)
    forgotten = update(Release).where(Release.address_hash == address_hash(key, subscriber.email))
    session.execute(forgotten.values(email=None, why=""))
    subscriber.erased_at = now
    session.flush()  # the ledger lets go of erased people alone
    for table in (ConsentEntry, Membership, SubscriberTag, Change, ActedOn):
        session.execute(delete(table).where(table.subscriber_id == subscriber.id))
    _forget_imports(session, subscriber)
    subscriber.email = subscriber.address_key = _NOBODY.format(subscriber.id)
    subscriber.first_name = subscriber.last_name = ""
    subscriber.fields = {}
    subscriber.language = subscriber.zone = subscriber.minute = subscriber.weekdays = None
    session.flush()
    session.expire(subscriber, ["memberships"])


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


def _forget_imports(session: Session, subscriber: Subscriber) -> None:
    """What imports wrote down of them: how they were before, and rows that were not taken."""
    imports = select(Import.id)  # each named: the key begins with it
    session.execute(
        delete(ImportedPerson).where(
            ImportedPerson.import_id.in_(imports), ImportedPerson.subscriber_id == subscriber.id
        )
    )
    rows = func.lower(cast(ImportProblem.cells, String))
    session.execute(delete(ImportProblem).where(rows.contains(subscriber.email.lower(), autoescape=True)))


def _keep_away(session: Session, key: bytes, address: str, now: datetime) -> None:
    suppress(session, key, address, SuppressionReason.ERASED, now)
    session.execute(
        update(Suppression)
        .where(Suppression.address_hash == address_hash(key, address))
        .values(email=None, address_key=None, reason=SuppressionReason.ERASED, at=now, note="")
    )
