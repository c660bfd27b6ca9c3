"""`courseletter db`: the tables of the database."""

import typer

from courseletter import config
from courseletter.cli.output import say
from courseletter.database import Database

app = typer.Typer(help="Look after the database.", no_args_is_help=True)


@app.callback()
def _db() -> None:
    pass


@app.command()
def upgrade() -> None:
    """Bring the tables to this version's shape. Safe to repeat.

    Example: courseletter db upgrade
    """
    database = Database(config.load().database)
    database.upgrade()
    database.close()
    say("The database is up to date.")
