"""Pages for tests: the same world on both databases, and on a real port."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copyfile

import pytest
from fastapi import FastAPI
from reading_room import World, make_world, serving, settings
from show_room import enter, furnish

from courseletter.database import Base, Database
from courseletter.installation import open_installation
from courseletter.web.app import create_app


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page waits for is done when it answers, on however busy a machine."""
    monkeypatch.setattr("courseletter.lists.PATIENCE", 60)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """On both databases."""
    return make_world(database, tmp_path)


@pytest.fixture
def here(tmp_path: Path, empty_sqlite: Path) -> Iterator[World]:
    """On SQLite alone: for what no database can change."""
    database = Database(f"sqlite:///{copyfile(empty_sqlite, tmp_path / 'pages.db')}")
    yield make_world(database, tmp_path)
    database.close()


@pytest.fixture(scope="session")
def furnished_sqlite(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A furnished workshop to copy: letting people live through five weeks takes longer than most tests."""
    folder = tmp_path_factory.mktemp("furnished")
    database = Database(f"sqlite:///{copyfile(empty_sqlite, folder / 'furnished.db')}")
    furnish(database, folder, people=6)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder / "furnished.db"


@pytest.fixture
def shop(tmp_path: Path, furnished_sqlite: Path) -> Iterator[World]:
    """A furnished workshop, on SQLite alone."""
    database = Database(f"sqlite:///{copyfile(furnished_sqlite, tmp_path / 'shop.db')}")
    yield enter(database, tmp_path)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def furnished(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A furnished workshop, on both databases; with fewer people where they must live each time."""
    if request.param == "sqlite":
        shop: World = request.getfixturevalue("shop")
        return shop
    database: Database = request.getfixturevalue("on_postgresql")
    furnish(database, tmp_path, people=2)
    return enter(database, tmp_path)


@pytest.fixture
def on_postgresql(postgresql: Database) -> Iterator[Database]:
    yield postgresql
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with postgresql.write() as session:
        session.connection().exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


@pytest.fixture
def served(here: World) -> Iterator[World]:
    """The same world on a real port."""
    home = here.installation.settings.home
    served_worlds: list[World] = []

    def make(address: str) -> FastAPI:
        installation = open_installation(settings(home, address), here.clock)
        moved = replace(installation, database=here.installation.database)
        served_worlds.append(World(moved, here.clock, create_app(moved, least_form_age=timedelta(0))))
        return served_worlds[0].app

    with serving(make):
        yield served_worlds[0]
