"""`courseletter export`: everything as files, at any time."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.placing import standings
from courseletter.cli.output import AsJson, count, installation, progress, say
from courseletter.cli.plain import visible_json
from courseletter.errors import InvalidInput
from sender import exporting
from sender.models import Delivery, Event
from sender.segmenting import COMPILERS
from subscribers import segments
from subscribers.exporting import forms, records, writing
from subscribers.exporting.forms import Form
from subscribers.exporting.layouts import BY_KEY, OWN, text_of
from subscribers.exporting.records import People
from subscribers.exporting.writing import Watch
from subscribers.models import Suppression
from subscribers.segments import Rule

app = typer.Typer(help="Write lists to files.", no_args_is_help=True, add_completion=False)

Out = Annotated[Path | None, typer.Option(help="The file to write; - or nothing: standard output.")]
As = Annotated[Form, typer.Option("--format", help="What kind of file.")]
Layout = Annotated[str, typer.Option("--as", help=f"Whose columns: {', '.join(BY_KEY)}.")]

In = Annotated[str | None, typer.Option("--segment", help="Only the people of this saved segment.")]

Record = dict[str, Any]
FOLLOWED = 1_000  # records between two looks at the progress


@app.callback()
def _export() -> None:
    pass


@app.command()
def subscribers(
    out: Out = None,
    kind: As = Form.CSV,
    layout: Layout = OWN.key,
    segment: In = None,
    as_json: AsJson = False,
) -> None:
    """Export every subscriber: lists, statuses, consent, tags, fields, courses and where they are in them.

    Our own columns come back whole by `courseletter import subscribers`. A cell that a spreadsheet would
    run as a formula is prefixed with an apostrophe; JSON is left as it is.

    Example: courseletter export subscribers --out subscribers.csv
    """
    if layout not in BY_KEY:
        raise InvalidInput(
            f"Nobody's columns are called “{layout}”. There are: {', '.join(BY_KEY)}.", field="as"
        )
    chosen = BY_KEY[layout]
    with installation() as opened, opened.database.read() as session:
        rule = Rule.from_json(segments.named(session, segment).rule) if segment else Rule()
        wanted = segments.compiled(session, rule, opened.clock.now(), COMPILERS)
        total = segments.count(session, wanted)
        found = People(session, opened.settings.key, standings, wanted)

        def write(file: IO[bytes], watch: Watch) -> None:
            if as_json:
                _write_json(_followed(found, watch), file)
            else:
                writing.write(kind, file, chosen, found, watch)

        _deliver(out, kind, as_json, write, total, "subscriber")


@app.command()
def deliveries(out: Out = None, kind: As = Form.CSV, as_json: AsJson = False) -> None:
    """Export the ledger of deliveries: what went to whom, when, and what came of it.

    Example: courseletter export deliveries --format jsonl --out deliveries.jsonl
    """
    with installation() as opened, opened.database.read() as session:
        found = exporting.deliveries(session)
        _deliver_all(session, out, kind, as_json, exporting.DELIVERIES, found, Delivery, "delivery")


@app.command()
def events(out: Out = None, kind: As = Form.CSV, as_json: AsJson = False) -> None:
    """Export what happened: bounces, complaints, wishes, clicks.

    Example: courseletter export events --out events.csv
    """
    with installation() as opened, opened.database.read() as session:
        _deliver_all(session, out, kind, as_json, exporting.EVENTS, exporting.events(session), Event, "event")


@app.command()
def suppression(out: Out = None, kind: As = Form.CSV, as_json: AsJson = False) -> None:
    """Export the suppression list. Who was erased stands there by a keyed hash, which is good here alone.

    Example: courseletter export suppression --out suppression.csv
    """
    columns = ("email", "hash", "reason", "at", "note")
    with installation() as opened, opened.database.read() as session:
        found = records.suppressions(session)
        _deliver_all(session, out, kind, as_json, columns, found, Suppression, "suppression")


def _deliver_all(
    session: Session,
    out: Path | None,
    kind: Form,
    as_json: bool,
    columns: tuple[str, ...],
    found: Iterable[Record],
    table: Any,
    noun: str,
) -> None:
    total = session.scalar(select(func.count()).select_from(table)) or 0

    def cells(record: Record) -> list[str]:
        return [text_of(record[name]) for name in columns]

    def write(file: IO[bytes], watch: Watch) -> None:
        rows = _followed(found, watch)
        if as_json:
            _write_json(rows, file)
        else:
            forms.write(kind, file, columns, rows, cells)

    _deliver(out, kind, as_json, write, total, noun)


def _followed(found: Iterable[Record], watch: Watch) -> Iterator[Record]:
    for number, record in enumerate(found, start=1):
        yield record
        if number % FOLLOWED == 0:
            watch(number)


def _deliver(
    out: Path | None,
    kind: Form,
    as_json: bool,
    write: Callable[[IO[bytes], Watch], None],
    total: int,
    noun: str,
) -> None:
    if out is None or str(out) == "-":
        if kind is Form.XLSX and not as_json:
            raise InvalidInput("A workbook is no text for a terminal. Name its file with --out.", field="out")
        sys.stdout.flush()
        write(sys.stdout.buffer, lambda _: None)
        return
    replaced = " in place of the file that was there" if out.is_file() else ""
    with _whole_file(out) as file, progress("Exporting") as watch:
        write(file, lambda done: watch(done, total))
    say(f"Wrote {count(total, noun)} to {out}{replaced}.")


def _write_json(found: Iterable[Record], file: IO[bytes]) -> None:
    """One array, one record a line."""
    separator = "[\n"
    for record in found:
        file.write((separator + visible_json(json.dumps(record, ensure_ascii=False))).encode())
        separator = ",\n"
    file.write(b"[]\n" if separator == "[\n" else b"\n]\n")


@contextmanager
def _whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes its place when it is complete; an export that fails leaves none."""
    if path.exists() and not path.is_file():  # a pipe or a device cannot be replaced
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()  # over a symbolic link, its target is replaced
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Addresses of people: for the owner's eyes.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        with suppress(OSError):
            temporary.unlink()
