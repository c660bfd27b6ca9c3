"""How people get from the process that checks them to the one that writes: as tables, filled the fast way.

For SQLite they are a database file, which the writer attaches; for PostgreSQL a folder of texts to copy.
Nothing becomes an object of Python's again: a few statements over the whole chunk do the rest (staging.py).
"""

import re
import sqlite3
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

PEOPLE: Final = "staged_people"
MEMBERS: Final = "staged_members"
LEDGER: Final = "staged_ledger"
TAGS: Final = "staged_tags"
WITHHELD: Final = "staged_withheld"

# People who stand on the same lists in the same way share a number in `stands`, and so with `tags`: most of a
# file's people do. `row` is the number of the person's row in the whole file.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    PEOPLE: (
        *("row", "part", "line", "email", "address_key", "address_hash", "first_name", "last_name"),
        *("language", "zone", "minute", "weekdays", "no_tracking", "daily_cap", "fields", "created_at"),
        *("stands", "tags"),
    ),
    MEMBERS: ("stands", "slug", "status", "changed_at"),
    LEDGER: (
        *("row", "place", "slug", "act", "at", "wording", "wording_hash", "source_url", "ip"),
        *("user_agent", "note"),
    ),
    TAGS: ("tags", "name", "name_key", "added_at"),
    WITHHELD: ("row", "reason", "at", "note"),
}

KEYS: Final = {PEOPLE: ("row",), LEDGER: ("row", "place"), WITHHELD: ("row",)}
# Of these columns every row has a value.
FILLED: Final = (
    *("part", "email", "address_key", "address_hash", "first_name", "last_name", "status", "act", "wording"),
    *("wording_hash", "source_url", "ip", "user_agent", "note", "name", "name_key", "reason"),
)
_DETAILS: Final = {
    **dict.fromkeys(FILLED, "DEFAULT ''"),
    **dict.fromkeys(("place", "no_tracking"), "DEFAULT 0"),
    "row": "INTEGER",
}
# What PostgreSQL's texts are written with (COPY, “Text Format”).
_NULL: Final = "\\N"
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL: Final = re.compile(r"[\\\t\n\r]")


class Way(StrEnum):
    FILE = "file"
    TEXTS = "texts"


Columns = Sequence[Sequence[Any]]  # of a table, in its order; each has one value a row


class File:
    """A chunk as a database of its own."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF"):  # if this process ends, so does the file
            self._file.execute(f"PRAGMA {pragma}")
        self._file.execute("BEGIN")
        for table, names in COLUMNS.items():
            columns = (f"{name} {_DETAILS.get(name, '')}" for name in names)
            key = f", PRIMARY KEY ({', '.join(KEYS[table])})" if table in KEYS else ""
            without = "WITHOUT ROWID" if table == LEDGER else ""  # a key of two columns is else an index
            self._file.execute(f"CREATE TABLE {table} ({', '.join(columns)}{key}) {without}")

    def put(self, table: str, columns: Columns) -> None:
        # What nobody has is left out: to bind nothing takes longer than to bind a text.
        said = {name: values for name, values in zip(COLUMNS[table], columns, strict=True) if any(values)}
        if said:
            values = ", ".join("?" for _ in said)
            adding = f"INSERT INTO {table} ({', '.join(said)}) VALUES ({values})"  # noqa: S608
            self._file.executemany(adding, zip(*said.values(), strict=True))

    def close(self) -> None:
        self._file.execute("COMMIT")
        self._file.close()


class Texts:
    """A chunk as a folder of texts as COPY reads them, one a table."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self._texts = {table: (path / table).open("w", encoding="utf-8", newline="") for table in COLUMNS}

    def put(self, table: str, columns: Columns) -> None:
        rows = zip(*map(_written, columns), strict=True)
        self._texts[table].writelines(["\t".join(row) + "\n" for row in rows])

    def close(self) -> None:
        for text in self._texts.values():
            text.close()


def _written(column: Sequence[Any]) -> Sequence[str]:
    """A column's values in words. What many rows share is put into words once."""
    different = set(column)
    if 2 * len(different) > len(column):
        return _words(column)
    words = dict(zip(different, _words([*different]), strict=True))
    return [words[value] for value in column]


def _words(values: Sequence[Any]) -> Sequence[str]:
    words = ["" if value is None else str(value) for value in values]
    if _SPECIAL.search("".join(words)):
        words = [word.translate(_ESCAPED) for word in words]
    return [_NULL if value is None else word for value, word in zip(values, words, strict=True)]


def opened(way: Way, path: Path) -> File | Texts:
    """Begin a chunk at a place where nothing is. Whoever has taken it deletes it."""
    return File(path) if way is Way.FILE else Texts(path)
