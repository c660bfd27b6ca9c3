"""Who must never be mailed, whatever any list, import or form says. Asked before every message is queued.

Only a keyed hash finds a row, so that it still works when the address itself has been erased.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from courseletter.keyed_hash import keyed_hash
from courseletter.upserting import insert
from subscribers.models import Change, Release, Subscriber, Suppression, SuppressionReason
from subscribers.names import fold
from subscribers.searching import begins_so

SUPPRESSION = "suppression"  # as changes by hand call it
MISTAKABLE = (SuppressionReason.BOUNCED, SuppressionReason.MANUAL)
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
        "address_key": fold(address),
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
        raise InvalidInput(
            f"{address} is not on the suppression list, so nothing is to be released.", field="email"
        )
    if found.reason not in MISTAKABLE:
        raise InvalidInput(
            f"{address} is there because they said so themselves ({found.reason}). Only they can take it "
            "back.",
            field="email",
        )
    if not why:
        raise InvalidInput("Say why it may be written to again; it is kept.", field="why")
    person = session.scalar(select(Subscriber).where(Subscriber.address_key == fold(address)))
    if _was_released(session, found, person):
        raise InvalidInput(f"{address} was released before, and is back. It stays.", field="email")
    why = why[:_LONGEST]
    told = {"address_hash": found.address_hash, "email": found.email, "reason": found.reason}
    session.add(Release(**told, since=found.at, at=now, by=by, why=why))
    if person is not None:
        change = {"what": SUPPRESSION, "before": found.reason, "after": f"released: {why}"}
        session.add(Change(subscriber_id=person.id, at=now, by=by, **change))
    session.delete(found)
    session.flush()


def _was_released(session: Session, found: Suppression, person: Subscriber | None) -> bool:
    """Whether this address was let go once; before releases were kept, a person's changes told of it."""
    if session.scalar(select(Release.id).where(Release.address_hash == found.address_hash)) is not None:
        return True
    theirs = (Change.subscriber_id == (person.id if person else None), Change.what == SUPPRESSION)
    return session.scalar(select(Change.id).where(*theirs).limit(1)) is not None


def listed(
    session: Session, key: bytes, text: str, reason: str, most: int, before: int | None = None
) -> Sequence[Suppression]:
    """The newest of those whose address begins so, with ids below `before`.

    A whole address is found by its hash, too: whoever was erased stands here without one.
    """
    wanted = select(Suppression).order_by(Suppression.id.desc()).limit(most)
    if reason:
        wanted = wanted.where(Suppression.reason == reason)
    if before is not None:
        wanted = wanted.where(Suppression.id < before)
    if text:
        begins = begins_so(session, Suppression.address_key, fold(text))
        whole = Suppression.address_hash == address_hash(key, text)
        wanted = wanted.where(or_(begins, whole))
    return session.scalars(wanted).all()


def releases(session: Session, most: int) -> Sequence[Release]:
    """Who was let go, by whom and why; the newest."""
    return session.scalars(select(Release).order_by(Release.id.desc()).limit(most)).all()
