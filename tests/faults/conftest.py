"""A data folder with keys, and sites whose processes end with the test."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from faults.report import Report
from faults.scale import LONG, SHORT, Scale
from faults.school_of_many import found
from faults.site import Site

from courseletter import cli
from courseletter.database import Database

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def modules_of_forks() -> Iterator[None]:
    """The server of forks (faults/process.py) finds our modules where PYTHONPATH says, and only there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(TESTS), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def scale(pytestconfig: pytest.Config) -> Scale:
    return LONG if pytestconfig.getoption("soak") else SHORT


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Iterator[Report]:
    """What was found; written down at the end of a soak (`make soak`)."""
    report = Report()
    yield report
    if path := pytestconfig.getoption("soak"):
        Path(path).write_text(report.text(), "utf-8")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as `courseletter init` makes it: making its keys takes longer than most tests."""
    home = tmp_path_factory.mktemp("site") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSELETTER_HOME", str(home))
        patch.delenv("COURSELETTER_DATABASE_URL", raising=False)
        arguments = ["--brand", "Field Notes", "--address", "1 Example Street", "--from", "notes@example.org"]
        assert cli.run(["init", *arguments]) == 0
    return home


@pytest.fixture
def new_site(home: Path, tmp_path: Path, now: datetime) -> Iterator[Callable[..., Site]]:
    """Makes a site on a database; `lessons` founds its course there first, `at` is when its clock starts."""
    sites: list[Site] = []

    def make(database: Database, *, people: int, lessons: int = 0, at: datetime = now, **wishes: Any) -> Site:
        folder = Path(copytree(home, tmp_path / f"home {len(sites)}"))
        if lessons:
            found(database, people, lessons, at)
        sites.append(Site(database, folder, at, people=people, **wishes))
        return sites[-1]

    yield make
    for site in sites:
        site.close()
