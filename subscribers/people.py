"""People as we know them: found by their folded address, created once, their details checked."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from courseletter.upserting import insert
from courseletter.zones import zone_named
from subscribers.addresses import check_header_text
from subscribers.models import Subscriber

NAME_LENGTH = 100  # characters
MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Details:
    """What a person says of themselves. None and "" mean: not said, the course's own applies."""

    first_name: str = ""
    zone: str | None = None
    minute: int | None = None  # time of day, in minutes from midnight
    weekdays: tuple[int, ...] | None = None  # Monday is 0


NOTHING_SAID = Details()


def fold(address: str) -> str:
    """Return the form in which addresses are compared: one spelling for all cases and Unicode forms."""
    return unicodedata.normalize("NFKC", address).casefold()


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
    return session.scalars(select(Subscriber).where(Subscriber.address_key == fold(address))).one(), created


def check_name(text: str, field: str = "first_name") -> str:
    """Return a name that may stand in a header and on a page, else InvalidInput naming `field`."""
    name = text.strip(" ")
    if name.isprintable() and "=?" not in name and len(name) <= NAME_LENGTH:
        return name  # nearly all of them: none of what follows can be wrong
    check_header_text(name, field)
    if any(unicodedata.category(one) == "Cc" for one in name):
        raise InvalidInput("The name has a control character in it. Type it again.", field=field)
    if len(name) > NAME_LENGTH:
        raise InvalidInput(f"The name is longer than {NAME_LENGTH} characters. Shorten it.", field=field)
    return name


def check_details(details: Details) -> Details:
    """Return the details with the name trimmed; the first that cannot be used raises InvalidInput."""
    if details.zone is not None:
        zone_named(details.zone)
    if details.minute is not None and not 0 <= details.minute < MINUTES_A_DAY:
        raise InvalidInput("No day has this hour. Choose one from the list.", field="minute")
    if details.weekdays is not None and not (details.weekdays and set(details.weekdays) <= set(range(7))):
        raise InvalidInput("No week has this day. Choose one from the list.", field="weekdays")
    return Details(check_name(details.first_name), details.zone, details.minute, details.weekdays)
