"""How commands speak: tables for people, JSON for scripts, and one way to open the installation."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from courseletter import config
from courseletter.installation import Installation, open_installation

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

console = Console(highlight=False, soft_wrap=False)


@contextmanager
def installation() -> Iterator[Installation]:
    """The installation in COURSELETTER_HOME, with its database at this version's shape."""
    opened = open_installation(config.load())
    try:
        opened.database.check_version()
        yield opened
    finally:
        opened.database.close()


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print rows as a table that folds long cells and never reads their text as markup."""
    table = Table(*columns, title=title and escape(title), title_justify="left", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    console.print(table)


def say(text: str) -> None:
    """Print one line of plain text, whatever brackets are in it."""
    console.print(escape(text), soft_wrap=True)
