"""`courseletter export`: lists as files."""

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from courseletter.cli.output import AsJson, count, installation, say, tracked
from courseletter.cli.plain import visible_json
from courseletter.spreadsheet import safe
from subscribers.models import Membership, Subscriber

app = typer.Typer(help="Write lists to files.", no_args_is_help=True, add_completion=False)

WINDOW = 1000  # subscribers in memory at once, with their memberships
COLUMNS = ("email", "first_name", "last_name", "zone", "created_at", "lists", "fields")

Record = dict[str, Any]


@app.callback()
def _export() -> None:
    pass


@app.command()
def subscribers(
    out: Annotated[
        Path | None, typer.Option(help="The file to write; - or nothing: standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Export every subscriber as CSV, with their lists, statuses and custom fields.

    A cell that a spreadsheet would run as a formula is prefixed with an apostrophe; JSON is left as it is.

    Example: courseletter export subscribers --out subscribers.csv
    """
    write = _write_json if as_json else _write_csv
    with installation() as opened, opened.database.read() as session:
        if out is None or str(out) == "-":
            write(_records(session), sys.stdout)
            return
        total = session.scalar(select(func.count()).select_from(Subscriber)) or 0
        replaced = " in place of the file that was there" if out.is_file() else ""
        with _whole_file(out) as file:
            write(tracked(_records(session), total, "Exporting"), file)
    say(f"Wrote {count(total, 'subscriber')} to {out}{replaced}.")


def _records(session: Session) -> Iterator[Record]:
    """Subscribers in order of their ids, read in windows so that memory stays flat."""
    query = (
        select(Subscriber)
        .options(selectinload(Subscriber.memberships).joinedload(Membership.mailing_list))
        .order_by(Subscriber.id)
        .execution_options(yield_per=WINDOW)
    )
    for one in session.scalars(query):
        yield {
            "email": one.email,
            "first_name": one.first_name,
            "last_name": one.last_name,
            "zone": one.zone,
            "created_at": one.created_at.isoformat(),
            "lists": {member.mailing_list.slug: member.status for member in one.memberships},
            "fields": one.fields,
        }


def _write_csv(records: Iterable[Record], file: IO[str]) -> None:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for record in records:
        lists = "; ".join(f"{slug}: {status}" for slug, status in sorted(record["lists"].items()))
        fields = json.dumps(record["fields"], ensure_ascii=False) if record["fields"] else ""
        writer.writerow(safe(cell) for cell in (*list(record.values())[:-2], lists, fields))


def _write_json(records: Iterable[Record], file: IO[str]) -> None:
    """One array, one record a line."""
    separator = "[\n"
    for record in records:
        file.write(separator + visible_json(json.dumps(record, ensure_ascii=False)))
        separator = ",\n"
    file.write("[]\n" if separator == "[\n" else "\n]\n")


@contextmanager
def _whole_file(path: Path) -> Iterator[IO[str]]:
    """A file to write that takes its place when it is complete; an export that fails leaves none."""
    if path.exists() and not path.is_file():  # a pipe or a device cannot be replaced
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    path = path.resolve()  # over a symbolic link, its target is replaced
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Addresses of people: for the owner's eyes.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        with suppress(OSError):
            temporary.unlink()
