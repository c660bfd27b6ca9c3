"""What a cell says of its person: one function for each kind of column, from its text to a value.

Unreadable leaves a detail of the person out; InvalidInput spoils the row, since it might hide a person's no.
Values are as the database takes them, since a million of them are handed on: moments as text in UTC, lists as
JSON.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from courseletter.errors import InvalidInput
from courseletter.zones import MINUTES_A_DAY, zone_named
from subscribers.importing import values
from subscribers.importing.mapping import FIELD, FIELD_NAME, POSITION, Status, field_name
from subscribers.importing.tables import cell_text
from subscribers.importing.values import Order, Unreadable, is_storable
from subscribers.names import SEPARATOR, check_name, check_tag, fold
from subscribers.standing import ConsentAct, MemberStatus, SuppressionReason

LONGEST_VALUE: Final = 10_000  # characters of one custom field
LONGEST_LANGUAGE: Final = 35
LONGEST_SLUG: Final = 80
MOST_TAGS: Final = 200
SHORT: Final = 200  # characters of what is shown of a row
IP: Final = 45
REMEMBERED: Final = 16_384  # different cells of a column
STRICTNESS: Final = {status: place for place, status in enumerate(Status)}  # they are declared in this order

EMPTY_COUNTS: Final = object()

_NOT_STORABLE: Final = "there is a character in it that is not valid Unicode, or a NUL."
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")  # how a custom field keeps one
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def stamp(moment: datetime) -> str:
    """A moment in UTC as both databases take it."""
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


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


Tags = tuple[tuple[str, str, str | None], ...]  # name, as it is compared, since when; None: now
Places = tuple[tuple[str, str], ...]  # (course, where in it as JSON)
Reads = Callable[[str], Any]


class Cells(NamedTuple):
    """How a column is read: what its values are to the person, and what a cell says, or raises."""

    name: str
    read: Reads
    empty: Any = None  # what an empty cell says; EMPTY_COUNTS: it is read, too
    field: str = ""  # of a custom field: its name and kind
    kind: str = ""


def cells_of(target: str, statuses: Mapping[str, Status], order: Order | None) -> Cells:
    """How a column with this target (mapping.py) is read."""
    kind, _, rest = target.partition(":")
    if kind == FIELD:
        name, _, of = rest.partition(":")
        of = of or "text"
        return Cells("fields", partial(_field, name, values.KINDS[of], order), None, name, of)
    if kind == POSITION:
        return Cells("places", partial(_position, rest), ())
    if kind == "status":
        return Cells("status", _remembered(partial(_status, statuses)), EMPTY_COUNTS)
    if kind.endswith("_at"):
        return Cells(kind, _remembered(partial(_stamped, order)))
    return _READS[kind]


def _remembered(read: Reads) -> Reads:
    """Many people share a name, a moment, a zone: each is read once."""
    return lru_cache(maxsize=REMEMBERED)(read)


def _stamped(order: Order | None, cell: str) -> str:
    return stamp(values.moment(cell, order))


def _zone(cell: str) -> str:
    try:
        return zone_named(cell).key
    except InvalidInput:
        raise Unreadable("no zone that we know") from None


def _language(cell: str) -> str:
    tag = cell.strip().replace("_", "-")
    if not _LANGUAGE.fullmatch(tag) or len(tag) > LONGEST_LANGUAGE:
        raise Unreadable("no language")
    return tag


def _status(statuses: Mapping[str, Status], cell: str) -> Status:
    found = statuses.get(" ".join(cell.casefold().split()))
    if found is None:
        raise InvalidInput(
            f"nobody knows what “{cell[:40]}” means, and it may be a no. Known are: "
            f"{', '.join(filter(None, statuses))}.",
            field="status",
        )
    return found


def _tags(cell: str) -> Tags:
    if cell.startswith("{"):  # with their moments, as our own export has them
        found = _object("tags", cell).items()
        return tuple(tag(name, _moment("tags", at)) for name, at in found)
    names = (one.replace(SEPARATOR, " ") for one in values.tags(cell))
    return tuple(map(tag, dict.fromkeys(map(check_tag, names))))[:MOST_TAGS]


def tag(name: str, since: str | None = None) -> tuple[str, str, str | None]:
    name = check_tag(name)
    return name, fold(name), since


def _ip(cell: str) -> str:
    if not is_storable(cell):
        raise Unreadable("no address of a machine")
    return cell.strip()[:IP]


def _field(
    name: str, read: Callable[[str, Order | None], Any], order: Order | None, cell: str
) -> dict[str, Any]:
    return {name: _kept(name, read(cell, order))}


def _attributes(cell: str) -> dict[str, Any]:
    try:
        found = values.json_object(cell)
    except Unreadable as error:
        raise InvalidInput(f"this is {error}.", field="attributes") from None
    kept = {}
    for heading, value in found.items():
        if isinstance(value, dict | list):
            value = cell_text(value)  # one level is what merge fields can say
        if value is not None:
            name = _own_name(heading)
            kept[name] = _kept(name, value)
    return kept


def _kept(name: str, value: Any) -> Any:
    """A custom field's value that can be kept. Raises InvalidInput."""
    if isinstance(value, str):
        if len(value) > LONGEST_VALUE:
            raise InvalidInput(f"the text is longer than {LONGEST_VALUE:,} characters.", field=name)
        if not is_storable(value):
            raise InvalidInput(_NOT_STORABLE, field=name)
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput("this is no number.", field=name)
    return value


def kind_of(value: Any) -> str:
    """The kind of a custom field by a value that it has."""
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, str) and _DAY.fullmatch(value):
        return "date"
    return "number" if isinstance(value, int | float) else "text"


def _position(course: str, cell: str) -> Places:
    return ((course, json.dumps({"lesson": cell.strip()[:SHORT]})),)


def _number(name: str, least: int, most: int, cell: str) -> int:
    if not (cell.isascii() and cell.isdigit() and len(cell) < 6 and least <= int(cell) <= most):
        raise InvalidInput(f"this is no number from {least} to {most}.", field=name)
    return int(cell)


def _no_tracking(cell: str) -> bool:
    try:
        return values.flag(cell)
    except Unreadable as error:
        raise InvalidInput(f"this is {error}.", field="no_tracking") from None


def _weekdays(cell: str) -> str:
    found = _json("weekdays", cell)
    if not (isinstance(found, list) and found and all(one in range(7) for one in found)):
        raise InvalidInput("these are no weekdays; Monday is 0.", field="weekdays")
    return json.dumps(found)


def _lists(cell: str) -> tuple[Member, ...]:
    members = []
    for slug, one in _object("lists", cell).items():
        status, since = (one.get("status"), one.get("since")) if isinstance(one, dict) else (one, None)
        status = str(status)
        if status not in set(MemberStatus):
            raise InvalidInput(f"nobody knows the status “{status[:40]}”.", field="lists")
        members.append(Member(_slug("lists", slug), status, _moment("lists", since)))
    return tuple(members)


def _consent(cell: str) -> tuple[Line, ...]:
    found = _json("consent", cell)
    if not isinstance(found, list):
        raise InvalidInput("this is no list of acts.", field="consent")
    return tuple(map(_line, found))


def _line(found: Any) -> Line:
    """One act of the ledger, as our own export has it."""
    if not isinstance(found, dict) or str(found.get("act")) not in set(ConsentAct):
        raise InvalidInput("one of these is no act of consent.", field="consent")
    texts = {key: found.get(key, "") for key in ("wording", "source_url", "ip", "user_agent", "note")}
    if not all(isinstance(one, str) for one in texts.values()):
        raise InvalidInput("an act of consent has something else than text in it.", field="consent")
    wording = texts["wording"]
    digest = hashlib.sha256(wording.encode()).hexdigest() if wording else ""
    slug = found.get("list")
    return Line(
        None if slug is None else _slug("consent", slug),
        str(found["act"]),
        _moment("consent", found.get("at")),
        wording,
        digest,
        texts["source_url"],
        texts["ip"][:IP],
        texts["user_agent"],
        texts["note"],
    )


def _slug(name: str, slug: Any) -> str:
    if not isinstance(slug, str) or not 0 < len(slug) <= LONGEST_SLUG:
        raise InvalidInput(f"a list is named by 1 to {LONGEST_SLUG} characters.", field=name)
    return slug


def _suppressed(cell: str) -> Withheld:
    found = _object("suppressed", cell)
    if str(found.get("reason")) not in set(SuppressionReason):
        raise InvalidInput("nobody knows this reason.", field="suppressed")
    return Withheld(str(found["reason"]), _moment("suppressed", found.get("at")), str(found.get("note", "")))


def _courses(cell: str) -> Places:
    return tuple((str(slug), json.dumps(one)) for slug, one in _object("courses", cell).items())


@lru_cache(maxsize=4096)
def _own_name(heading: str) -> str:
    """A name from somebody's JSON as one that merge fields can say."""
    return heading if FIELD_NAME.fullmatch(heading) else field_name(heading)


def _json(name: str, cell: str) -> Any:
    try:
        found = json.loads(cell)
        taken = is_storable(cell) and ("\\u" not in cell or all(map(is_storable, _texts(found))))
    except (ValueError, RecursionError):
        raise InvalidInput("this is no JSON.", field=name) from None
    if not taken:
        raise InvalidInput(_NOT_STORABLE, field=name)
    return found


def _texts(found: Any) -> Iterator[str]:
    """All that is written in some JSON, the names of its values, too."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict | list):
        for one in (*found, *(found.values() if isinstance(found, dict) else ())):
            yield from _texts(one)


def _object(name: str, cell: str) -> dict[str, Any]:
    found = _json(name, cell)
    if not isinstance(found, dict):
        raise InvalidInput("this is no JSON object.", field=name)
    return found


_moments: Final[Callable[[str], str]] = _remembered(partial(_stamped, None))


def _moment(name: str, text: Any) -> str | None:
    if text in (None, ""):
        return None
    try:
        return _moments(str(text))
    except Unreadable as error:
        raise InvalidInput(f"“{str(text)[:40]}” is {error}.", field=name) from None


# By the target of mapping.py.
_READS: Final[Mapping[str, Cells]] = {
    **{
        one: Cells(one, _remembered(partial(check_name, field=one)), "")
        for one in ("first_name", "last_name", "full_name")
    },
    **{one: Cells(one, _remembered(_ip), "") for one in ("optin_ip", "confirmed_ip")},
    "language": Cells("language", _remembered(_language)),
    "zone": Cells("zone", _remembered(_zone)),
    "tags": Cells("tags", _remembered(_tags), ()),
    "attributes": Cells("fields", _attributes),
    "minute": Cells("minute", partial(_number, "minute", 0, MINUTES_A_DAY - 1)),
    "daily_cap": Cells("daily_cap", partial(_number, "daily_cap", 1, 1000)),
    "weekdays": Cells("weekdays", _remembered(_weekdays)),
    "no_tracking": Cells("no_tracking", _no_tracking, empty=False),
    "lists": Cells("members", _lists),
    "consent": Cells("ledger", _consent, ()),
    "suppressed": Cells("withheld", _suppressed),
    "courses": Cells("places", _courses, ()),
}
