"""`courseletter import`: lists from elsewhere, tried out and taken in, and taken back as a whole."""

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy import select

from courseletter.cli.output import AsJson, count, installation, print_json, print_table, say
from courseletter.errors import InvalidInput
from courseletter.installation import Installation
from courseletter.lists import detach, importer_of
from subscribers.importing import mapping, undoing
from subscribers.importing import running as imports
from subscribers.importing.mapping import Consent, ImportSettings
from subscribers.importing.models import ImportProblem
from subscribers.importing.problems import Problem, write_csv
from subscribers.importing.reading import tables_in
from subscribers.importing.running import KEPT_OUT, NEW, PENDING, SKIPPED, UPDATED
from subscribers.importing.values import Order, order_of

app = typer.Typer(help="Bring lists over from elsewhere.", no_args_is_help=True, add_completion=False)

SHOWN = 10  # problems on the terminal; the file of --errors has all
SAMPLED = 200  # rows that tell what comes first in 02/03/2024

File = Annotated[Path | None, typer.Argument(metavar="FILE", help="CSV, TSV, JSONL, XLSX, or a ZIP of them.")]


@app.callback()
def _import() -> None:
    pass


@app.command()
def subscribers(
    file: File = None,
    to: Annotated[str | None, typer.Option("--list", help="The mailing list they come to.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and save nothing.")
    ] = False,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="HEADING=TARGET", help="What a column becomes, like Plan=field:plan."),
    ] = None,
    vouch: Annotated[
        str, typer.Option(help="How those without evidence consented; kept in the ledger.")
    ] = "",
    ask: Annotated[
        bool, typer.Option("--ask", help="Let everybody confirm, whatever the file says.")
    ] = False,
    tag: Annotated[list[str] | None, typer.Option(help="A tag for all of them.")] = None,
    dates: Annotated[Order | None, typer.Option(help="What comes first in 02/03/2024.")] = None,
    errors: Annotated[Path | None, typer.Option(help="Write the rows not taken here, to mend them.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where this file's import stopped.")] = False,
    undo: Annotated[int | None, typer.Option(metavar="ID", help="Take a whole import back.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import people with their consent, tags and fields. The program that wrote the file is found out.

    Who unsubscribed, bounced or complained arrives as such. Who has no evidence of consent has to confirm.

    Example: courseletter import subscribers mailchimp.zip --list letter --dry-run
    """
    with installation() as opened:
        if undo is not None:
            return _take_back(opened, undo, as_json)
        if file is None:
            raise InvalidInput("Name the file to import.", field="file")
        if resume:
            with opened.database.read() as session:
                import_id = imports.unfinished(session, file).id
            return _carry_out(opened, import_id, errors, as_json)
        settings = _settings(file, to, columns or (), Consent.ASK if ask else None, vouch, tag or (), dates)
        if dry_run:
            return _try_out(opened, file, settings, errors, as_json)
        with opened.database.write() as session:
            row = imports.begin(session, file, file.name, settings, "command line", opened.clock.now())
        return _carry_out(opened, row.id, errors, as_json)


def _settings(
    file: Path,
    to: str | None,
    columns: Sequence[str],
    consent: Consent | None,
    vouch: str,
    tags: Sequence[str],
    order: Order | None,
) -> ImportSettings:
    tables = tables_in(file)
    targets: dict[str, str] = {}
    for table, source in tables:
        targets |= {**dict(source.suggest(table.headings)), **targets}
    for one in columns:
        heading, equals, target = one.rpartition("=")
        if not equals or heading not in targets:
            raise InvalidInput(
                f"No column is called “{heading or one}”. There are: {', '.join(targets)}.", field="map"
            )
        targets[heading] = target
    samples = [cell for row in tables[0][0].sample(SAMPLED) for cell in row]
    settings = ImportSettings(
        source=tables[0][1].key,
        columns=tuple(targets.items()),
        list_slug=to,
        consent=consent or (Consent.VOUCH if vouch else Consent.KEEP),
        note=vouch,
        order=order or order_of(samples),
        extra_tags=tuple(tags),
    )
    if "email" not in targets.values():
        raise InvalidInput(
            "No column is the email address. Say which one is, like --map "
            f"“{next(iter(targets))}=email”. There are: {', '.join(targets)}.",
            field="map",
        )
    mapping.check(settings)
    return settings


def _try_out(
    opened: Installation, file: Path, settings: ImportSettings, errors: Path | None, as_json: bool
) -> None:
    problems: list[Problem] = []
    with _told(errors, settings) as write, _bar("Trying") as watch:

        def tell(found: Sequence[Problem]) -> None:
            write(found)
            problems.extend(found[: SHOWN - len(problems)])

        progress = importer_of(opened).try_out(file, settings, watch, tell)
    _report("Nothing was saved. This file would bring", progress.counts, problems, settings, as_json, None)
    encoding = tables_in(file)[0][0].encoding
    if not encoding.startswith("utf") and not as_json:
        say(f"It is not in UTF-8, and was read as {encoding}. Where names look odd, save it as UTF-8.")


def _carry_out(opened: Installation, import_id: int, errors: Path | None, as_json: bool) -> None:
    with _bar("Importing") as watch:
        row = importer_of(opened).carry_out(import_id, watch)
    settings = ImportSettings.from_json(row.settings)
    with opened.database.read() as session:
        wanted = select(ImportProblem).where(ImportProblem.import_id == import_id).order_by(ImportProblem.id)
        shown = [imports.as_problem(one) for one in session.scalars(wanted.limit(SHOWN))]
        with _told(errors, settings) as write:
            for one in session.scalars(wanted.execution_options(yield_per=1000)) if errors else ():
                write([imports.as_problem(one)])
    _report(f"Import {import_id} has brought", Counter(row.counts), shown, settings, as_json, import_id)


def _take_back(opened: Installation, import_id: int, as_json: bool) -> None:
    with opened.database.read() as session:
        imports.find(session, import_id)
    with _bar("Taking back") as watch:
        counts = undoing.take_back(opened.database, import_id, opened.clock, detach, watch).counts
    names = (undoing.TAKEN_BACK, undoing.RESTORED, undoing.KEPT)
    found, lost = {name: counts.get(name, 0) for name in names}, undoing.lost(counts)
    if as_json:
        return print_json({"import": import_id, **found, "lost": lost})
    say(
        f"Import {import_id} is taken back: {count(found[undoing.TAKEN_BACK], 'person')} removed, "
        f"{found[undoing.RESTORED]} as before, {found[undoing.KEPT]} kept because of what happened since."
    )
    if lost:
        told = ", ".join(f"{name} ({many:,})" for name, many in lost.items())
        say(f"Not as before, since the field is gone by now or of another kind: {told}.")
    return None


def _report(
    beginning: str,
    counts: Counter[str],
    problems: Sequence[Problem],
    settings: ImportSettings,
    as_json: bool,
    import_id: int | None,
) -> None:
    names = (NEW, UPDATED, KEPT_OUT, SKIPPED, PENDING)
    listed = [
        {"part": part, "line": line, "text": text, "reason": why} for part, line, text, why, *_ in problems
    ]
    if as_json:
        found: dict[str, Any] = {name: counts[name] for name in names}
        return print_json({"import": import_id, "source": settings.source, **found, "problems": listed})
    people = "1 new person" if counts[NEW] == 1 else f"{counts[NEW]:,} new people"
    changed = f", and news of {counts[UPDATED]:,} more" if counts[UPDATED] else ""
    say(
        f"{beginning} {people}{changed}. Still to confirm: {counts[PENDING]:,}. "
        f"Kept out: {counts[KEPT_OUT]:,}. Rows skipped: {counts[SKIPPED]:,}."
    )
    if listed:
        print_table(("part", "line", "as written", "why"), [list(one.values()) for one in listed])
    if import_id is not None:
        say(f"Take it back as a whole: courseletter import subscribers --undo {import_id}")
    return None


@contextmanager
def _told(path: Path | None, settings: ImportSettings) -> Iterator[Callable[[Sequence[Problem]], None]]:
    """What writes the rows that were not taken into a file; nothing where none is wanted."""
    if path is None:
        yield lambda _: None
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield write_csv(csv.writer(file), settings)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[imports.Progress], None]]:
    """A bar on standard error where somebody watches it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with bar:
        task = bar.add_task(what, total=100)
        yield lambda progress: bar.update(task, completed=progress.percent)
