"""`courseletter db`: the tables of the database."""

import typer

from courseletter import config
from courseletter.cli.output import AsJson, installation, tell
from courseletter.cli.output import upgrade as bring_up_to_date
from courseletter.database import SCHEMA, Database

app = typer.Typer(help="Look after the database.", no_args_is_help=True, add_completion=False)


@app.callback()
def _db() -> None:
    pass


@app.command()
def upgrade(as_json: AsJson = False) -> None:
    """Bring the tables to this version's shape. Safe to repeat.

    Example: courseletter db upgrade
    """
    database = Database(config.load().database)
    try:
        bring_up_to_date(database)
    finally:
        database.close()
    tell("The database is up to date.", {"version": SCHEMA}, as_json=as_json)


@app.command()
def release(as_json: AsJson = False) -> None:
    """Let a database send again that was copied, moved or restored from a backup.

    Until then all sends are held. What was queued in it is dated anew; what was sent after the backup was
    made is not known to it and comes once more. No other copy of it may be running.

    Example: courseletter db release
    """
    from sender.pausing import release_sends

    with installation() as opened:
        released = release_sends(opened.database, opened.settings.home, opened.clock.now())
    told = "It sends again." if released else "Nothing is held: it sends."
    tell(told, {"released": released}, as_json=as_json)
