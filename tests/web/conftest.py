"""Pages for tests: the same world on both databases, on a real port, and in one real browser."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copyfile, which

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright
from reading_room import World, make_world, serving, settings

from courseletter.database import Database
from courseletter.installation import open_installation
from courseletter.web.app import create_app

BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
# What Chromium itself says of a form that came back, and of a script that the mailbox's sandbox stopped.
EXPECTED = ["the server responded with a status of 422", "Blocked script execution"]


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """On both databases."""
    return make_world(database, tmp_path)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: a migration each would be half of every test's time."""
    path = tmp_path_factory.mktemp("empty") / "pages.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture
def here(tmp_path: Path, empty_database: Path) -> Iterator[World]:
    """On SQLite alone: for what no database can change."""
    database = Database(f"sqlite:///{copyfile(empty_database, tmp_path / 'pages.db')}")
    yield make_world(database, tmp_path)
    database.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = which("chromium") or which("chromium-browser") or which("google-chrome")
    if path is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("Chromium is missing. Install it: `apt-get install chromium` on Debian.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


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


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page whose console must stay silent."""
    page = chromium.new_page(viewport={"width": 375, "height": 812})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.context.close()
    page.close()
    assert [one for one in said if not any(known in one for known in EXPECTED)] == []
