"""Tables for spreadsheets: CSV in which no cell is ever taken for a formula."""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

# A spreadsheet would calculate it (OWASP, CSV injection), or it is a text that was kept from that before.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_FIRST = frozenset("'=+-@\t\r\n")


def safe(cell: object) -> str:
    """A cell's text, behind an apostrophe where a spreadsheet would run it."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if is_formula(text) and not isinstance(cell, int) else text


def lines_of(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts as the lines of a CSV (RFC 4180), each text as `safe` gives it.

    The library's writer looks at every character twice, a million times; here what many rows share is looked
    at once.
    """
    columns = map(_cells, zip(*rows, strict=True))
    return "".join(f"{','.join(row)}\r\n" for row in zip(*columns, strict=True))


def _cells(column: Sequence[str]) -> list[str]:
    cells = {text: _quoted(safe(text)) for text in set(column)}
    return [cells[text] for text in column]


def _quoted(text: str) -> str:
    if '"' in text or "," in text or "\r" in text or "\n" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def restored(text: str) -> str:
    """The text that `safe` was given."""
    return text[1:] if text[:1] == "'" and is_formula(text) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run it, apostrophes before it left aside."""
    return text[:1] in _FIRST and _FORMULA.match(text) is not None


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """RFC 4180: CRLF, and quotation marks where they are needed."""
    written = StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return written.getvalue()
