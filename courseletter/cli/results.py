"""`courseletter results`: how far people get in a course, and after which lesson they stop."""

from datetime import timedelta
from typing import Annotated

import typer

from campaigns.drafting import find_course
from courseletter.cli.output import AsJson, CourseName, installation, print_json, print_table, say
from courseletter.errors import InvalidInput
from courseletter.spreadsheet import as_csv
from sender.funnel import as_dict, as_table, funnel
from sender.results import bring_up_to_date

app = typer.Typer(add_completion=False)


@app.command()
def results(
    course: CourseName,
    as_json: AsJson = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print a row a week of sign-up and lesson.")] = False,
) -> None:
    """Show who gets how far in a course, who clicks, and where people stop.

    Example: courseletter results small-habits
    """
    if as_json and csv:
        raise InvalidInput("Ask for --json or for --csv, not for both.", field="--csv")
    with installation() as opened:
        keep = timedelta(days=opened.settings.clicks.keep_days)
        bring_up_to_date(opened.database, opened.clock.now(), keep)
        with opened.database.read() as session:
            found = funnel(session, find_course(session, course))
    if as_json:
        return print_json(as_dict(found))
    if csv:
        return typer.echo(as_csv(*as_table(found)), nl=False)
    everybody = found.everybody
    end = "nobody has come to an end yet" if everybody.in_100 is None else f"{everybody.in_100} in 100 finish"
    say(f"{everybody.joined} joined, {everybody.under_way} under way, {everybody.stopped} stopped: {end}.")
    columns = (
        "",
        "lesson",
        "received",
        "clicked",
        "scanner clicks",
        "stopped",
        "unsubscribed",
        "paused",
        "bounced",
    )
    rows = [
        (
            "·" if one.number is None else one.number or "W",
            one.title,
            one.numbers.received,
            one.numbers.clicked if found.tracked else "–",
            one.numbers.scanner_clicks if found.tracked else "–",
            one.numbers.stopped,
            one.numbers.unsubscribed,
            one.numbers.paused,
            one.numbers.bounced,
        )
        for one in found.steps
    ]
    print_table(columns, rows)
    if not found.tracked:
        say(f"Clicks are not counted. Count them: courseletter course track {course} on")
    return None
