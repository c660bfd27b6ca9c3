"""Adding one person by hand, whose consent somebody vouches for; all that is wrong is told at once."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from courseletter.zones import zone_named
from subscribers import consent
from subscribers.acts.joining import HOW_THEY_AGREED, list_in, note_in
from subscribers.addresses import check_address
from subscribers.consent import Evidence
from subscribers.editing import Refused
from subscribers.erasure import check_not_erased
from subscribers.models import Change, Subscriber
from subscribers.names import check_name
from subscribers.people import Details, find, find_or_create
from subscribers.suppression import suppression_of

ADDED: Final = "added"  # as changes by hand call it


def add(
    session: Session, key: bytes, typed: Mapping[str, str], by: str, now: datetime, source: str
) -> Subscriber:
    """Enter a person, on the list that is named, if any. Raises Refused, which names each field.

    Nobody is mailed by it. Who left the list before has to come back by themselves.
    """
    wants_list = bool(typed.get("list"))
    checks: dict[str, Callable[[], Any]] = {
        "email": lambda: _address(session, key, typed.get("email", "")),
        "first_name": lambda: check_name(typed.get("first_name", "")),
        "last_name": lambda: check_name(typed.get("last_name", ""), "last_name"),
        "zone": lambda: zone_named(typed["zone"]).key if typed.get("zone") else None,
        "list": lambda: list_in(session, typed) if wants_list else None,
        "note": lambda: note_in(typed, HOW_THEY_AGREED if wants_list else ""),
    }
    values, problems = {}, {}
    for name, check in checks.items():
        try:
            values[name] = check()
        except InvalidInput as error:
            problems[name] = str(error)
    if problems:
        raise Refused(problems)
    details = Details(values["first_name"], values["zone"])
    person, fresh = find_or_create(session, values["email"], details, now)
    if not fresh:
        raise Refused({"email": "Somebody has just come with this address. Look for them in the list."})
    person.last_name = values["last_name"]
    session.add(Change(subscriber_id=person.id, at=now, by=by, what=ADDED, before="", after=person.email))
    if values["list"] is not None:
        evidence = Evidence(source_url=source, wording=values["note"])
        consent.add(session, values["list"], person, evidence, now, f"{by}: {values['note']}")
    session.flush()
    return person


def _address(session: Session, key: bytes, text: str) -> str:
    address = str(check_address(text))
    check_not_erased(session, key, address)
    there = find(session, address)
    if there is not None:
        raise InvalidInput(f"They are here already, with number {there.id}.", field="email")
    held = suppression_of(session, key, address)
    if held is not None:
        raise InvalidInput(
            f"This address is on the suppression list ({held.reason}), so nothing would reach them.",
            field="email",
        )
    return address
