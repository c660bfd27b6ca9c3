"""A data folder with keys, and sites whose processes end with the test."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from courseletter import cli
from courseletter.database import Database
from faults.site import Site


TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def modules_of_forks() -> Iterator[None]:
    """The server of forks (faults/process.py) looks for modules where PYTHONPATH says, and only there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(TESTS))
        yield


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
    sites: list[Site] = []

    def make(database: Database, **wishes: Any) -> Site:
        sites.append(Site(database, home, tmp_path, now, **wishes))
        return sites[-1]

    yield make
    for site in sites:
        site.close()
