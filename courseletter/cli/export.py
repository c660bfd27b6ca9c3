"""`courseletter export`: lists as files."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from courseletter.cli.output import installation
from subscribers.models import Membership, Subscriber

app = typer.Typer(help="Write lists to files.", no_args_is_help=True)

COLUMNS = ("email", "first_name", "last_name", "zone", "created_at", "lists")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@app.callback()
def _export() -> None:
    pass


@app.command()
def subscribers(
    out: Annotated[Path | None, typer.Option(help="The file to write; else standard output.")] = None,
) -> None:
    """Export every subscriber as CSV, with their lists and statuses.

    A cell that a spreadsheet would run as a formula is prefixed with an apostrophe.

    Example: courseletter export subscribers --out subscribers.csv
    """
    with installation() as opened, opened.database.read() as session:
        if out is None:
            _write(session, sys.stdout)
            return
        with out.open("w", encoding="utf-8", newline="") as file:
            _write(session, file)


def _write(session: Session, file: IO[str]) -> None:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in _rows(session):
        writer.writerow([_safe(cell) for cell in row])


def _rows(session: Session) -> Iterator[list[Any]]:
    """Subscribers in order of their ids, read in windows so that memory stays flat."""
    query = select(Subscriber).order_by(Subscriber.id).execution_options(yield_per=1000)
    for one in session.scalars(query):
        statuses = session.scalars(select(Membership).filter_by(subscriber_id=one.id)).all()
        lists = "; ".join(f"{status.mailing_list.slug}: {status.status}" for status in statuses)
        yield [one.email, one.first_name, one.last_name, one.zone, one.created_at.isoformat(), lists]


def _safe(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
