"""Editing one person by hand: everything that is wrong is told at once, and each change is written down."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from courseletter.zones import zone_named
from subscribers import custom_fields, tags
from subscribers.addresses import check_address
from subscribers.erasure import check_not_erased
from subscribers.importing.values import KINDS, Unreadable
from subscribers.models import Change, Subscriber, SuppressionReason
from subscribers.names import SEPARATOR, check_name, check_tag, fold
from subscribers.people import find
from subscribers.suppression import suppress, suppression_of

FIELD: Final = "field-"  # before a custom field's name, in a form
LONGEST: Final = 2_000  # characters of a field's text
MOST_TAGS: Final = 100
MOST_A_DAY: Final = 1000  # messages to one person, as an import may set it
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, as far as we use it
_LONGEST_LANGUAGE: Final = 35

Typed = Mapping[str, str]


class Refused(InvalidInput):
    """Several fields of a form are wrong. `problems` names each with what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = problems
        first = next(iter(problems))
        super().__init__(problems[first], field=first)


def as_typed(session: Session, person: Subscriber) -> dict[str, str]:
    """A person as the form has them before anything is changed."""
    kinds = custom_fields.kinds(session)
    fields = {FIELD + name: custom_fields.shown(person.fields.get(name)) for name in kinds}
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "zone": person.zone or "",
        "language": person.language or "",
        "daily_cap": str(person.daily_cap),
        "tags": ", ".join(tags.of(session, person)),
        **fields,
    }


def edit(
    session: Session, key: bytes, person: Subscriber, typed: Typed, by: str, now: datetime
) -> dict[str, tuple[str, str]]:
    """Make a person what was typed; returns what changed, from what to what. Raises Refused.

    What the form does not have stays as it is. An address that is kept from all mail does not come free by
    being changed.
    """
    before = as_typed(session, person)
    wanted = {name: value for name, value in typed.items() if name in before}
    values = _checked(session, key, person, wanted)
    for name, value in values.items():
        if name == "tags":
            _retag(session, person, value, now)
        elif name.startswith(FIELD):
            _set_field(person, name.removeprefix(FIELD), value)
        elif name == "email":
            _move(session, key, person, value, now)
        else:
            setattr(person, name, value)
    try:
        session.flush()
    except IntegrityError:  # somebody signed up with it in this very moment
        raise Refused({"email": "Somebody has just come with this address. Open the list again."}) from None
    after = as_typed(session, person)
    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    for name, (was, is_) in changed.items():
        what = name.removeprefix(FIELD)
        session.add(Change(subscriber_id=person.id, at=now, by=by, what=what, before=was, after=is_))
    session.flush()
    return changed


def _checked(session: Session, key: bytes, person: Subscriber, wanted: Typed) -> dict[str, Any]:
    kinds = custom_fields.kinds(session)
    checks: dict[str, Callable[[str], Any]] = {
        "first_name": lambda text: check_name(text, "first_name"),
        "last_name": lambda text: check_name(text, "last_name"),
        "email": lambda text: _address(session, key, person, text),
        "zone": lambda text: zone_named(text).key if text else None,
        "language": _language,
        "daily_cap": _daily_cap,
        "tags": _tags,
    }
    values, problems = {}, {}
    for name, text in wanted.items():
        try:
            if name in checks:
                values[name] = checks[name](text)
            else:
                values[name] = _value(kinds[name.removeprefix(FIELD)], text)
        except InvalidInput as error:
            problems[name] = str(error)
    if problems:
        raise Refused(problems)
    return values


def _address(session: Session, key: bytes, person: Subscriber, text: str) -> str:
    address = str(check_address(text))
    if fold(address) == person.address_key:
        return address  # another spelling of the same
    check_not_erased(session, key, address)
    other = find(session, address)
    if other is not None:
        name = f"{other.first_name} {other.last_name}".strip()
        raise InvalidInput(
            f"Somebody else has this address: {name or other.email}, number {other.id}. Open them instead, "
            "or give them another address first.",
            field="email",
        )
    if suppression_of(session, key, address) is not None:
        raise InvalidInput(
            "This address is on the suppression list, so nothing would reach them. Take another one.",
            field="email",
        )
    return address


def _move(session: Session, key: bytes, person: Subscriber, address: str, now: datetime) -> None:
    """Give a person another address. What keeps them from mail comes along, but for a mailbox that failed."""
    if fold(address) != person.address_key:
        held = suppression_of(session, key, person.email)
        if held is not None and held.reason != SuppressionReason.BOUNCED:
            note = f"moved here with the person; {held.note}" if held.note else "moved here with the person"
            suppress(session, key, address, SuppressionReason(held.reason), now, note)
    person.email, person.address_key = address, fold(address)


def _language(text: str) -> str | None:
    tag = text.strip().replace("_", "-")
    if not tag:
        return None
    if not _LANGUAGE.fullmatch(tag) or len(tag) > _LONGEST_LANGUAGE:
        raise InvalidInput("This is no language’s tag. Write it like en, de or pt-BR.", field="language")
    return tag


def _daily_cap(text: str) -> int:
    typed = text.strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 4 and 1 <= int(typed) <= MOST_A_DAY):
        raise InvalidInput(f"Write a number from 1 to {MOST_A_DAY:,}.", field="daily_cap")
    return int(typed)


def _tags(text: str) -> list[str]:
    names = [check_tag(one) for one in text.split(SEPARATOR) if one.strip()]
    if len(names) > MOST_TAGS:
        raise InvalidInput(f"A person has at most {MOST_TAGS} tags. Take some off.", field="tags")
    return names


def _value(kind: str, text: str) -> Any:
    text = text.strip()
    if not text:
        return None
    if len(text) > LONGEST:
        raise InvalidInput(f"This is longer than {LONGEST} characters. Shorten it.")
    if "\0" in text:
        raise InvalidInput("There is a character in it that cannot be kept. Type it again.")
    try:
        return KINDS[kind](text, None)
    except Unreadable as error:
        raise InvalidInput(f"“{text[:40]}” is {error}.") from None


def _retag(session: Session, person: Subscriber, names: list[str], now: datetime) -> None:
    had, wanted = {fold(one): one for one in tags.of(session, person)}, {fold(one): one for one in names}
    for key in wanted.keys() - had.keys():
        tags.add(session, person, wanted[key], now)
    for key in had.keys() - wanted.keys():
        tags.remove(session, person, had[key])


def _set_field(person: Subscriber, name: str, value: Any) -> None:
    others = {one: kept for one, kept in person.fields.items() if one != name}
    person.fields = others if value is None else {**others, name: value}
