"""The file as chunks of checked people.

A large one is read in a process of its own: while one chunk is written, the next is read. Memory stays
flat: the addresses that were met are kept on the disk.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import compress, islice
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final, cast

from courseletter.beside import Beside
from subscribers.importing import handing
from subscribers.importing.doubles import NONE, Doubles, Seen
from subscribers.importing.entries import Columns, Entries, only
from subscribers.importing.files import Form, parts_of, refused
from subscribers.importing.handing import Way
from subscribers.importing.mapping import ImportSettings, Source
from subscribers.importing.sources import detect
from subscribers.importing.tables import Problem, Row, Table, table_of
from subscribers.importing.values import storable

CHUNK: Final = 40_000  # rows of one transaction: half a second in which nobody else writes
BLOCK: Final = 5_000  # rows that are checked at once
SMALL: Final = 2 << 20  # octets of a file that is read before another process would have started

_LOST: Final = "The process that reads the file has ended. Run the import again."

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What some rows come to: those from `first` to `last`, by their numbers in the whole file."""

    first: int
    last: int
    percent: int
    people: int
    handed: Path  # as handing.py has it
    kinds: Mapping[str, str]  # of the custom fields met so far
    places: Sequence[Values]  # (row, course, where in it)
    problems: Sequence[Values]  # part, line, text, reason, taken, cells
    replaced: Sequence[int]  # rows that do not count: a later one in the chunk says no
    follows: bool  # there is a no to somebody whom an earlier chunk brings


def tables_in(path: Path) -> list[tuple[Table, Source]]:
    """The tables of a file that have people in them, and the program of each. Raises InvalidInput."""
    parts = parts_of(path)
    tables = [table_of(part) for part in parts]
    found = [(table, detect(table.headings)) for table in tables]
    if len(found) > 1:  # a zip may have posts in it, too
        found = [(table, source) for table, source in found if source.knows_email(table.headings)]
    if not found:
        raise refused("No file in the zip has a column with email addresses.")
    return found


@contextmanager
def reading(
    path: Path, settings: ImportSettings, key: bytes, way: Way, after: int = 0
) -> Iterator[Iterator[Chunk]]:
    """The chunks of a file after so many rows. Raises InvalidInput where it cannot be read."""
    with TemporaryDirectory() as folder:
        wanted = Wanted(path, settings.to_json(), key, way, after, Path(folder))
        if path.stat().st_size < SMALL:
            yield chunks_of(wanted)
            return
        with Beside("subscribers.importing.serving", _LOST) as process:
            process.tell(wanted)
            yield _received(process)


def _received(process: Beside) -> Iterator[Chunk]:
    while (chunk := process.hear()) is not None:
        yield chunk
        process.tell(chunk.last)  # it is written


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read, and how it is to be handed over."""

    path: Path
    settings: Mapping[str, Any]
    key: bytes
    way: Way
    after: int  # rows that are written already
    folder: Path


def chunks_of(wanted: Wanted) -> Iterator[Chunk]:
    return _Reader(wanted).chunks()


class _Reader:
    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._tables = tables_in(wanted.path)
        self._settings = ImportSettings.from_json(wanted.settings)
        self._octets = sum(table.part.octets for table, _ in self._tables) or 1
        self._read = 0
        self._seen = Seen(wanted.folder / "seen")

    def chunks(self) -> Iterator[Chunk]:
        """What comes before is read, too: its addresses have been met."""
        kinds: dict[str, str] = {}
        after = self._wanted.after
        row, growing = 0, self._begun(after + 1)
        with closing(self._seen):
            for part, entries, block in self._blocks(after, kinds):
                self._take(part, entries, block, row, growing)
                row += len(block)
                if row > after and (row - after) % CHUNK == 0:
                    yield growing.done(row, self._percent(), kinds)
                    growing = self._begun(row + 1)
            if row >= growing.first or not row:
                yield growing.done(row, self._percent(), kinds)

    def _begun(self, first: int) -> "_Growing":
        return _Growing(first, self._wanted.way, self._wanted.folder / f"from-{first}")

    def _blocks(
        self, after: int, kinds: dict[str, str]
    ) -> Iterator[tuple[str, Entries, list[Row | Problem]]]:
        """The rows of all tables, some at a time. No block goes beyond the end of a chunk."""
        row = 0
        for table, source in self._tables:
            part = table.part.name if len(self._tables) > 1 else ""
            # Only a spreadsheet would run a formula, so only for these ours are made text.
            escaped = source.escaped and table.part.form is not Form.JSON_LINES
            source = replace(source, escaped=escaped)
            entries = Entries(self._settings, source, table.headings, self._wanted.key, kinds)
            rows = self._rows(table)
            while block := [*islice(rows, min(BLOCK, (after - row) % CHUNK or CHUNK))]:
                yield part, entries, block
                row += len(block)

    def _take(
        self, part: str, entries: Entries, block: list[Row | Problem], before: int, growing: "_Growing"
    ) -> None:
        """Check the rows of a block, the first of which comes after `before`, for the chunk."""
        problems = [one for one in block if isinstance(one, Problem)]
        rows = [one for one in block if not isinstance(one, Problem)]
        numbers = [before + place for place, one in enumerate(block, 1) if not isinstance(one, Problem)]
        places, people, refused = entries.read(rows)
        numbers = [numbers[place] for place in places]
        doubles = NONE
        if numbers:
            doubles = self._seen.meet(part, numbers, people, growing.first - 1)
        if before + len(block) < growing.first:
            return
        for place in doubles.against:  # this file's yes was written just now, and is no later one
            people["members"][place] = tuple((slug, no, None) for slug, no, _ in people["members"][place])
        if doubles.refused:
            wanted = [place not in doubles.refused for place in range(len(numbers))]
            numbers, people = [*compress(numbers, wanted)], only(people, wanted)
        problems = [*sorted((*problems, *refused), key=attrgetter("line")), *doubles.refused.values()]
        growing.note(part, problems, doubles)
        if numbers:
            growing.take(part, numbers, people)

    def _rows(self, table: Table) -> Iterator[Row | Problem]:
        if table.part.form is Form.WORKBOOK:
            return table.rows()
        counted = replace(table.part, open=lambda: cast(IO[bytes], _Counted(table.part.open(), self._count)))
        return replace(table, part=counted).rows()

    def _count(self, octets: int) -> None:
        self._read += octets

    def _percent(self) -> int:
        return min(99, 100 * self._read // self._octets)


class _Growing:
    """A chunk while its rows are read."""

    def __init__(self, first: int, way: Way, path: Path) -> None:
        self.first = first
        self._path = path
        self._out = handing.opened(way, path)
        self._people = 0
        self._stands: dict[Values, int] = {}
        self._tags: dict[Values, int] = {}
        self._places: list[Values] = []
        self._problems: list[Values] = []
        self._replaced: list[int] = []
        self._follows = False

    def note(self, part: str, problems: Iterable[Problem], doubles: Doubles) -> None:
        self._problems += (_told(part, one) for one in problems)
        self._replaced += doubles.replaced
        self._follows = self._follows or bool(doubles.against)

    def take(self, part: str, rows: Sequence[int], people: Columns) -> None:
        """Put some people, with their rows, into the tables that are handed over."""
        self._people += len(rows)
        stands = self._numbered(handing.MEMBERS, self._stands, people["members"])
        marked = self._numbered(handing.TAGS, self._tags, people["tags"])
        details = (people[name] for name in handing.COLUMNS[handing.PEOPLE][2:-2])
        self._out.put(handing.PEOPLE, (rows, [part] * len(rows), *details, stands, marked))
        lines = [
            (row, place, *line)
            for row, said in zip(rows, people["ledger"], strict=True)
            for place, line in enumerate(said)
        ]
        self._put(handing.LEDGER, lines)
        withheld = zip(rows, people["withheld"], strict=True)
        self._put(handing.WITHHELD, [(row, *one) for row, one in withheld if one is not None])
        if any(people["places"]):
            placed = zip(rows, people["places"], strict=True)
            self._places += [(row, *one) for row, places in placed for one in places]
        if any(people["left_out"]):
            wanting = zip(people["line"], people["email"], people["left_out"], strict=True)
            self._problems += [(part, *_wanting(*one)) for one in wanting if one[-1]]

    def _numbered(self, table: str, known: dict[Values, int], column: Sequence[Values]) -> list[int | None]:
        """The numbers of some values, which are put into the table when they are met first."""
        numbers: list[int | None] = []
        fresh: list[Values] = []
        for values in column:
            number = known.get(values) if values else None
            if number is None and values:
                number = known[values] = len(known) + 1
                fresh += ((number, *one) for one in values)
            numbers.append(number)
        self._put(table, fresh)
        return numbers

    def _put(self, table: str, rows: Sequence[Values]) -> None:
        if rows:
            self._out.put(table, [*zip(*rows, strict=True)])

    def done(self, last: int, percent: int, kinds: Mapping[str, str]) -> Chunk:
        self._out.close()
        return Chunk(
            self.first,
            last,
            percent,
            self._people,
            self._path,
            dict(kinds),
            self._places,
            self._problems,
            self._replaced,
            self._follows,
        )


def _wanting(line: int, email: str, columns: Sequence[str]) -> Values:
    why = f"Taken without what could not be read: {', '.join(columns)}."
    return line, email, why, True, []


def _told(part: str, problem: Problem) -> Values:
    cells = [*map(storable, problem.cells)]
    return part, problem.line, storable(problem.text), storable(problem.reason), False, cells


class _Counted(io.RawIOBase):
    """A file that tells how much of it was read."""

    def __init__(self, file: IO[bytes], tell: Callable[[int], None]) -> None:
        self._file = file
        self._tell = tell

    def read(self, octets: int = -1) -> bytes:
        found = self._file.read(octets)
        self._tell(len(found))
        return found

    def close(self) -> None:
        self._file.close()
        super().close()
