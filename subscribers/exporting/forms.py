"""Rows as a CSV, JSONL or XLSX, written as they come. Cells that a spreadsheet would run are made text."""

import json
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import islice
from typing import IO, Any, Final

from courseletter.errors import InvalidInput
from courseletter.spreadsheet import lines_of, safe

MOST_ROWS: Final = 1_048_576  # of a sheet, its headings included
LONGEST_CELL: Final = 32_767  # characters, of a sheet
BLOCK: Final = 2_000  # records that are written at once


class Form(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.JSONL: "application/jsonl; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

Record = dict[str, Any]

_JSON: Final = json.JSONEncoder(ensure_ascii=False)  # made once, for a million rows


def write(
    form: Form,
    file: IO[bytes],
    columns: Sequence[str],
    records: Iterable[Record],
    cells: Callable[[Record], list[str]],
) -> None:
    """Write records into an open file. Raises InvalidInput for what a workbook cannot hold."""
    if form is Form.XLSX:
        _write_workbook(file, columns, records, cells)
        return
    file.write(beginning(form, columns))
    rest = iter(records)
    while some := [*islice(rest, BLOCK)]:
        file.write(encoded(form, some, cells))


def beginning(form: Form, columns: Sequence[str]) -> bytes:
    """What comes before all records of a CSV or JSONL."""
    return lines_of([columns]).encode() if form is Form.CSV else b""


def encoded(form: Form, records: Iterable[Record], cells: Callable[[Record], list[str]]) -> bytes:
    """Some records as they stand in a CSV or JSONL."""
    if form is Form.CSV:
        return lines_of([*map(cells, records)]).encode()
    return "".join(f"{_JSON.encode(one)}\n" for one in records).encode()


def _write_workbook(
    file: IO[bytes],
    columns: Sequence[str],
    records: Iterable[Record],
    cells: Callable[[Record], list[str]],
) -> None:
    """As text in every cell: a workbook runs no formula that is not one.

    A million rows a sheet, then the next.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet, rows = book.create_sheet(), 0
    for record in records:
        if rows % (MOST_ROWS - 1) == 0:
            if rows:
                sheet = book.create_sheet()
            sheet.append(list(columns))
        rows += 1
        row = []
        for name, one in zip(columns, cells(record), strict=True):
            if len(one) > LONGEST_CELL:
                raise InvalidInput(
                    f"Row {rows}: the {name} is longer than a workbook's cell may be. Export CSV or JSONL.",
                    field="format",
                )
            cell = WriteOnlyCell(sheet, safe(one))
            cell.data_type = "s"
            row.append(cell)
        sheet.append(row)
    if not rows:
        sheet.append(list(columns))
    book.save(file)
