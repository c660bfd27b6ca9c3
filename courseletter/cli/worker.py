"""`courseletter worker`: what is due is sent, without pages, by one of any number of nodes."""

from threading import Event

import typer

from courseletter.cli.output import installation, say

app = typer.Typer(add_completion=False)


@app.command()
def worker() -> None:
    """Send what is due, without the readers' pages, until interrupted.

    On PostgreSQL any number of nodes share the work: run it on each machine, with the same database and keys.
    On SQLite it goes beside `serve --no-worker` on the same machine.

    Example: courseletter worker
    """
    from courseletter.cli.running import until_told_to_end, working
    from courseletter.settling import settle_down

    with installation() as opened, until_told_to_end(), working(opened):
        say(f"Sending through {opened.settings.smtp.host}. Ctrl+C ends it.")
        settle_down()
        Event().wait()
