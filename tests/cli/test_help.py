"""Help: every command says what it is for and shows an example that the command line understands."""

import re
import shlex
from importlib import import_module
from importlib.metadata import version

import pytest
import typer

from campaigns.reading.forms import FORMS
from courseletter import cli

JARGON = re.compile(r"\b(ORM|SQLAlchemy|pydantic|idempotent|payload|enqueue|upsert|callback)\b", re.I)


def _commands() -> dict[str, typer.core.TyperCommand]:
    found = {}
    for noun, module in cli._MODULES.items():
        command = typer.main.get_command(import_module(module).app)
        found |= _below(noun, command)
    return found


def _below(name: str, command: typer.core.TyperCommand) -> dict[str, typer.core.TyperCommand]:
    found = {}
    for verb, one in getattr(command, "commands", {"": command}).items():
        found[f"{name} {verb}".strip()] = one
        if getattr(one, "commands", {}):
            found |= _below(f"{name} {verb}", one)
    return found


COMMANDS = _commands()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself(new, name: str) -> None:
    command = COMMANDS[name]
    examples = re.findall(
        r"courseletter [^\n/]+", re.sub(r"\n +", " ", (command.help or "").partition("Example")[2])
    )
    assert examples, "no example"
    assert all(example.startswith(f"courseletter {name}") for example in examples)
    assert not JARGON.search(command.help)
    undocumented = [one.name for one in command.params if one.name != "help" and not getattr(one, "help", "")]
    assert not undocumented
    shown = new.done(*name.split(), "--help").out
    assert "Example" in shown
    assert not new.home.exists()


# `subscriber export` is JSON as it is; the others run until they are ended, or set up a folder.
NO_JSON = {"init", "serve", "worker", "subscriber export"}


@pytest.mark.parametrize(
    "name", [one for one in COMMANDS if getattr(COMMANDS[one], "commands", None) is None]
)
def test_every_command_answers_scripts_in_json(name: str) -> None:
    options = {option for one in COMMANDS[name].params for option in one.opts}
    assert ("--json" in options) is (name not in NO_JSON)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_a_command_line_that_parses(name: str) -> None:
    text = re.sub(r"\s+", " ", COMMANDS[name].help.partition("Example: ")[2])
    words = shlex.split(text)[1 + len(name.split()) :]
    COMMANDS[name].make_context(name, words)


def test_the_root_names_every_noun_and_the_exit_codes(new) -> None:
    shown = new.done("--help").out
    assert all(noun in shown for noun in cli._MODULES)
    assert "Exit codes: 0 done; 2 something to mend" in shown
    assert "COURSELETTER_HOME" in shown


@pytest.mark.parametrize("arguments", [[], ["course"], ["export"]])
def test_no_command_shows_help_and_is_a_mistake(new, arguments: list[str]) -> None:
    said = new(*arguments)
    assert said.code == 2
    assert "Usage: courseletter" in said.out
    assert said.err == ""


def test_the_version_is_the_installed_one(new) -> None:
    assert new.done("--version").out == f"courseletter {version('courseletter')}\n"


def test_every_form_that_help_offers_is_known(new) -> None:
    for name in ("lessons", "article add"):
        [form] = [one for one in COMMANDS[name].params if one.name == "form"]
        offered = re.findall(r"\w+", re.split("[;]", form.help)[0].replace(" or ", " "))
        assert tuple(offered) == FORMS


def test_no_command_offers_to_install_a_completion(new) -> None:
    for name in COMMANDS:
        assert "--install-completion" not in new.done(*name.split(), "--help").out
