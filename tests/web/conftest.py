"""Pages for tests: the same world on both databases, and on a real port."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import pytest
from fastapi import FastAPI
from reading_room import World, make_world, serving, settings

from courseletter.database import Database
from courseletter.installation import open_installation
from courseletter.web.app import create_app


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


@pytest.fixture
def served(here: World) -> Iterator[World]:
    """The same world on a real port."""
    home = here.installation.settings.home
    served_worlds: list[World] = []

    def make(address: str) -> FastAPI:
        installation = open_installation(settings(home, address), here.clock)
        moved = replace(installation, database=here.installation.database)
        served_worlds.append(World(moved, here.clock, create_app(moved)))
        return served_worlds[0].app

    with serving(make):
        yield served_worlds[0]
