"""How commands speak: tables for people, JSON for scripts, and one way to open the installation."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from courseletter import config
from courseletter.cli.plain import one_line, visible, visible_json
from courseletter.database import Database, DatabaseError, is_unusable, unusable
from courseletter.installation import Installation, open_installation

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
CourseName = Annotated[str, typer.Argument(metavar="COURSE", help="The course's name in links, or its id.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The subscriber's address.")]


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


OnOff = Annotated[Switch, typer.Argument(metavar="on|off", help="Whether clicks are counted.")]

_NO_TERMINAL = 10_000  # columns: a file or a pipe has no edge to fold or cut a cell at


@contextmanager
def installation() -> Iterator[Installation]:
    """The installation in COURSELETTER_HOME, with its database at this version's shape."""
    opened = open_installation(config.load())
    try:
        opened.database.check_version()
        yield opened
    except DBAPIError as error:
        if is_unusable(error):
            raise unusable(error, opened.database.engine.url) from error
        raise DatabaseError(
            f"The database refused: {_first_line(error)}. What was under way is undone; run it again."
        ) from error
    finally:
        opened.database.close()


def upgrade(database: Database) -> None:
    """Bring the tables to this version's shape. Raises DatabaseError where that cannot be done."""
    from alembic.util import CommandError

    try:
        database.upgrade()
    except CommandError:
        raise DatabaseError(
            "The database was made by a newer Courseletter. Install that version, or use another database."
        ) from None
    except DBAPIError as error:
        raise DatabaseError(f"The database refused: {_first_line(error)}. Run it again.") from error


def print_json(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_as_json)
    # The terminal's encoding may not hold every letter; JSON is UTF-8 by its definition (RFC 8259).
    typer.echo(visible_json(text).encode())


def _as_json(value: Any) -> str:
    """A moment in ISO 8601; anything else as it says itself."""
    return value.isoformat() if isinstance(value, date) else str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print rows as a table that folds long cells and never reads their text as markup."""
    table = Table(title=title and _plain(title), title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_plain("" if cell is None else str(cell)) for cell in row))
    _console().print(table)


def say(text: str) -> None:
    """Print one line of plain text, whatever brackets and control characters are in it."""
    _console().print(_plain(text), soft_wrap=True)


def tell(sentence: str, facts: Any, *, as_json: bool) -> None:
    """Say what was done, to people in a sentence or to scripts in facts."""
    if as_json:
        return print_json(facts)
    return say(sentence)


def print_text(text: Text) -> None:
    """Print a text with its colours, where the output shows any."""
    _console().print(text, soft_wrap=True)


def count(number: int, noun: str) -> str:
    """`1 lesson`, `2 lessons`, `3 deliveries`, `4 people`."""
    if number == 1:
        return f"{number} {noun}"
    if noun == "person":
        return f"{number:,} people"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith(("ry", "ty")) else f"{number:,} {noun}s"


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar to be told how many are done, and of how many; on standard error where somebody watches it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=min(done, total), total=total)


def _console() -> Console:
    width = None if sys.stdout.isatty() else _NO_TERMINAL
    return Console(highlight=False, width=width)


def _plain(text: str) -> str:
    return escape(visible(text))


def _first_line(error: DBAPIError) -> str:
    return one_line(str(error.orig).partition("\n")[0]).rstrip(". ")
