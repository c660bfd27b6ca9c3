"""The rows of a table, one after another, whatever form and encoding it is in. Memory stays flat.

A row that cannot be read is a Problem in its place; the next one follows.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import IO, Any, Final, cast

from charset_normalizer import from_bytes

from subscribers.importing.files import SAMPLE, Form, Part, refused
from subscribers.importing.values import Unreadable, is_storable

MOST_LINE: Final = 1 << 20  # octets
MOST_CELL: Final = 1 << 20  # characters
MOST_COLUMNS: Final = 1000
BLOCK: Final = 1 << 18  # octets
HEADED: Final = 200  # objects of a JSONL whose names count as headings
DELIMITERS: Final = (",", ";", "\t", "|")
FALLBACK: Final = "cp1252"  # what a line is in that is not UTF-8 among lines that are

_ADDRESS: Final = re.compile(r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*")
_WORDS: Final = {True: "true", False: "false", None: ""}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is not taken. `text` is what of it names the person, as written; `cells` are all of it."""

    line: int
    reason: str
    text: str = ""
    cells: tuple[str, ...] = ()


Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A part with its headings. `rows` begins anew each time."""

    part: Part
    headings: tuple[str, ...]
    encoding: str = "utf-8"
    delimiter: str = ","
    first_line: int = 1  # where the headings stand
    old_mac: bool = False  # its lines end as Excel's “CSV (Macintosh)” ends them

    def rows(self) -> Iterator[Row | Problem]:
        if self.part.form is Form.WORKBOOK:
            yield from _workbook_rows(self.part, len(self.headings))
        elif self.part.form is Form.JSON_LINES:
            yield from _json_rows(self)
        else:
            yield from _text_rows(self)

    def sample(self, most: int) -> list[list[str]]:
        return [row[1] for row in islice(self.rows(), most) if not isinstance(row, Problem)]


def table_of(part: Part) -> Table:
    """Find out how the part is written, and its headings. Raises InvalidInput where there are none."""
    if part.form is Form.WORKBOOK:
        headings = next(_sheet(part), [])
        return Table(part, _checked(headings))
    with part.open() as file:
        beginning = file.read(SAMPLE)
    encoding = _encoding(beginning)
    if part.form is Form.JSON_LINES:
        return Table(part, _keys(part, encoding), encoding)
    text = beginning.decode(encoding, "replace").lstrip("\ufeff")
    old_mac = "\n" not in text and "\r" in text
    if old_mac:
        text = text.replace("\r", "\n")
    first, told = 1, re.match(r"sep=(.)\r?\n", text)  # Excel's own first line
    if told:
        first, text = 2, text[told.end() :]
    delimiter = told[1] if told else _delimiter(text)
    headings = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    return Table(part, _checked(headings), encoding, delimiter, first, old_mac)


def _checked(headings: list[str]) -> tuple[str, ...]:
    if not any(one.strip() for one in headings):
        raise refused("The first line is empty. It has to name the columns.")
    if any(map(_ADDRESS.fullmatch, headings)):
        raise refused(
            "The first line has an address in it, so nothing names the columns. "
            "Put a line above it, like email,first name."
        )
    if len(headings) > MOST_COLUMNS:
        raise refused(f"The file has more than {MOST_COLUMNS} columns. Take out those that you do not need.")
    if not all(map(is_storable, headings)):
        raise refused("The name of a column has a NUL in it, or half a character. Save the file again.")
    names: list[str] = []
    for place, heading in enumerate(headings, start=1):
        name = heading.strip().lstrip("\ufeff") or f"Column {place}"
        names.append(name if name not in names else f"{name} ({place})")
    return tuple(names)


def _encoding(beginning: bytes) -> str:
    """The encoding that the beginning is in: by its mark, else UTF-8 where it can be, else the likeliest."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if beginning.startswith(mark):
            return name
    if beginning[1:2] == b"\0":
        return "utf-16-le"
    if beginning[:1] == b"\0":
        return "utf-16-be"
    try:
        beginning[: beginning.rfind(b"\n") + 1 or None].decode()
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    lines = beginning.splitlines()
    foreign = [one for one in lines if not _is_utf8(one)]
    if any(not one.isascii() and _is_utf8(one) for one in lines):
        return "utf-8"  # a mixture: the others are read as FALLBACK, one by one
    best = from_bytes(b"\n".join(foreign)).best()
    return best.encoding if best is not None else FALLBACK


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str) -> str:
    """What divides the first line into most cells, outside of quotes."""
    first = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    return max(DELIMITERS, key=first.count)


class _OldMac:
    """A file whose lines end with a carriage return alone, as if they ended like others."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, octets: int) -> bytes:
        return self._file.read(octets).replace(b"\r", b"\n")


class _Lines:
    """The lines of a text, decoded a block at a time, since a million are read one by one.

    A line that cannot be had is an empty one in its place, and a problem in `problems`.
    """

    def __init__(self, file: IO[bytes], encoding: str, *, old_mac: bool = False) -> None:
        if encoding.startswith("utf-16"):
            file = cast(IO[bytes], codecs.EncodedFile(file, "utf-8", encoding, "replace"))
            encoding = "utf-8"
        self._file = _OldMac(file) if old_mac else file
        self._encoding = encoding
        self.problems: list[Problem] = []

    def __iter__(self) -> Iterator[str]:
        number = 1
        rest = b""
        while block := self._file.read(BLOCK):
            whole, newline, rest_of_block = block.rpartition(b"\n")
            if not newline:
                rest += block
                if len(rest) > MOST_LINE:
                    self.problems.append(Problem(number, f"The line is longer than {MOST_LINE >> 20} MB."))
                    yield "\n"
                    number += 1
                    rest = self._after_line()
                continue
            lines = self._decoded(rest + whole + newline, number)
            rest = rest_of_block
            yield from lines
            number += len(lines)
        if rest:
            yield from self._decoded(rest, number)

    def _after_line(self) -> bytes:
        """Pass over the rest of a line without end; returns what has been read of the next."""
        while block := self._file.read(BLOCK):
            _, newline, after = block.partition(b"\n")
            if newline:
                return after
        return b""

    def _decoded(self, octets: bytes, number: int) -> list[str]:
        try:
            return list(io.StringIO(octets.decode(self._encoding), newline="\n"))
        except UnicodeDecodeError:
            return [self._one(place, line) for place, line in enumerate(io.BytesIO(octets), number)]

    def _one(self, number: int, line: bytes) -> str:
        for encoding in (self._encoding, FALLBACK):
            try:
                return line.decode(encoding)
            except UnicodeDecodeError:
                continue
        why = "The line is in no encoding that we know. Save the file as UTF-8."
        self.problems.append(Problem(number, why))
        return "\n"


def _text_rows(table: Table) -> Iterator[Row | Problem]:
    csv.field_size_limit(MOST_CELL)
    wanted = len(table.headings)
    with table.part.open() as file:
        lines = _Lines(file, table.encoding, old_mac=table.old_mac)
        reader = csv.reader(islice(lines, table.first_line - 1, None), delimiter=table.delimiter)
        before = line = table.first_line - 1
        next(reader, None)  # the headings
        while True:
            try:
                for cells in reader:
                    line = reader.line_num + before
                    if lines.problems:
                        yield from lines.problems
                        lines.problems.clear()
                    if len(cells) == wanted:
                        yield line, cells
                    elif cells:
                        yield _fitted(line, cells, wanted)
                yield from lines.problems
                return
            except csv.Error as error:
                why = f"The row that begins here cannot be read: {error}. Is a quote not closed?"
                yield Problem(line + 1, why)
                line = reader.line_num + before


def _fitted(place: int, cells: list[str], wanted: int) -> Row | Problem:
    """A row with fewer cells ends early; one with more is shifted, and nobody knows where."""
    if len(cells) < wanted:
        return place, cells + [""] * (wanted - len(cells))
    if not any(one.strip() for one in cells[wanted:]):
        return place, cells[:wanted]
    return Problem(
        place,
        f"There are {len(cells)} cells and {wanted} headings. Put a cell with the delimiter in it in quotes.",
        cells=tuple(cells),
    )


def _keys(part: Part, encoding: str) -> tuple[str, ...]:
    """The names that the first objects have."""
    names: dict[str, None] = {}
    with part.open() as file:
        for line in islice(_Lines(file, encoding), HEADED):
            with suppress(Unreadable):
                names |= dict.fromkeys(_object(line))
    return _checked(list(names))


def _json_rows(table: Table) -> Iterator[Row | Problem]:
    with table.part.open() as file:
        lines = _Lines(file, table.encoding)
        for number, line in enumerate(lines, start=1):
            if lines.problems:
                yield from lines.problems
                lines.problems.clear()
            elif line.strip():
                try:
                    found = _object(line)
                except Unreadable as error:
                    yield Problem(number, f"This is {error}.", line.strip()[:200])
                else:
                    yield number, [cell_text(found.get(name)) for name in table.headings]


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        raise Unreadable("no JSON object on one line") from None
    if not isinstance(found, dict):
        raise Unreadable("no JSON object on one line")
    return found


def cell_text(value: Any) -> str:
    """A typed value as the text that a CSV would have."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _workbook_rows(part: Part, wanted: int) -> Iterator[Row | Problem]:
    rows = _sheet(part)
    next(rows, None)
    for place, cells in enumerate(rows, start=2):
        if any(cells):
            yield (place, cells) if len(cells) == wanted else _fitted(place, cells, wanted)


def _sheet(part: Part) -> Iterator[list[str]]:
    """The rows of the first sheet, with what its formulas were last worth."""
    from openpyxl import load_workbook

    with part.open() as file:
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            for values in sheet.iter_rows(values_only=True):
                yield [cell_text(value)[:MOST_CELL] for value in values]
        except (KeyError, ValueError, IndexError, SyntaxError, TypeError, AttributeError) as error:
            raise refused(f"The workbook cannot be read: {error}. Save it anew, or as CSV.") from None
