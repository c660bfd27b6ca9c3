"""The ledger without any mail: a crowd promoted, then claimed, marked and recorded in durable windows."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import event

from benchmarks import crowd
from benchmarks.databases import postgresql, sqlite
from courseletter.database import Database
from courseletter.settling import settle_down
from sender import planning, windows
from sender.claiming import Claim, claim
from sender.run import BATCH

EARLIER = timedelta(minutes=30)
WINDOW = 100  # as many connections as benchmarks/sending.py opens


def measure(folder: Path, people: int = 1_000_000) -> dict[str, dict[str, Any]]:
    """Seconds to promote the crowd and its longest transaction; rows a second of the rest, by database, and
    on PostgreSQL by the number of nodes.
    """
    settle_down()  # as a process that sends does, whose work claiming is
    found: dict[str, dict[str, Any]] = {"promote_1m": {}, "claim_complete": {}, "nodes": {}}
    for name, opened in (("sqlite", sqlite), ("postgresql", postgresql)):
        with opened(folder) as database:
            database.upgrade()
            crowd.gather(database, people)
            found["promote_1m"][name] = _promote(database)
            rows = people // 10
            began = perf_counter()
            claim_and_complete(database, rows)
            found["claim_complete"][name] = {"rows_per_s": rows / (perf_counter() - began)}
            if not database.is_sqlite:
                address = database.engine.url.render_as_string(hide_password=False)
                found["nodes"] = {str(n): _nodes(address, n, rows // n) for n in (1, 2, 3)}
    return found


def _nodes(address: str, count: int, rows: int) -> float:
    """Rows a second of so many processes together, each of which completes so many."""
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as nodes:
        list(nodes.map(_node, [address] * count, [0] * count))  # they are up
        began = perf_counter()
        list(nodes.map(_node, [address] * count, [rows] * count))
        return count * rows / (perf_counter() - began)


def _node(address: str, rows: int) -> None:
    database = Database(address)
    settle_down()
    claim_and_complete(database, rows)
    database.close()


def _promote(database: Database) -> dict[str, float]:
    """A tick for the few whose own hour is earlier, then one for everybody else.

    In the first the process loads and compiles what it needs, once; the longest transaction is the second's.
    """
    began = perf_counter()
    planning.tick(database, crowd.NOW - EARLIER)
    with _transactions(database) as lasted:
        planning.tick(database, crowd.NOW)
    return {"seconds": perf_counter() - began, "max_chunk_s": max(lasted)}


@contextmanager
def _transactions(database: Database) -> Iterator[list[float]]:
    """The seconds that each transaction holds its connection meanwhile, commit included, on any thread."""
    began: dict[object, float] = {}
    lasted: list[float] = []

    def taken(connection: object, *_: object) -> None:
        began[connection] = perf_counter()

    def given_back(connection: object, _: object) -> None:
        lasted.append(perf_counter() - began[connection])

    heard = (("checkout", taken), ("checkin", given_back))
    for name, hear in heard:
        event.listen(database.engine.pool, name, hear)
    yield lasted
    for name, hear in heard:
        event.remove(database.engine.pool, name, hear)


def claim_and_complete(database: Database, rows: int) -> None:
    """Every window is committed durably: what has ended is recorded with the mark of what comes next."""
    done = 0
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
