"""An import from its first row to its last: tried out without a trace, or carried out, a chunk a transaction.

What was committed stays, whatever ends the process; whoever goes on begins after it. A fence keeps two
processes from carrying out one import at once: each chunk is written only by who holds it.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from courseletter.clock import Clock
from courseletter.database import Database
from courseletter.errors import CourseletterError, InvalidInput, NotFound
from courseletter.upserting import insert
from subscribers.importing import comparing, indexes, loading, mapping, staging, turns
from subscribers.importing.deciding import Decided, decide, lines_of
from subscribers.importing.mapping import ImportSettings
from subscribers.importing.models import LEASE, Import, ImportProblem, ImportState
from subscribers.importing.pictures import remembering
from subscribers.importing.problems import Problem
from subscribers.importing.reading import Chunk, reading
from subscribers.importing.same_file import SameFile, digest_of
from subscribers.models import Subscriber

NEW: Final = "new"
UPDATED: Final = "updated"
KEPT_OUT: Final = "kept_out"
SKIPPED: Final = "skipped"
PENDING: Final = "pending"  # of the new and the updated: have to be asked
UNDER_WAY: Final = (ImportState.RUNNING, ImportState.TAKING_BACK)
CACHE: Final = 48_000  # KB of SQLite's cache: indexes grow at all their ends at once


class Places(Protocol):
    """Puts imported people where they stood in their courses, which are no business of this package."""

    def __call__(
        self, session: Session, people: Sequence[tuple[int, str, str]], now: datetime
    ) -> dict[tuple[int, str], str]:
        """Place each (subscriber, course, where as JSON); returns why not, where that cannot be."""


@dataclass(slots=True)
class Progress:
    """How far an import has come. `counts`: new, updated, kept_out, skipped, and of the former pending."""

    percent: int = 0
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)


Watch = Callable[[Progress], None]


class Importer:
    """Tries imports out and carries them out on one database, under the key of its suppression list."""

    def __init__(self, database: Database, key: bytes, clock: Clock, places: Places | None = None) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._places = places

    def try_out(
        self,
        path: Path,
        settings: ImportSettings,
        watch: Watch,
        tell: Callable[[Sequence[Problem]], None],
    ) -> Progress:
        """Say what an import would do, to the line, and change nothing. Raises InvalidInput."""
        mapping.check(settings)
        progress = Progress()
        with self._connection(writes=False) as connection:
            way = staging.way_of(self._database.engine)
            with reading(path, settings, self._key, way) as chunks:
                for chunk in chunks:
                    with (
                        staging.attached(connection, chunk),
                        connection.begin() as transaction,
                        Session(connection) as session,
                    ):
                        staging.fill(session, chunk, known=True)
                        decided = decide(session, chunk, self._clock.now())
                        transaction.rollback()
                    tell([*chunk.problems, *decided.kept_out])
                    _count(progress, chunk, decided)
                    watch(progress)
        progress.percent = 100
        return progress

    def carry_out(self, import_id: int, watch: Watch = lambda _: None) -> Import:
        """Go on with an import from where it stands to its end. Raises CourseletterError where it cannot be;
        of InvalidInput, which a person has to mend first, the reason stays with the import.

        Who else carried it out stops at their next chunk: the fence is ours from here on.
        """
        fence = secrets.token_hex(16)
        with self._database.write() as session:
            row = _take(session, import_id, fence, self._clock.now())
        try:
            self._carry_all_in(row, fence, watch)
        except InvalidInput as error:
            with self._database.write() as session:
                mark(session, import_id, fence, why=str(error))
            raise
        with self._database.write() as session:
            done = {"state": ImportState.DONE, "percent": 100, "finished_at": self._clock.now()}
            mark(session, import_id, fence, touched_at=done["finished_at"], **done)
            return session.get_one(Import, import_id)

    def _carry_all_in(self, row: Import, fence: str, watch: Watch) -> None:
        settings = replace(ImportSettings.from_json(row.settings), origin=f"import {row.id}")
        path = Path(row.path)
        same = SameFile.of(path, row.digest, row.id)
        with self._database.read() as session:
            first = session.scalar(select(Subscriber.id).limit(1)) is None
        progress = Progress(row.percent, row.taken, Counter(row.counts))
        begin = partial(turns.begun, first)
        write = partial(self._carry_in, row.id, fence, progress, first)
        with indexes.put_away(self._database, path), ExitStack() as stack:
            one = self._database.is_sqlite
            connections = (stack.enter_context(self._connection(writes=True)) for _ in range(1 if one else 2))
            way = staging.way_of(self._database.engine)
            chunks = stack.enter_context(reading(path, settings, self._key, way, row.taken))
            taken = zip(same.while_unchanged(chunks), cycle(connections), strict=False)
            for _ in turns.one_by_one(taken, write) if one else turns.overlapping(taken, begin, write):
                watch(progress)

    def _carry_in(
        self,
        import_id: int,
        fence: str,
        progress: Progress,
        first: bool,
        chunk: Chunk,
        connection: Connection,
    ) -> None:
        """Write a chunk; once again, where one of its people has signed up meanwhile."""
        with staging.attached(connection, chunk):
            for last_try in (False, True):
                try:
                    with (
                        turns.begun(first and not last_try, chunk, connection),
                        Session(connection) as session,
                    ):
                        self._write(session, import_id, fence, chunk, progress)
                    return
                except IntegrityError:
                    if last_try:
                        raise

    def _write(self, session: Session, import_id: int, fence: str, chunk: Chunk, progress: Progress) -> None:
        now = self._clock.now()
        decided = decide(session, chunk, now, make=True)
        problems = [*chunk.problems, *decided.kept_out]
        shift = loading.add(session, chunk, import_id, now)
        for rows in decided.some_known():
            ids = [decided.known[row] for row in rows if row in decided.known]
            with remembering(session, import_id, ids):
                comparing.write(session, rows, now)
        if chunk.places:
            problems += self._place(session, chunk, decided, shift, now)
        if problems:
            session.execute(insert(session, ImportProblem), [row_of(import_id, one) for one in problems])
        told = replace(progress, counts=Counter(progress.counts))
        _count(told, chunk, decided)
        far = {"taken": chunk.last, "percent": told.percent, "counts": dict(told.counts), "touched_at": now}
        mark(session, import_id, fence, **far)
        progress.percent, progress.rows, progress.counts = told.percent, told.rows, told.counts

    def _place(
        self, session: Session, chunk: Chunk, decided: Decided, shift: int, now: datetime
    ) -> Iterator[Problem]:
        """Put people where they stood in their courses; tell who could not be."""
        out = {*decided.refused, *decided.withheld, *chunk.replaced}
        wanted = [
            (row, decided.known.get(row, row + shift), course, where)
            for row, course, where in chunk.places
            if row not in out
        ]
        refused = self._places(session, [one[1:] for one in wanted], now) if self._places else {}
        left = [one for one in wanted if (one[1], one[2]) in refused]
        lines = lines_of(session, {row for row, *_ in left})
        for row, subscriber, course, _ in left:
            why = f"Taken, but not into the course “{course}”: {refused[subscriber, course]}"
            yield *lines[row][:2], "", why, True, []

    @contextmanager
    def _connection(self, *, writes: bool) -> Iterator[Connection]:
        """A connection of our own, with the staged tables, that nobody gets after us."""
        options = {"writes": writes, "durable": False}  # what a crash loses is imported again, as is `taken`
        with self._database.engine.connect().execution_options(**options) as connection:
            try:
                if self._database.is_sqlite:
                    _tune(connection)
                staging.prepare(connection)
                yield connection
            finally:
                connection.invalidate()


def _tune(connection: Connection) -> None:
    """SQLite for many rows, whose ids are just made."""
    driver: Any = connection.connection.driver_connection  # before any transaction: within one it is too late
    for pragma in (f"cache_size = -{CACHE}", "wal_autocheckpoint = 16000", "foreign_keys = OFF"):
        driver.execute(f"PRAGMA {pragma}")


def choose(
    session: Session, path: Path, name: str, settings: ImportSettings, by: str, now: datetime
) -> Import:
    """Write a file down whose columns somebody is going to look at."""
    return _written(session, path, digest_of(path), name, settings, by, now)


def _written(
    session: Session, path: Path, digest: str, name: str, settings: ImportSettings, by: str, now: datetime
) -> Import:
    row = Import(
        name=name,
        path=str(path.resolve()),
        digest=digest,
        settings=settings.to_json(),
        state=ImportState.CHOSEN,
        started_by=by,
        created_at=now,
        touched_at=now,
    )
    session.add(row)
    session.flush()
    return row


def want_trial(session: Session, row: Import, settings: ImportSettings, now: datetime) -> None:
    """Let an import be tried out as these settings say. Raises InvalidInput that names what is wrong."""
    _check_state(row, ImportState.CHOSEN, ImportState.TRIED, ImportState.FAILED)
    mapping.check(settings)
    row.settings = settings.to_json()
    _begin_anew(session, row, ImportState.TRYING, now)


def want(session: Session, row: Import, now: datetime) -> None:
    """Let an import that was tried out be carried out. A second press finds it under way: InvalidInput."""
    _check_state(row, ImportState.TRIED)
    check_not_under_way(session, row.digest)
    _begin_anew(session, row, ImportState.RUNNING, now)


def _begin_anew(session: Session, row: Import, state: ImportState, now: datetime) -> None:
    row.state, row.counts, row.percent, row.taken, row.touched_at = state, {}, 0, 0, now
    session.execute(delete(ImportProblem).where(ImportProblem.import_id == row.id))


def _check_state(row: Import, *allowed: ImportState) -> None:
    if row.state not in allowed:
        raise InvalidInput(f"This import is {row.state} already. Reload the page.")


def check_not_under_way(session: Session, digest: str) -> None:
    """Raise InvalidInput where the same file is on its way in. Nobody else begins one until we are done."""
    if dialect_of(session) == "postgresql":  # on SQLite nobody else writes anyway
        session.execute(text("LOCK TABLE imports IN SHARE ROW EXCLUSIVE MODE"))
    open_ = select(Import).where(Import.digest == digest, Import.state == ImportState.RUNNING)
    under_way = session.scalar(open_.limit(1))
    if under_way is not None:
        raise InvalidInput(
            f"This file is on its way in already, as import {under_way.id}: {under_way.taken:,} rows are "
            "taken. If it has stopped, go on with it: --resume, or Go on, on its page.",
            field="file",
        )


def begin(
    session: Session, path: Path, name: str, settings: ImportSettings, by: str, now: datetime
) -> Import:
    """Write an import down, to be carried out. Raises InvalidInput where the same file is on its way in."""
    mapping.check(settings)
    digest = digest_of(path)
    check_not_under_way(session, digest)
    row = _written(session, path, digest, name, settings, by, now)
    row.state = ImportState.RUNNING
    return row


def find(session: Session, import_id: int) -> Import:
    row = session.get(Import, import_id)
    if row is None:
        raise NotFound(f"There is no import {import_id}.")
    return row


def unfinished(session: Session, path: Path) -> Import:
    """The import that this file is on its way in by. Raises NotFound where there is none."""
    wanted = select(Import).where(Import.digest == digest_of(path), Import.state == ImportState.RUNNING)
    row = session.scalar(wanted.order_by(Import.id.desc()).limit(1))
    if row is None:
        raise NotFound("No import of this file has stopped on its way. Leave --resume out to begin one.")
    return row


def abandoned(session: Session, now: datetime) -> Sequence[int]:
    """Imports that are to be carried out or taken back, and of whose process nothing was heard for the time
    of a lease; not those of which a person has to mend something first.
    """
    waits = (Import.fence == "") | (Import.touched_at < now - LEASE)  # nobody's yet, or nobody's any more
    under_way = Import.state.in_(UNDER_WAY), Import.why == ""
    return session.scalars(select(Import.id).where(*under_way, waits).order_by(Import.id)).all()


def _take(session: Session, import_id: int, fence: str, now: datetime) -> Import:
    row = find(session, import_id)
    if row.state != ImportState.RUNNING:
        raise InvalidInput(f"Import {import_id} is {row.state}. There is nothing to go on with.")
    row.fence, row.touched_at, row.why = fence, now, ""
    session.flush()
    return row


def mark(session: Session, import_id: int, fence: str, **values: Any) -> None:
    """Write down how far the import is. Raises CourseletterError where somebody else holds it by now."""
    mark = update(Import).where(Import.id == import_id, Import.fence == fence).values(values)
    if session.scalar(mark.returning(Import.id)) is None:
        raise CourseletterError(f"Another process has taken import {import_id} over, and goes on with it.")


def _count(progress: Progress, chunk: Chunk, decided: Decided) -> None:
    out = {*decided.refused, *decided.withheld}
    progress.percent, progress.rows = chunk.percent, chunk.last
    progress.counts += Counter(
        {
            NEW: chunk.people - len(chunk.replaced) - len(out) - len(decided.known),
            UPDATED: len(decided.known),
            KEPT_OUT: len(out),
            SKIPPED: sum(not taken for *_, taken, _ in chunk.problems),
            PENDING: decided.pending,
        }
    )


def as_problem(row: ImportProblem) -> Problem:
    return row.part, row.line, row.text, row.reason, row.taken, row.cells


def row_of(import_id: int, problem: Problem) -> dict[str, Any]:
    part, line, text, reason, taken, cells = problem
    named = {"part": part, "line": line, "text": text, "reason": reason, "taken": taken, "cells": cells}
    return {"import_id": import_id, **named}
