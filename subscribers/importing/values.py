"""Cells as values: moments in the styles that programs write them in, yes and no, tags, numbers (pure)."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from courseletter.errors import InvalidInput

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
YES: Final = frozenset(("1", "true", "on", "yes", "y", "x"))
NO: Final = frozenset(("", "0", "false", "off", "no", "n"))

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
# Go writes its times with the zone twice: 2024-01-02 15:04:05.999999 +0000 UTC.
_TIME: Final = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)? ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?(?: [A-Z]{3,4})?)?"
)
_STYLES: Final = tuple(
    re.compile(day + _TIME)
    for day in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<first>\d{1,2})[/-](?P<then>\d{1,2})[/-](?P<year>\d{4})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[ -](?P<name>[A-Za-z]{3,9})\.?,?[ -](?P<year>\d{4})",
        r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
    )
)


class Order(StrEnum):
    """What comes first in 02/03/2024."""

    DAY = "day"
    MONTH = "month"


class Unreadable(ValueError):
    """A cell is not what its column says; the text says why, as the rest of “this is ...”."""


@lru_cache(maxsize=4096)  # many rows of a file share their moments
def moment(text: str, order: Order | None = None) -> datetime:
    """The moment that a cell names, in UTC; without a zone it counts as UTC, without a time as midnight.

    Raises Unreadable, also for 02/03/2024 as long as nobody has said what comes first.
    """
    text = text.strip()
    if text[4:5] == "-" and text[:4].isdigit():  # what most programs write, read without a pattern
        try:
            return _in_utc(datetime.fromisoformat(text))
        except ValueError:
            pass
    if text.isascii() and text.isdigit() and len(text) in (10, 13):  # seconds or milliseconds since 1970
        return EARLIEST + timedelta(milliseconds=int(text) * (1000 if len(text) == 10 else 1))
    for style in _STYLES:
        found = style.fullmatch(text)
        if found:
            return _moment_of(found.groupdict(), order)
    try:
        return _in_utc(parsedate_to_datetime(text))  # RFC 5322: Tue, 02 Jan 2024 15:04:05 +0000
    except ValueError:
        raise Unreadable("no date that we can read, like 2024-01-31") from None


def day(text: str, order: Order | None = None) -> date:
    """The day that a cell names. Raises Unreadable."""
    return moment(text, order).date()


def order_of(samples: list[str]) -> Order | None:
    """What comes first in a column's 02/03/2024, where one of its cells leaves no doubt; None: none does."""
    found = set()
    for text in samples:
        parts = re.match(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}", text.strip())
        if parts:
            found |= {Order.DAY} if int(parts[1]) > 12 else {Order.MONTH} if int(parts[2]) > 12 else set()
    return found.pop() if len(found) == 1 else None


def flag(text: str) -> bool:
    """Yes or no. Raises Unreadable for anything that is neither."""
    word = text.strip().casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise Unreadable("neither yes nor no")


def number(text: str) -> int | float:
    """A number as either side of the ocean writes it: 1,234.5 and 1.234,5. Raises Unreadable."""
    plain = text.strip().replace(" ", "").replace("\xa0", "").replace("'", "")
    if "," in plain and "." in plain:
        last = max(plain.rfind(","), plain.rfind("."))
        plain = plain[:last].replace(",", "").replace(".", "") + "." + plain[last + 1 :]
    elif plain.count(",") == 1:
        plain = plain.replace(",", ".")
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,12})?", plain):
        raise Unreadable("no number")
    return float(plain) if "." in plain else int(plain)


def tags(text: str) -> list[str]:
    """The tags of one cell: `a, b`, `"a","b"`, `a|b`, `a;b` or a JSON list."""
    text = text.strip()
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = [text]
        return [_tag_name(one) for one in found if _tag_name(one)]
    separator = next((one for one in (",", "|", ";") if one in text), ",")
    return [name for name in (one.strip().strip('"').strip() for one in text.split(separator)) if name]


def json_object(text: str) -> dict[str, Any]:
    """The object that a cell holds; an empty cell is an empty one. Raises Unreadable."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None
    if not isinstance(found, dict):
        raise Unreadable("no JSON object")
    return found


KINDS: Final[Mapping[str, Callable[[str, Order | None], Any]]] = {
    "text": lambda text, _: text,
    "number": lambda text, _: number(text),
    "yes_no": lambda text, _: flag(text),
    "date": lambda text, order: day(text, order).isoformat(),
}


def kind_of(samples: list[str]) -> str:
    """The kind of a custom field that all of these cells could be."""
    filled = [one for one in samples if one.strip()]
    for kind in ("number", "yes_no", "date") if filled else ():
        if kind == "number" and any(re.match(r"[+0]\d", one.strip()) for one in filled):
            continue  # a telephone or a post code
        try:
            for one in filled:
                KINDS[kind](one, Order.DAY if kind == "date" else None)
        except (Unreadable, InvalidInput):
            continue
        return kind
    return "text"


def storable(text: str) -> str:
    """The text without what no database takes: NULs, and halves of a character."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def is_storable(text: str) -> bool:
    return storable(text) == text


def _in_utc(read: datetime) -> datetime:
    try:
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except OverflowError:
        raise Unreadable("a day or an hour that does not exist") from None


def _tag_name(one: Any) -> str:
    name = one.get("name", "") if isinstance(one, dict) else one
    return str(name).strip()


def _moment_of(parts: dict[str, str | None], order: Order | None) -> datetime:
    year = int(parts["year"] or 0)
    month, day_ = _month_and_day(parts, order)
    hour = int(parts["hour"] or 0)
    half = (parts["half"] or "").lower().replace(".", "")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    micros = int(((parts["part"] or "") + "000000")[:6])
    try:
        zone = _zone(parts["zone"])
        read = datetime(
            year, month, day_, hour, int(parts["minute"] or 0), int(parts["second"] or 0), micros, zone
        )
        return read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("a day or an hour that does not exist") from None


def _month_and_day(parts: dict[str, str | None], order: Order | None) -> tuple[int, int]:
    if parts.get("name"):
        month = _MONTHS.get(str(parts["name"]).lower())
        if month is None:
            raise Unreadable("a month that we do not know")
        return month, int(parts["day"] or 0)
    if parts.get("first"):
        first, then = int(parts["first"] or 0), int(parts["then"] or 0)
        if first > 12:
            return then, first
        if then > 12:
            return first, then
        if order is None and first != then:
            raise Unreadable("a day or a month first? Say which")
        return (then, first) if order is Order.DAY else (first, then)
    return int(parts["month"] or 0), int(parts["day"] or 0)


def _zone(text: str | None) -> timezone:
    if text in (None, "Z", "UTC", "GMT"):
        return UTC
    sign, digits = text[0], text[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-shift if sign == "-" else shift)
