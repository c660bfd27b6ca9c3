"""From rows to people: every cell checked, every wish of theirs kept. Knows the file, and no database.

Some thousand rows at a time are turned into columns, and each column is read by one function: a million rows
take a fifth of the time that an object for each of them would.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import compress
from operator import or_
from typing import Any, Final

from courseletter.errors import InvalidInput
from courseletter.keyed_hash import keyed_hash
from courseletter.spreadsheet import is_formula, restored
from subscribers.addresses import ERASED, written
from subscribers.importing.cells import (
    EMPTY_COUNTS,
    SHORT,
    STRICTNESS,
    Cells,
    Line,
    Member,
    Withheld,
    cells_of,
    kind_of,
    tag,
)
from subscribers.importing.mapping import Consent, ImportSettings, Source, Status
from subscribers.importing.tables import Problem, Row
from subscribers.importing.values import Unreadable
from subscribers.names import fold
from subscribers.standing import ConsentAct, MemberStatus, SuppressionReason

Columns = dict[str, list[Any]]  # what is known of some people, by its name; each list has one value a person

# Plain text: the driver looks twice at anything else, a million times.
_PENDING, _CONFIRMED = MemberStatus.PENDING.value, MemberStatus.CONFIRMED.value
_REQUESTED, _AGREED = ConsentAct.REQUESTED.value, ConsentAct.CONFIRMED.value
_NO: Final = (Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED)
_LEFT: Final = (MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED)

# What is said of people in a file that does not say it.
_UNSAID: Final[dict[str, Any]] = {
    **dict.fromkeys(("first_name", "last_name", "full_name", "optin_ip", "confirmed_ip"), ""),
    **dict.fromkeys(("language", "zone", "minute", "weekdays", "daily_cap", "fields", "created_at")),
    **dict.fromkeys(("optin_at", "confirmed_at", "unsubscribed_at", "status", "members", "withheld")),
    **dict.fromkeys(("ledger", "tags", "places"), ()),
    "no_tracking": False,
}
# Of two columns for one thing. Everywhere else what is said later counts.
_TOGETHER: Final = {
    "status": lambda one, other: max(filter(None, (one, other)), key=STRICTNESS.__getitem__, default=None),
    "tags": lambda one, other: one + other,
    "places": lambda one, other: one + other,
    "fields": lambda one, other: or_(one or {}, other or {}),
}

Values = tuple[Any, ...]  # of a Member or a Line: to name them costs more than all else about them
# On which lists, what the ledger has of it, whether to suppress them, and whether they say no.
Standing = tuple[tuple[Values, ...], tuple[Values, ...], Withheld | None, bool]


class Entries:
    """Makes people of one table's rows, as the settings and its source say.

    `kinds` gathers those of the custom fields that are met.
    """

    def __init__(
        self,
        settings: ImportSettings,
        source: Source,
        headings: tuple[str, ...],
        key: bytes,
        kinds: dict[str, str],
    ) -> None:
        self._settings = settings
        self._source = source
        self._key = key
        self._slug = settings.list_slug or ""
        self._origin = f"{settings.origin} from {source.title}"
        self._note_hash = hashlib.sha256(settings.note.encode()).hexdigest() if settings.note else ""
        self._extra_tags = tuple(map(tag, settings.extra_tags))
        self._kinds = kinds
        targets = dict(settings.columns)
        columns = [(place, targets.get(one, "")) for place, one in enumerate(headings)]
        self._email = next((place for place, target in columns if target == "email"), None)
        self._others = [
            (place, cells_of(target, source.statuses, settings.order))
            for place, target in columns
            if target not in ("", "email")
        ]
        self._own_kinds = {cells.field: cells.kind for _, cells in self._others if cells.field}

    def read(self, rows: Sequence[Row]) -> tuple[list[int], Columns, list[Problem]]:
        """The places of the rows that are people, those people, and why the others are none."""
        if self._email is None:
            why = "This part has no column with the email address."
            return [], {}, [Problem(line, why) for line, _ in rows]
        if not rows:
            return [], {}, []
        columns = [*zip(*(cells for _, cells in rows), strict=True)]
        if self._source.escaped:
            columns = [tuple(map(restored, column)) for column in columns]
        refused: dict[int, InvalidInput] = {}
        left_out: dict[int, list[str]] = {}
        found: Columns = {"line": [line for line, _ in rows]}
        for place, cells in ((self._email, _EMAIL), *self._others):
            values = _read(cells, columns[place], refused, left_out)
            if cells.name in found:
                together = _TOGETHER.get(cells.name, _later)
                values = [*map(together, found[cells.name], values)]
            found[cells.name] = values
        found["left_out"] = [left_out.get(place, ()) for place in range(len(rows))]
        places = [place for place in range(len(rows)) if place not in refused]
        if refused:
            found = only(found, [place not in refused for place in range(len(rows))])
        self._finish(found)
        problems = [
            self._problem(rows[place][0], [column[place] for column in columns], refused[place])
            for place in sorted(refused)
        ]
        return places, found, problems

    def _problem(self, line: int, cells: list[str], error: InvalidInput) -> Problem:
        text = cells[self._email or 0]
        field = f"{error.field}: " if error.field not in (None, "email") else ""
        return Problem(line, field + _why_not(text, str(error)), text[:SHORT], tuple(cells))

    def _finish(self, found: Columns) -> None:
        """What follows from what the file says."""
        for name, unsaid in _UNSAID.items():
            found.setdefault(name, [unsaid] * len(found["email"]))
        found["address_key"] = [*map(fold, found["email"])]
        # As subscribers/suppression.py knows them.
        found["address_hash"] = [keyed_hash(self._key, one.encode()).hex() for one in found["address_key"]]
        if any(found["full_name"]):
            _divide(found)
        if self._extra_tags:
            found["tags"] = [one + self._extra_tags for one in found["tags"]]
        for fields in filter(None, found["fields"]):
            for name, value in fields.items():
                self._kinds.setdefault(name, self._own_kinds.get(name) or kind_of(value))
        found["fields"] = [json.dumps(one) if one else None for one in found["fields"]]
        standings = [*self._standings(found)]
        for place, name in enumerate(("members", "ledger", "withheld", "says_no")):
            found[name] = [one[place] for one in standings]

    def _standings(self, found: Columns) -> Iterable[Standing]:
        said = ("members", "ledger", "withheld", "line", "status", "optin_at", "optin_ip")
        rest = ("confirmed_at", "confirmed_ip", "unsubscribed_at")
        columns = (found[name] for name in (*said, *rest))
        for members, ledger, withheld, line, status, *moments in zip(*columns, strict=True):
            if members is None and self._slug:
                yield self._stand(f"{self._origin}, line {line}", status, *moments)
            else:  # our own export says it all
                left = withheld is not None or any(one.status in _LEFT for one in members or ())
                yield members or (), ledger, withheld, left

    def _stand(
        self,
        origin: str,
        status: Status | None,
        optin_at: str | None,
        optin_ip: str,
        confirmed_at: str | None,
        confirmed_ip: str,
        left_at: str | None,
    ) -> Standing:
        """The membership, the ledger and the suppression that follow from another program's status."""
        slug = self._slug
        if self._source.always is not None and status is not None:
            status = max(self._source.always, status, key=STRICTNESS.__getitem__)
        status = status or self._source.always or Status.SUBSCRIBED
        if status is Status.UNSUBSCRIBED:
            gone = Line(slug, ConsentAct.UNSUBSCRIBED.value, left_at, source_url=origin)
            return (Member(slug, MemberStatus.UNSUBSCRIBED.value, left_at),), (gone,), None, True
        if status is Status.COMPLAINED:
            gone = Line(slug, ConsentAct.COMPLAINED.value, left_at, source_url=origin)
            withheld = Withheld(SuppressionReason.COMPLAINED.value, left_at, origin)
            return (Member(slug, MemberStatus.COMPLAINED.value, left_at),), (gone,), withheld, True
        bounced = None
        if status is Status.BOUNCED:
            bounced = Withheld(SuppressionReason.BOUNCED.value, left_at, origin)
        proof = None
        if status is not Status.PENDING:
            proof = self._proof(origin, optin_at, optin_ip, confirmed_at, confirmed_ip)
        if proof is not None:
            return ((slug, _CONFIRMED, None),), (proof,), bounced, status in _NO
        asked = ((slug, _REQUESTED, optin_at, "", "", origin, optin_ip, "", ""),) if optin_at else ()
        return ((slug, _PENDING, None),), asked, bounced, status in _NO

    def _proof(
        self, origin: str, optin_at: str | None, optin_ip: str, confirmed_at: str | None, confirmed_ip: str
    ) -> tuple[Any, ...] | None:
        """That they agreed: by the file, or by the admin who vouches for it; None: they have to be asked."""
        if self._settings.consent is Consent.ASK:
            return None
        if confirmed_at:
            asked = f"asked at {optin_at} UTC {optin_ip}".rstrip() if optin_at else ""
            return self._slug, _AGREED, confirmed_at, "", "", origin, confirmed_ip, "", asked
        if self._settings.consent is Consent.VOUCH:
            note = self._settings.note
            return Line(self._slug, ConsentAct.ADDED.value, None, note, self._note_hash, origin, note=note)
        return None


def only(found: Columns, wanted: Sequence[bool]) -> Columns:
    """Those of some people who are wanted."""
    return {name: [*compress(values, wanted)] for name, values in found.items()}


def _read(
    cells: Cells, column: Sequence[str], refused: dict[int, InvalidInput], left_out: dict[int, list[str]]
) -> list[Any]:
    """The values of a column, and for which rows there is none."""
    read, empty = cells.read, cells.empty
    with suppress(InvalidInput, Unreadable):  # nearly always there is nothing wrong
        if empty is EMPTY_COUNTS:
            return [*map(read, column)]
        return [read(one) if one else empty for one in column]
    values = []
    for place, one in enumerate(column):
        value = None if empty is EMPTY_COUNTS else empty
        try:
            if one or empty is EMPTY_COUNTS:
                value = read(one)
        except InvalidInput as error:
            refused.setdefault(place, error)
        except Unreadable:
            left_out.setdefault(place, []).append(cells.field or cells.name)
        values.append(value)
    return values


def _later(one: Any, other: Any) -> Any:
    return other or one


def _divide(found: Columns) -> None:
    """Full names where there are no first and last ones."""
    for place, name in enumerate(found["full_name"]):
        first, _, last = name.partition(" ")
        found["first_name"][place] = found["first_name"][place] or first
        found["last_name"][place] = found["last_name"][place] or last.strip()


# What comes along when an address is copied from a page or a spreadsheet.
_UNSEEN: Final = " \t\u00a0\u200b\u200e\u200f\u2060\ufeff"


def _mailbox(cell: str) -> str:
    address = written(cell.strip(_UNSEEN))
    if address.endswith(ERASED):
        raise InvalidInput("This is nobody's address: it stands for somebody erased.", field="email")
    return address


_EMAIL: Final = Cells("email", _mailbox, EMPTY_COUNTS)


def _why_not(text: str, said: str) -> str:
    """What is wrong with a row, where the general answer would not help to find it."""
    text = text.strip()
    if not text:
        return "No email address."
    if is_formula(text) and "@" not in text[1:]:
        return "Looks like a spreadsheet formula, not an address."
    if text.count("@") == 2 and "@@" in text:
        return f"Two @ signs. Did you mean {text.replace('@@', '@')}?"
    if "@" in text and re.search(r"\S\s+\S", text) and "<" not in text:
        return "A space inside the address."
    return said
