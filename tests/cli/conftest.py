"""The command line on data folders of its own: empty, ready, or with a published course."""

import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from school import ARTICLE
from sqlalchemy import func, select

from courseletter import cli
from courseletter.database import Base, Database
from sender.mailbox import LocalMailbox

SLUG = "three-small-habits"
FILL = " ".join(
    ["It is the size of the step that decides whether you take it on a wet morning in November."] * 15
)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """`courseletter ...` as the console script runs it, in this process."""

    def __init__(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.home = home
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: object, given: bytes = b"") -> Said:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        self._capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        return Said(code, *self._capsys.readouterr())

    def done(self, *arguments: object, given: bytes = b"") -> Said:
        """Run what must succeed, without a word on standard error."""
        said = self(*arguments, given=given)
        assert (said.code, said.err) == (0, "")
        return said

    def refused(self, *arguments: object, given: bytes = b"") -> str:
        """Run what must be refused: exit code 2, one line, nothing on standard output. Returns the line."""
        said = self(*arguments, given=given)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("courseletter: ")
        assert said.err.count("\n") == 1
        return said.err.removeprefix("courseletter: ").rstrip("\n")

    def set(self, name: str, value: object) -> None:
        self._monkeypatch.setenv(f"COURSELETTER_{name}", str(value))

    def database(self) -> Database:
        return Database(
            os.environ.get("COURSELETTER_DATABASE_URL") or f"sqlite:///{self.home}/courseletter.db"
        )

    def rows(self) -> dict[str, int]:
        """How many rows each table has that has any."""
        database = self.database()
        with database.read() as session:
            counts = {
                table.name: session.scalar(select(func.count()).select_from(table)) or 0
                for table in Base.metadata.sorted_tables
            }
        database.close()
        return {name: count for name, count in counts.items() if count}


def article() -> str:
    return ARTICLE.format(small=FILL, cue=FILL, bad=FILL)


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """A machine on which nothing was set up: COURSELETTER_HOME names a folder that is not there."""
    for name in [name for name in os.environ if name.startswith("COURSELETTER_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("COURSELETTER_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return CommandLine(home, monkeypatch, capsys)


@pytest.fixture(scope="session")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to copy: making its keys takes longer than most tests."""
    home = tmp_path_factory.mktemp("set-up") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSELETTER_HOME", str(home))
        patch.delenv("COURSELETTER_DATABASE_URL", raising=False)
        arguments = ["--brand", "Field Notes", "--address", "1 Example Street", "--from", "notes@example.org"]
        assert cli.run(["init", *arguments, "--timezone", "Europe/Berlin"]) == 0
    return home


@pytest.fixture
def line(new: CommandLine, set_up: Path) -> CommandLine:
    """A data folder that `courseletter init` has set up."""
    shutil.copytree(set_up, new.home)
    return new


@pytest.fixture(scope="session")
def taught(set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to copy, with a published course of a welcome and three daily lessons."""
    folder = tmp_path_factory.mktemp("taught")
    home = Path(shutil.copytree(set_up, folder / "home"))
    (folder / "habits.md").write_text(article(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSELETTER_HOME", str(home))
        patch.delenv("COURSELETTER_DATABASE_URL", raising=False)
        assert cli.run(["course", "create", str(folder / "habits.md"), "--gap", "1"]) == 0
        assert cli.run(["course", "publish", SLUG]) == 0
    return home


@pytest.fixture
def school_line(new: CommandLine, taught: Path) -> CommandLine:
    """A data folder with the published course `three-small-habits`."""
    shutil.copytree(taught, new.home)
    return new


@pytest.fixture
def habits(tmp_path: Path) -> Path:
    path = tmp_path / "habits.md"
    path.write_text(article(), encoding="utf-8")
    return path


@pytest.fixture
def postgresql_line(line: CommandLine, request: pytest.FixtureRequest) -> Iterator[CommandLine]:
    """A data folder whose database is a PostgreSQL, emptied at the end."""
    database = request.getfixturevalue("postgresql")
    line.set("DATABASE_URL", request.getfixturevalue("postgresql_server"))
    yield line
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with database.write() as session:
        session.connection().exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[LocalMailbox]:
    with LocalMailbox(tmp_path / "mailbox") as running:
        yield running
