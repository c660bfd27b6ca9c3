"""The command line: `courseletter NOUN VERB`. A module a noun, imported only when its noun is asked for."""

import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from courseletter.cli.plain import one_line
from courseletter.errors import CourseletterError, InvalidInput

DONE, TO_MEND, INTERRUPTED = 0, 2, 130

_ENDLESS = re.compile(r"“[^”]{250,}”|\S{250,}")

# Importing every command costs half a second; the plan of lessons is asked for in a hurry.
_MODULES = {
    "demo": "courseletter.cli.demo",
    "lessons": "courseletter.cli.lessons",
    "init": "courseletter.cli.init",
    "serve": "courseletter.cli.serve",
    "worker": "courseletter.cli.worker",
    "article": "courseletter.cli.article",
    "course": "courseletter.cli.course",
    "newsletter": "courseletter.cli.newsletter",
    "subscriber": "courseletter.cli.subscriber",
    "field": "courseletter.cli.field",
    "enrol": "courseletter.cli.enrol",
    "simulate": "courseletter.cli.simulate",
    "send-test": "courseletter.cli.send_test",
    "bounces": "courseletter.cli.bounces",
    "import": "courseletter.cli.import_",
    "export": "courseletter.cli.export",
    "suppression": "courseletter.cli.suppression",
    "delivery": "courseletter.cli.delivery",
    "relay": "courseletter.cli.relay",
    "results": "courseletter.cli.results",
    "doctor": "courseletter.cli.doctor",
    "user": "courseletter.cli.user",
    "brand": "courseletter.cli.brand",
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

    def invoke(self, ctx: Any) -> Any:
        try:
            super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # `| head`: the reader of our output has seen enough
            _drop_output()


app = typer.Typer(
    cls=Nouns,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Courseletter turns an article into an email course.\n\n"
    "Start with [bold]courseletter demo[/bold], or [bold]courseletter lessons ARTICLE[/bold] to see a plan. "
    "To send for real: [bold]courseletter init[/bold], then course create, course publish and serve.\n\n"
    "The data folder is COURSELETTER_HOME, else courseletter-data in this folder.",
    epilog="Exit codes: 0 done; 2 something to mend, said in one line on standard error, with nothing "
    "half-written; 1 a fault of the program; 130 interrupted.",
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"courseletter {version('courseletter')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The console script."""
    _open_closed_streams()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line and return its exit code.

    What a person can mend is one line on standard error and exit code 2.
    """
    try:
        _check_text(arguments)
        code = app(list(arguments), prog_name="courseletter", standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit:  # rich leaves the program when nobody reads its output any more (`| head`)
        return DONE
    except CourseletterError as error:
        return _refuse(str(error))
    except TyperException as error:
        return _misused(error)
    except OSError as error:  # a folder that may not be written to, a disk that is full
        if error.filename is None:
            _drop_output()
        what = error.filename or "The output cannot be written"
        return _refuse(
            f"{what}: {error.strerror}. Check the path, its permissions and the room on the disk, "
            "then run it again."
        )


# What pydantic says of a value, as one says it to people.
_PLAINER: Final = (
    (re.compile(r"Value error, "), ""),
    (re.compile(r"Input should be a valid integer.*"), "Write a whole number"),
    (re.compile(r"Input should be a valid number.*"), "Write a number"),
    (re.compile(r"Input should be greater than or equal to"), "Write a number from"),
    (re.compile(r"(Write a number from \S+)$"), r"\1 on"),
    (re.compile(r"\?\.$"), "?"),
)


def _refuse(message: str) -> int:
    print(f"courseletter: {_shortened(one_line(message))}", file=sys.stderr)
    return TO_MEND


def _shortened(message: str) -> str:
    """A message with every endless word or quotation cut: it says which one is meant, not all of it."""
    return _ENDLESS.sub(lambda found: f"{found[0][:60]}…{'”' if found[0][0] == '“' else ''}", message)


def _misused(error: TyperException) -> int:
    """What is wrong with the command line itself; without words, the help has been shown instead."""
    message = error.format_message().strip()
    if not message:
        return TO_MEND
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "courseletter"
    for form, plain in _PLAINER:
        message = form.sub(plain, message)
    message = message if message.endswith("?") else f"{message.rstrip('.')}."
    return _refuse(f"{message} See `{command} --help`.")


def _check_text(arguments: Sequence[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode("utf-8", "replace").decode()
            raise InvalidInput(f"“{shown}” is not UTF-8 text. Type it anew, or rename the file.") from None


def _open_closed_streams() -> None:
    """Python has None for a standard stream that was closed before it started (`<&-`)."""
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115 - open until the process ends
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    # A terminal that cannot show a letter gets a question mark, not a traceback.
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")


def _drop_output() -> None:
    """Let what is still in the buffer go nowhere, so that the interpreter's last flush does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
