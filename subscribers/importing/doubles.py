"""One address, several rows: the first counts, unless a later one says no."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from subscribers.importing.entries import Columns
from subscribers.importing.tables import Problem


class Met(NamedTuple):
    """The row that counts for an address."""

    row: int
    part: str
    line: int
    says_no: bool

    def __str__(self) -> str:
        return f"{self.part} line {self.line}".lstrip()


class Doubles(NamedTuple):
    """What some people come to whose addresses were met before, too.

    `refused`: by their places, why their rows do not count. `replaced`: earlier rows of the chunk which do
    not count any more. `against`: the places of those who say no, and an earlier chunk brought them.
    """

    refused: dict[int, Problem]
    replaced: list[int]
    against: list[int]


NONE: Final = Doubles({}, [], [])


class Seen:
    """The addresses met so far, by half a hash each, in a file: a million of them need no memory."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16000"):
            self._file.execute(f"PRAGMA {pragma}")
        self._file.execute("BEGIN")  # never committed: nobody needs it afterwards
        self._file.execute("CREATE TABLE seen (hash INTEGER PRIMARY KEY, row, part, line, says_no)")

    def close(self) -> None:
        self._file.close()

    def meet(self, part: str, rows: Sequence[int], people: Columns, since: int) -> Doubles:
        """Meet some people. Who says no counts, unless the same was said since the chunk began.

        `since` is the last row before the chunk.
        """
        marks = [int(one[:15], 16) for one in people["address_hash"]]
        fresh = zip(marks, rows, [part] * len(rows), people["line"], map(int, people["says_no"]), strict=True)
        before = self._file.total_changes
        self._file.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?)", sorted(fresh))
        if self._file.total_changes - before == len(rows):
            return NONE
        doubles = Doubles({}, [], [])
        met = self._met(marks)
        for place, (mark, row) in enumerate(zip(marks, rows, strict=True)):
            first, line, says_no = met[mark], people["line"][place], people["says_no"][place]
            if first.row == row:
                continue
            if not says_no or (first.row > since and first.says_no):
                why = f"The same address as {first}, which counts."
                doubles.refused[place] = Problem(line, why, people["email"][place])
                continue
            if first.row > since:
                doubles.replaced.append(first.row)
            else:
                doubles.against.append(place)
            met[mark] = Met(row, part, line, says_no)
            self._file.execute("REPLACE INTO seen VALUES (?, ?, ?, ?, ?)", (mark, *met[mark]))
        return doubles

    def _met(self, marks: Sequence[int]) -> dict[int, Met]:
        found = self._file.execute(
            "SELECT hash, row, part, line, says_no FROM seen WHERE hash IN (SELECT value FROM json_each(?))",
            (json.dumps(marks),),
        )
        return {mark: Met(*rest) for mark, *rest in found}
