"""Who must never be mailed, whatever any list, import or form says. Asked before every message is queued.

Only a keyed hash finds a row, so that it still works when the address itself has been erased.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from courseletter.keyed_hash import keyed_hash
from courseletter.upserting import insert
from subscribers.models import Change, Subscriber, Suppression, SuppressionReason
from subscribers.people import fold

SUPPRESSION = "suppression"  # as changes by hand call it
_MISTAKABLE = (SuppressionReason.BOUNCED, SuppressionReason.MANUAL)
_LONGEST = 500  # characters of a reason


def address_hash(key: bytes, address: str) -> str:
    """Return the keyed hash an address is known by: HMAC-SHA-256 over its folded form, in hex."""
    return keyed_hash(key, fold(address).encode()).hex()


def suppress(
    session: Session, key: bytes, address: str, reason: SuppressionReason, now: datetime, note: str = ""
) -> bool:
    """Put an address on the list. False: it was there already, and its first reason stays."""
    row = {
        "address_hash": address_hash(key, address),
        "email": address,
        "reason": reason,
        "at": now,
        "note": note,
    }
    adding = insert(session, Suppression).values(row).on_conflict_do_nothing(index_elements=["address_hash"])
    return session.scalar(adding.returning(Suppression.id)) is not None


def is_suppressed(session: Session, key: bytes, address: str) -> bool:
    return suppression_of(session, key, address) is not None


def suppression_of(session: Session, key: bytes, address: str) -> Suppression | None:
    """The row that keeps an address from being mailed, and why; None where there is none."""
    return session.scalar(select(Suppression).where(Suppression.address_hash == address_hash(key, address)))


def lift_own(session: Session, key: bytes, address: str) -> bool:
    """Take back a person's own "leave everything", on their own wish; no other reason is ever lifted here."""
    lifted = session.scalar(
        delete(Suppression)
        .where(
            Suppression.address_hash == address_hash(key, address),
            Suppression.reason == SuppressionReason.UNSUBSCRIBED,
        )
        .returning(Suppression.id)
    )
    return lifted is not None


def release(session: Session, key: bytes, address: str, why: str, by: str, now: datetime) -> None:
    """Take an address off the list, once, because somebody here knows better; `why` is kept with their name.

    Raises InvalidInput for who said no themselves, or was erased: nobody here can know better than they do.
    And for an address that was released before: what put it back was no mistake.
    """
    why, found = why.strip(), suppression_of(session, key, address)
    if found is None:
        raise InvalidInput(f"{address} is not on the suppression list.", field="email")
    if found.reason not in _MISTAKABLE:
        raise InvalidInput(
            f"{address} is there because they said so themselves ({found.reason}). Only they can take it "
            "back.",
            field="email",
        )
    if not why:
        raise InvalidInput("Say why it may be written to again; it is kept.", field="why")
    person = session.scalar(select(Subscriber).where(Subscriber.address_key == fold(address)))
    if person is not None:
        released = (Change.subscriber_id == person.id, Change.what == SUPPRESSION)
        if session.scalar(select(Change.id).where(*released)) is not None:
            raise InvalidInput(f"{address} was released before, and is back. It stays.", field="email")
        told = f"released: {why[:_LONGEST]}"
        change = Change(
            subscriber_id=person.id, at=now, by=by, what=SUPPRESSION, before=found.reason, after=told
        )
        session.add(change)
    session.delete(found)
    session.flush()
