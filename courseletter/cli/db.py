"""`courseletter db`: the tables of the database."""

import typer

from courseletter import config
from courseletter.cli.output import say
from courseletter.cli.output import upgrade as bring_up_to_date
from courseletter.database import Database

app = typer.Typer(help="Look after the database.", no_args_is_help=True, add_completion=False)


@app.callback()
def _db() -> None:
    pass


@app.command()
def upgrade() -> None:
    """Bring the tables to this version's shape. Safe to repeat.

    Example: courseletter db upgrade
    """
    database = Database(config.load().database)
    try:
        bring_up_to_date(database)
    finally:
        database.close()
    say("The database is up to date.")
