"""Imports taken back: a list that changed everybody, then the one that brought them, on both databases.

`python -m benchmarks.undoing [rows]`. Told are seconds on the wall and of our processor, the longest
transaction, and the most memory of the process that does it, in MB.
"""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from benchmarks.databases import postgresql, sqlite
from benchmarks.importing import KEY, generate
from courseletter.clock import SystemClock
from courseletter.database import Database
from courseletter.lists import detach
from subscribers.importing import running, undoing
from subscribers.importing.mapping import ImportSettings
from subscribers.importing.reading import tables_in
from subscribers.importing.running import Importer
from subscribers.models import MailingList


def measure(folder: Path, rows: int) -> Iterator[tuple[str, dict[str, Any]]]:
    path, changed = folder / "people.csv", folder / "changed.csv"
    generate(path, rows)
    changed.write_text(path.read_text(encoding="utf-8").replace(",Name", ",Other"), encoding="utf-8")
    for name, opened in (("sqlite", sqlite), ("postgresql", postgresql)):
        with opened(folder) as database:
            database.upgrade()
            with database.write() as session:
                session.add(MailingList(slug="letter", name="Letter", created_at=datetime.now(UTC)))
            brought, changed_by = _bring(database, path), _bring(database, changed)
            address = database.engine.url.render_as_string(hide_password=False)
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as another:
                for what, import_id in (("changed", changed_by), ("brought", brought)):
                    yield f"{name}, {what}", another.submit(_undone, address, import_id).result()


def _bring(database: Database, path: Path) -> int:
    ((table, source),) = tables_in(path)
    settings = ImportSettings(source.key, source.suggest(table.headings), "letter", extra_tags=(path.stem,))
    with database.write() as session:
        now = datetime.now(UTC)
        import_id = running.begin(session, path, path.name, settings, "a benchmark", now).id
    Importer(database, KEY, SystemClock()).carry_out(import_id)
    return import_id


def _undone(address: str, import_id: int) -> dict[str, Any]:
    database = Database(address)
    wall, cpu = perf_counter(), process_time()
    marks = [wall]

    def watch(*_: object) -> None:
        marks.append(perf_counter())

    done = undoing.take_back(database, import_id, SystemClock(), detach, watch)
    took = round(perf_counter() - wall, 1), round(process_time() - cpu, 1)
    longest = max(after - before for before, after in pairwise(marks))
    database.close()
    return {
        "wall_s": took[0],
        "cpu_s": took[1],
        "longest_s": round(longest, 2),
        "rss_mb": _most(),
        **done.counts,
    }


def _most() -> int:
    """The most that this process has held, in MB, and not the one that started it (proc(5))."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(one.split()[1]) >> 10 for one in lines if one.startswith("VmHWM"))


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        for what, figures in measure(Path(temporary), int(sys.argv[1]) if sys.argv[1:] else 100_000):
            print(what, json.dumps(figures), flush=True)
