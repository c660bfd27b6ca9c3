"""The file as chunks of checked people.

A large one is read in a process of its own: while one chunk is written, the next is read. Memory stays
flat: the addresses that were met are kept on the disk.
"""

import gc
import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final, cast

from courseletter.errors import CourseletterError
from subscribers.importing.cells import Entry
from subscribers.importing.doubles import Numbered, Seen
from subscribers.importing.entries import Entries
from subscribers.importing.files import Form, parts_of, refused
from subscribers.importing.mapping import ImportSettings, Source
from subscribers.importing.sources import detect
from subscribers.importing.tables import Problem, Row, Table, table_of

CHUNK: Final = 10_000  # rows of one transaction: a quarter of a second in which nobody else writes
SMALL: Final = 2 << 20  # octets of a file that is read before another process would have started

Values = tuple[Any, ...]


@dataclass(slots=True)
class Chunk:
    """What some rows come to, as values for the tables of staging.py.

    The first value is the row's number in the whole file; `rows` is that of the chunk's last one.
    """

    rows: int
    percent: int
    people: list[Values] = field(default_factory=list)
    lines: list[tuple[str, int]] = field(default_factory=list)  # part and line of each of the people
    members: list[Values] = field(default_factory=list)
    ledger: list[Values] = field(default_factory=list)
    tags: list[Values] = field(default_factory=list)
    withheld: list[Values] = field(default_factory=list)
    places: list[Values] = field(default_factory=list)
    problems: list[Values] = field(default_factory=list)  # part, line, text, reason, taken, cells
    kinds: dict[str, str] = field(default_factory=dict)

    def line_of(self, rows: Collection[int]) -> dict[int, tuple[str, int]]:
        """Part and line of these rows."""
        return {one[0]: line for one, line in zip(self.people, self.lines, strict=True) if one[0] in rows}


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
def reading(path: Path, settings: ImportSettings, key: bytes, after: int = 0) -> Iterator[Iterator[Chunk]]:
    """The chunks of a file after so many rows. Raises InvalidInput where it cannot be read."""
    if path.stat().st_size < SMALL:
        with TemporaryDirectory() as folder:
            yield _Reader(path, settings, key, Path(folder)).chunks(after)
        return
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, path, settings.to_json(), key, after), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _received(ours)
    finally:
        ours.close()
        process.terminate()
        process.join()


def _received(pipe: "Connection[Any, Any]") -> Iterator[Chunk]:
    while True:
        try:
            found = pipe.recv()
        except EOFError:
            raise CourseletterError(
                "The process that reads the file has ended. Run the import again."
            ) from None
        if found is None:
            return
        if isinstance(found, Exception):
            raise found
        yield found


def _serve(
    pipe: "Connection[Any, Any]", path: Path, settings: Mapping[str, Any], key: bytes, after: int
) -> None:
    gc.disable()  # nothing here goes in circles, and looking for it costs a third of the time
    try:
        with TemporaryDirectory() as folder:
            for chunk in _Reader(path, ImportSettings.from_json(settings), key, Path(folder)).chunks(after):
                pipe.send(chunk)
        pipe.send(None)
    except CourseletterError as error:
        pipe.send(error)
    except BrokenPipeError:
        return  # nobody waits any more


class _Reader:
    def __init__(self, path: Path, settings: ImportSettings, key: bytes, folder: Path) -> None:
        self._tables = tables_in(path)
        self._settings = settings
        self._key = key
        self._octets = sum(table.part.octets for table, _ in self._tables) or 1
        self._read = 0
        self._seen = Seen(folder / "seen")

    def chunks(self, after: int) -> Iterator[Chunk]:
        """What comes before is read, too: its addresses have been met."""
        row, kinds = 0, dict[str, str]()
        entries: list[Numbered] = []
        problems: list[Values] = []
        with closing(self._seen):
            for part, read in self._all(kinds):
                row += 1
                if isinstance(read, Problem):
                    problems.append(_told(part, read))
                else:
                    entries.append((row, part, read))
                if row % CHUNK == 0:
                    chunk = self._chunk(row, entries, problems, kinds)
                    entries, problems = [], []
                    if row > after:
                        yield chunk
            if row % CHUNK or not row:
                yield self._chunk(row, entries, problems, kinds)

    def _all(self, kinds: dict[str, str]) -> Iterator[tuple[str, Entry | Problem]]:
        for table, source in self._tables:
            part = table.part.name if len(self._tables) > 1 else ""
            # Only a spreadsheet would run a formula, so only for these ours are made text.
            escaped = source.escaped and table.part.form is not Form.JSON_LINES
            source = replace(source, escaped=escaped)
            reader = Entries(self._settings, source, table.headings, self._key, kinds)
            for row in self._rows(table):
                yield part, row if isinstance(row, Problem) else reader.read(*row)

    def _rows(self, table: Table) -> Iterator[Row | Problem]:
        if table.part.form is Form.WORKBOOK:
            return table.rows()
        counted = replace(table.part, open=lambda: cast(IO[bytes], _Counted(table.part.open(), self._count)))
        return replace(table, part=counted).rows()

    def _count(self, octets: int) -> None:
        self._read += octets

    def _chunk(
        self, row: int, entries: list[Numbered], problems: list[Values], kinds: dict[str, str]
    ) -> Chunk:
        chunk = Chunk(row, min(99, 100 * self._read // self._octets), problems=problems, kinds=dict(kinds))
        for (number, part, entry), double in self._seen.first_of_each(entries):
            if double is not None:
                problems.append(_told(part, double))
                continue
            if entry.left_out:
                why = f"Taken without what could not be read: {', '.join(entry.left_out)}."
                problems.append((part, entry.line, entry.email, why, True, []))
            chunk.lines.append((part, entry.line))
            _spread(chunk, number, entry)
        return chunk


def _told(part: str, problem: Problem) -> Values:
    return (
        part,
        problem.line,
        _storable(problem.text),
        problem.reason,
        False,
        [*map(_storable, problem.cells)],
    )


def _storable(text: str) -> str:
    """The text without what no database takes, to show what was wrong with it."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _spread(chunk: Chunk, row: int, entry: Entry) -> None:
    """Add a person's values to the chunk's tables."""
    fields = json.dumps(entry.fields) if entry.fields else "{}"
    chunk.people.append(
        (
            *(row, entry.email, entry.key, entry.hash, entry.first_name, entry.last_name),
            *(entry.language, entry.zone, entry.minute, entry.weekdays, entry.no_tracking),
            entry.daily_cap,
            *(fields, entry.created_at),
        )
    )
    for member in entry.members or ():
        chunk.members.append((row, *member))
    for number, line in enumerate(entry.ledger):
        chunk.ledger.append((row, line[0], number, *line[1:]))
    for tag in entry.tags:
        chunk.tags.append((row, *tag))
    if entry.withheld is not None:
        chunk.withheld.append((row, *entry.withheld))
    for place in entry.places:
        chunk.places.append((row, *place))


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
