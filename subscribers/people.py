"""People as we know them: found by their folded address, created once, their details checked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from courseletter.upserting import insert
from courseletter.zones import MINUTES_A_DAY, zone_named
from subscribers.models import Subscriber
from subscribers.names import check_name, fold


@dataclass(frozen=True, slots=True)
class Details:
    """What a person says of themselves. None and "" mean: not said, the course's own applies."""

    first_name: str = ""
    zone: str | None = None
    minute: int | None = None  # time of day, in minutes from midnight
    weekdays: tuple[int, ...] | None = None  # Monday is 0


NOTHING_SAID = Details()


def find(session: Session, address: str) -> Subscriber | None:
    return session.scalar(select(Subscriber).where(Subscriber.address_key == fold(address)))


def find_or_create(
    session: Session, address: str, details: Details, now: datetime
) -> tuple[Subscriber, bool]:
    """Return the subscriber with this address, and whether they are new; only a new one gets `details`."""
    row: dict[str, Any] = {
        "email": address,
        "address_key": fold(address),
        "first_name": details.first_name,
        "last_name": "",
        "fields": {},
        "zone": details.zone,
        "minute": details.minute,
        "weekdays": None if details.weekdays is None else list(details.weekdays),
        "daily_cap": 3,
        "created_at": now,
    }
    adding = insert(session, Subscriber).values(row).on_conflict_do_nothing(index_elements=["address_key"])
    created = session.scalar(adding.returning(Subscriber.id)) is not None
    theirs = select(Subscriber).where(Subscriber.address_key == fold(address))
    # PostgreSQL checks no foreign key of what is about to be written of them: they are to stay meanwhile.
    return session.scalars(theirs.with_for_update(read=True, key_share=True)).one(), created


def check_details(details: Details) -> Details:
    """Return the details with the name trimmed; the first that cannot be used raises InvalidInput."""
    if details.zone is not None:
        zone_named(details.zone)
    if details.minute is not None and not 0 <= details.minute < MINUTES_A_DAY:
        raise InvalidInput("No day has this hour. Choose one from the list.", field="minute")
    if details.weekdays is not None and not (details.weekdays and set(details.weekdays) <= set(range(7))):
        raise InvalidInput("No week has this day. Choose one from the list.", field="weekdays")
    return Details(check_name(details.first_name), details.zone, details.minute, details.weekdays)
