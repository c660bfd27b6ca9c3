"""The command line: `courseletter NOUN VERB`. A module a noun, imported only when its noun is asked for."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from courseletter.errors import CourseletterError

# Importing every command costs half a second; the plan of lessons is asked for in a hurry.
_MODULES = {
    "demo": "courseletter.cli.demo",
    "lessons": "courseletter.cli.lessons",
    "init": "courseletter.cli.init",
    "serve": "courseletter.cli.serve",
    "article": "courseletter.cli.article",
    "course": "courseletter.cli.course",
    "subscriber": "courseletter.cli.subscriber",
    "enrol": "courseletter.cli.enrol",
    "simulate": "courseletter.cli.simulate",
    "send-test": "courseletter.cli.send_test",
    "export": "courseletter.cli.export",
    "db": "courseletter.cli.db",
}


class Nouns(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is the library's
        return list(_MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        command = typer.main.get_command(import_module(_MODULES[cmd_name]).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Nouns,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Courseletter turns an article into an email course.\n\n"
    "Start with [bold]courseletter demo[/bold], or [bold]courseletter lessons ARTICLE[/bold] to see a plan.",
)


@app.callback()
def _root() -> None:
    pass


def main() -> None:
    """The console script. What a person can mend is one line on standard error and exit code 2."""
    try:
        app()
    except CourseletterError as error:
        print(f"courseletter: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        sys.exit(0)
