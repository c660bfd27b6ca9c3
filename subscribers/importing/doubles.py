"""One address, several rows: the first counts, unless a later one says no."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from subscribers.importing.cells import Entry
from subscribers.importing.tables import Problem

Numbered = tuple[int, str, Entry]  # row of the file, part, person


class Seen:
    """The addresses met so far, by half a hash each, in a file: a million of them need no memory."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16000"):
            self._file.execute(f"PRAGMA {pragma}")
        self._file.execute("BEGIN")  # never committed: nobody needs it afterwards
        self._file.execute("CREATE TABLE seen (hash INTEGER PRIMARY KEY, line TEXT)")

    def close(self) -> None:
        self._file.close()

    def first_of_each(self, entries: list[Numbered]) -> Iterator[tuple[Numbered, Problem | None]]:
        """Each entry, with a problem where an earlier row has its address.

        One that says no is let through, and takes the place of the earlier one in this chunk.
        """
        marks = [int(entry.hash[:15], 16) for _, _, entry in entries]
        met = dict(
            self._file.execute(
                "SELECT hash, line FROM seen WHERE hash IN (SELECT value FROM json_each(?))",
                (json.dumps(marks),),
            )
        )
        here: dict[int, int] = {}
        taken: list[Numbered] = []
        doubles: list[tuple[Numbered, Problem]] = []
        fresh = []
        for mark, one in zip(marks, entries, strict=True):
            _, part, entry = one
            line = f"{part} line {entry.line}".lstrip()
            if mark in here:
                before = taken[here[mark]]
                if entry.says_no and not before[2].says_no:
                    taken[here[mark]] = one
                else:
                    doubles.append((one, _double(entry, f"{before[1]} line {before[2].line}".lstrip())))
            elif mark in met and not entry.says_no:
                doubles.append((one, _double(entry, met[mark])))
            else:
                here[mark] = len(taken)
                taken.append(one)
                if mark not in met:
                    fresh.append((mark, line))
        fresh.sort()
        self._file.executemany("INSERT INTO seen VALUES (?, ?)", fresh)
        yield from ((one, None) for one in taken)
        yield from doubles


def _double(entry: Entry, first: str) -> Problem:
    return Problem(entry.line, f"The same address as {first}, which counts.", entry.email)
