"""What each cell of a row says of its person.

A cell that only spoils a detail leaves that detail out; one that might hide a person's no spoils the row.
Values are as the database takes them, since a million of them are handed on: moments as text in UTC, lists as
JSON.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from courseletter.errors import InvalidInput
from courseletter.zones import zone_named
from subscribers import tags as tag_rules
from subscribers.importing import values
from subscribers.importing.mapping import FIELD, FIELD_NAME, POSITION, Status, field_name
from subscribers.importing.tables import cell_text
from subscribers.importing.values import Order, Unreadable
from subscribers.models import ConsentAct, MemberStatus, SuppressionReason
from subscribers.people import MINUTES_A_DAY, check_name

LONGEST_VALUE: Final = 10_000  # characters of one custom field
LONGEST_LANGUAGE: Final = 35
MOST_TAGS: Final = 200
SHORT: Final = 200  # characters of what is shown of a row
IP: Final = 45
STRICTNESS: Final = {status: place for place, status in enumerate(Status)}  # they are declared in this order


def stamp(moment: datetime) -> str:
    """A moment in UTC as both databases take it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond:06d}"


_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")  # how a custom field keeps one


class Member(NamedTuple):
    """Where the person stands on one list."""

    list_slug: str
    status: str
    changed_at: str | None  # None: now


class Line(NamedTuple):
    """One line for the consent ledger."""

    list_slug: str | None  # None: everything
    act: str
    at: str | None
    wording: str = ""
    wording_hash: str = ""
    source_url: str = ""
    ip: str = ""
    user_agent: str = ""
    note: str = ""


class Withheld(NamedTuple):
    """Why the address is to be on the suppression list."""

    reason: str
    at: str | None
    note: str


class Entry:
    """A person as one row of the file has them. None and "" mean: not entry."""

    line: int
    email: str
    key: str
    hash: str
    first_name: str = ""
    last_name: str = ""
    language: str | None = None
    zone: str | None = None
    minute: int | None = None
    weekdays: str | None = None
    daily_cap: int | None = None
    no_tracking: bool = False
    fields: dict[str, Any] | None = None
    created_at: str | None = None
    members: Sequence[Member] | None = None
    ledger: Sequence[Line] = ()
    tags: Sequence[tuple[str, str | None]] = ()
    withheld: Withheld | None = None
    places: Sequence[tuple[str, str]] = ()  # (course, where in it)
    left_out: Sequence[str] = ()  # which columns of it could not be read
    says_no: bool = False  # unsubscribed, bounced, or called it spam

    # What another program says, from which members, ledger and withheld follow.
    status: Status | None = None
    optin_at: str | None = None
    optin_ip: str = ""
    confirmed_at: str | None = None
    confirmed_ip: str = ""
    unsubscribed_at: str | None = None


class Cells:
    """Reads the cells of one table's rows, and gathers the kinds of the custom fields that it meets."""

    def __init__(self, statuses: Mapping[str, Status], order: Order | None, kinds: dict[str, str]) -> None:
        self._statuses = statuses
        self._order = order
        self._kinds = kinds

    def names(self, entry: Entry, name: str, cell: str) -> None:
        setattr(entry, name, _name(cell, name))

    def full_name(self, entry: Entry, _: str, cell: str) -> None:
        first, _, last = _name(cell, "full_name").partition(" ")
        entry.first_name, entry.last_name = entry.first_name or first, entry.last_name or last.strip()

    def language(self, entry: Entry, _: str, cell: str) -> None:
        tag = cell.strip().replace("_", "-")
        if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) and len(tag) <= LONGEST_LANGUAGE:
            entry.language = tag
        else:
            entry.left_out = (*entry.left_out, "language")

    def zone(self, entry: Entry, _: str, cell: str) -> None:
        try:
            entry.zone = _zone(cell)
        except InvalidInput:
            entry.left_out = (*entry.left_out, "zone")

    def status(self, entry: Entry, _: str, cell: str) -> None:
        word = " ".join(cell.casefold().split())
        found = self._statuses.get(word)
        if found is None:
            raise InvalidInput(
                f"nobody knows what “{cell[:40]}” means, and it may be a no. Known are: "
                f"{', '.join(filter(None, self._statuses))}.",
                field="status",
            )
        if entry.status is None or STRICTNESS[found] > STRICTNESS[entry.status]:
            entry.status = found

    def tag_names(self, entry: Entry, _: str, cell: str) -> None:
        if cell.startswith("{"):  # with their moments, as our own export has them
            found = _object(cell, "tags").items()
            entry.tags = [(tag_rules.check_name(tag), _moment(at, "tags")) for tag, at in found]
        else:
            entry.tags = (*entry.tags, *_tag_names(cell)) if entry.tags else _tag_names(cell)

    def at(self, entry: Entry, name: str, cell: str) -> None:
        try:
            setattr(entry, name, _stamped(cell, self._order))
        except Unreadable:
            entry.left_out = (*entry.left_out, name)

    def ip(self, entry: Entry, name: str, cell: str) -> None:
        setattr(entry, name, cell.strip()[:IP])

    def custom(self, entry: Entry, name: str, cell: str) -> None:
        name, _, kind = name.partition(":")
        try:
            value = values.KINDS[kind or "text"](cell, self._order)
        except Unreadable:
            entry.left_out = (*entry.left_out, name)
            return
        self._keep_field(entry, name, kind or "text", value)

    def attributes(self, entry: Entry, name: str, cell: str) -> None:
        try:
            found = values.json_object(cell)
        except Unreadable as error:
            raise InvalidInput(f"this is {error}.", field=name) from None
        for heading, value in found.items():
            if isinstance(value, dict | list):
                value = cell_text(value)  # one level is what merge fields can say
            if value is not None:
                self._keep_field(entry, _own_name(heading), _kind(value), value)

    def _keep_field(self, entry: Entry, name: str, kind: str, value: Any) -> None:
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            raise InvalidInput(f"the text is longer than {LONGEST_VALUE:,} characters.", field=name)
        if isinstance(value, str) and not _is_storable(value):
            raise InvalidInput("there is a character in it that is not valid Unicode, or a NUL.", field=name)
        entry.fields = {**(entry.fields or {}), name: value}
        self._kinds.setdefault(name, kind)

    def position(self, entry: Entry, course: str, cell: str) -> None:
        entry.places = (*entry.places, (course, json.dumps({"lesson": cell.strip()[:SHORT]})))

    def own_number(self, entry: Entry, name: str, cell: str) -> None:
        least, most = (0, MINUTES_A_DAY - 1) if name == "minute" else (1, 1000)
        if not (cell.isascii() and cell.isdigit() and len(cell) < 6 and least <= int(cell) <= most):
            raise InvalidInput(f"this is no number from {least} to {most}.", field=name)
        setattr(entry, name, int(cell))

    def no_tracking(self, entry: Entry, name: str, cell: str) -> None:
        try:
            entry.no_tracking = values.flag(cell)
        except Unreadable as error:
            raise InvalidInput(f"this is {error}.", field=name) from None

    def weekdays(self, entry: Entry, name: str, cell: str) -> None:
        found = _json(cell, name)
        if not (isinstance(found, list) and found and all(one in range(7) for one in found)):
            raise InvalidInput("these are no weekdays; Monday is 0.", field=name)
        entry.weekdays = json.dumps(found)

    def lists(self, entry: Entry, name: str, cell: str) -> None:
        members = []
        for slug, one in _object(cell, name).items():
            status, since = (one.get("status"), one.get("since")) if isinstance(one, dict) else (one, None)
            if status not in set(MemberStatus):
                raise InvalidInput(f"nobody knows the status “{str(status)[:40]}”.", field=name)
            members.append(Member(str(slug)[:80], str(status), _moment(since, name)))
        entry.members = tuple(members)

    def consent(self, entry: Entry, name: str, cell: str) -> None:
        found = _json(cell, name)
        if not isinstance(found, list):
            raise InvalidInput("this is no list of acts.", field=name)
        entry.ledger = tuple(_line(one, name) for one in found)

    def suppressed(self, entry: Entry, name: str, cell: str) -> None:
        found = _object(cell, name)
        if found.get("reason") not in set(SuppressionReason):
            raise InvalidInput("nobody knows this reason.", field=name)
        entry.withheld = Withheld(
            str(found["reason"]), _moment(found.get("at"), name), str(found.get("note", ""))
        )

    def courses(self, entry: Entry, name: str, cell: str) -> None:
        entry.places = [(str(slug), json.dumps(one)) for slug, one in _object(cell, name).items()]


Reads = Callable[[Cells, Entry, str, str], None]

PARTS: Final[Mapping[str, Reads]] = {
    "first_name": Cells.names,
    "last_name": Cells.names,
    "full_name": Cells.full_name,
    "language": Cells.language,
    "zone": Cells.zone,
    "status": Cells.status,
    "tags": Cells.tag_names,
    "created_at": Cells.at,
    "optin_at": Cells.at,
    "optin_ip": Cells.ip,
    "confirmed_at": Cells.at,
    "confirmed_ip": Cells.ip,
    "unsubscribed_at": Cells.at,
    "attributes": Cells.attributes,
    "minute": Cells.own_number,
    "weekdays": Cells.weekdays,
    "daily_cap": Cells.own_number,
    "no_tracking": Cells.no_tracking,
    "lists": Cells.lists,
    "consent": Cells.consent,
    "suppressed": Cells.suppressed,
    "courses": Cells.courses,
    FIELD: Cells.custom,
    POSITION: Cells.position,
}


def part_of(target: str) -> tuple[Reads, str]:
    """What reads a column with this target, and the name it reads for."""
    kind, _, rest = target.partition(":")
    return PARTS[kind], rest or kind


# Many people share a name, a moment, a zone: each is read once.
@lru_cache(maxsize=16_384)
def _name(cell: str, name: str) -> str:
    return check_name(cell, name)


@lru_cache(maxsize=16_384)
def _stamped(cell: str, order: Order | None) -> str:
    return stamp(values.moment(cell, order))


@lru_cache(maxsize=1024)
def _zone(cell: str) -> str:
    return zone_named(cell).key


@lru_cache(maxsize=4096)
def _tag_names(cell: str) -> tuple[tuple[str, None], ...]:
    names = (one.replace(tag_rules.SEPARATOR, " ") for one in values.tags(cell))
    return tuple((one, None) for one in dict.fromkeys(map(tag_rules.check_name, names)))[:MOST_TAGS]


@lru_cache(maxsize=4096)
def _own_name(heading: str) -> str:
    """A name from somebody's JSON as one that merge fields can say."""
    return heading if FIELD_NAME.fullmatch(heading) else field_name(heading)


def _is_storable(text: str) -> bool:
    return "\0" not in text and text.encode("utf-8", "replace").decode() == text


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, str) and _DAY.fullmatch(value):
        return "date"
    return "number" if isinstance(value, int | float) else "text"


def _json(cell: str, name: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise InvalidInput("this is no JSON.", field=name) from None


def _object(cell: str, name: str) -> dict[str, Any]:
    found = _json(cell, name)
    if not isinstance(found, dict):
        raise InvalidInput("this is no JSON object.", field=name)
    return found


def _moment(text: Any, name: str) -> str | None:
    if text in (None, ""):
        return None
    try:
        return stamp(values.moment(str(text)))
    except Unreadable as error:
        raise InvalidInput(f"“{str(text)[:40]}” is {error}.", field=name) from None


def _line(found: Any, name: str) -> Line:
    """One act of the ledger, as our own export has it."""
    if not isinstance(found, dict) or found.get("act") not in set(ConsentAct):
        raise InvalidInput("one of these is no act of consent.", field=name)
    texts = {key: found.get(key, "") for key in ("wording", "source_url", "ip", "user_agent", "note")}
    if not all(isinstance(one, str) and _is_storable(one) for one in texts.values()):
        raise InvalidInput("an act of consent has something else than text in it.", field=name)
    wording = texts["wording"]
    digest = hashlib.sha256(wording.encode()).hexdigest() if wording else ""
    slug = found.get("list")
    return Line(
        None if slug is None else str(slug)[:80],
        str(found["act"]),
        _moment(found.get("at"), name),
        wording,
        digest,
        texts["source_url"],
        texts["ip"][:IP],
        texts["user_agent"],
        texts["note"],
    )
