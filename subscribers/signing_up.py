"""A stranger's sign-up: checked, counted, written down. What they see never tells what we knew before.

The form asks, the mail confirms: only a press in the mailbox makes `grant` take over what was typed.
"""

import json
from calendar import day_name
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from subscribers import consent, quotas
from subscribers.addresses import check_address
from subscribers.consent import Evidence
from subscribers.models import ConsentAct, ConsentEntry, MailingList, Subscriber
from subscribers.people import NOTHING_SAID, Details, check_details, find_or_create
from subscribers.suppression import address_hash, is_suppressed


@dataclass(frozen=True, slots=True)
class SignUpForm:
    """The form as it was typed."""

    email: str
    details: Details = NOTHING_SAID


@dataclass(frozen=True, slots=True)
class SignUp:
    """What came of it: whether a confirmation mail may go, and to whom. Not for the page to tell."""

    subscriber: Subscriber | None
    confirm: bool


NOTHING = SignUp(None, confirm=False)


def check(form: SignUpForm) -> list[InvalidInput]:
    """Return all that is wrong with the form, a field at most once."""
    problems = []
    for checking in (lambda: check_details(form.details), lambda: _checked_address(form.email)):
        try:
            checking()
        except InvalidInput as problem:
            problems.append(problem)
    return problems


def sign_up(
    session: Session,
    mailing_list: MailingList,
    form: SignUpForm,
    evidence: Evidence,
    now: datetime,
    key: bytes,
) -> SignUp:
    """Write a sign-up down if its address may be written to; InvalidInput names the field that is wrong.

    Nobody who exists is changed by it: what was typed waits in the ledger until the mailbox confirms it. Who
    may not be written to costs the same work, thrown away: else the time of the answer would tell.
    """
    address, details = _checked_address(form.email), check_details(form.details)
    if not quotas.take_sign_up(session, evidence.ip, now):
        return NOTHING
    suppressed = is_suppressed(session, key, address)
    allowed = quotas.take_confirmation(session, address_hash(key, address), now) and not suppressed
    writing = session.begin_nested()
    subscriber, _ = find_or_create(session, address, details, now)
    consent.request(session, mailing_list, subscriber, evidence, now, note=_to_note(details))
    if not allowed:
        writing.rollback()
        return NOTHING
    writing.commit()
    return SignUp(subscriber, confirm=True)


def grant(session: Session, mailing_list: MailingList, subscriber: Subscriber, key: bytes) -> Details:
    """Take over what the confirmed request said, and return it.

    Somebody who never confirmed before has nothing of their own that it could overwrite: what stands in
    their row was typed by whoever asked first. Anybody else only has gaps filled.
    """
    quotas.answered(session, address_hash(key, subscriber.email))
    asked = consent.last_request(session, mailing_list, subscriber)
    details = _from_note(asked.note) if asked else NOTHING_SAID
    first = _confirmations(session, subscriber) <= 1
    if details.first_name and (first or not subscriber.first_name):
        subscriber.first_name = details.first_name
    if details.zone and (first or subscriber.zone is None):
        subscriber.zone = details.zone
    if first and asked:
        subscriber.minute = details.minute
        subscriber.weekdays = None if details.weekdays is None else list(details.weekdays)
    return details


def _checked_address(text: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidInput("Type the address the lessons shall go to.", field="email")
    if "@" in text and "." not in text.rpartition("@")[2]:
        raise InvalidInput("The end is missing, such as “.com”.", field="email")
    return str(check_address(text))


def _confirmations(session: Session, subscriber: Subscriber) -> int:
    granted = [ConsentAct.CONFIRMED, ConsentAct.ADDED]
    lines = select(ConsentEntry.id).where(
        ConsentEntry.subscriber_id == subscriber.id, ConsentEntry.act.in_(granted)
    )
    return len(session.scalars(lines.limit(2)).all())


def _to_note(details: Details) -> str:
    said = {
        "first_name": details.first_name,
        "zone": details.zone,
        "minute": details.minute,
        "weekdays": details.weekdays,
    }
    return json.dumps({name: value for name, value in said.items() if value not in ("", None)})


def _from_note(note: str) -> Details:
    said = json.loads(note or "{}")
    weekdays = said.get("weekdays")
    return Details(
        said.get("first_name", ""),
        said.get("zone"),
        said.get("minute"),
        None if weekdays is None else tuple(weekdays),
    )


def in_words(note: str) -> str:
    """A ledger's note for people to read: what was typed on the form; any other note as it is."""
    try:
        said = _from_note(note)
        hour = "" if said.minute is None else f"{said.minute // 60}:{said.minute % 60:02}"
        days = [day_name[day] for day in said.weekdays or ()]
        return ", ".join(filter(None, [said.first_name, said.zone, *days, hour]))
    except (ValueError, TypeError, AttributeError):
        return note  # somebody's own words
