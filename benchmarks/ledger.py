"""The ledger without any mail: a crowd promoted, then claimed, marked and recorded in durable windows."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import crowd
from benchmarks.databases import postgresql, sqlite
from courseletter.database import Database
from sender import planning, windows
from sender.claiming import Claim, claim
from sender.run import BATCH

WINDOW = 100  # as many connections as benchmarks/sending.py opens


def measure(folder: Path, people: int = 1_000_000) -> dict[str, dict[str, Any]]:
    """Seconds to promote the crowd and its longest transaction; rows a second of the rest, by database, and
    on PostgreSQL by the number of nodes.
    """
    found: dict[str, dict[str, Any]] = {"promote_1m": {}, "claim_complete": {}, "nodes": {}}
    for name, opened in (("sqlite", sqlite), ("postgresql", postgresql)):
        with opened(folder) as database:
            database.upgrade()
            course = crowd.gather(database, people)
            found["promote_1m"][name] = _promote(database, course)
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
    claim_and_complete(database, rows)
    database.close()


def _promote(database: Database, course: str) -> dict[str, float]:
    chunks = []
    after: planning.Cursor | None = planning.START
    while after is not None:
        began = perf_counter()
        _, after = planning.promote_chunk(database, course, crowd.NOW, after)
        chunks.append(perf_counter() - began)
    return {"seconds": sum(chunks), "max_chunk_s": max(chunks)}


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
