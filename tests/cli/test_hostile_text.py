"""What strangers wrote is shown and never obeyed: neither as markup of ours nor as a terminal's escape."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from courseletter.cli.plain import one_line, visible, visible_json

MARKUP = "[red]Free[/red] [link=https://example.org]money[/link] [/bold]"
ESCAPES = "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202eevil\u202c"


@pytest.fixture
def hostile(school_line):
    with closing(sqlite3.connect(school_line.home / "courseletter.db")) as database, database:
        for table, column in (("courses", "title"), ("lessons", "title"), ("articles", "title")):
            database.execute(f"UPDATE {table} SET {column} = ?", (f"{MARKUP} {ESCAPES}",))
    return school_line


@pytest.mark.parametrize(
    "command",
    [
        ("article", "list"),
        ("course", "list"),
        ("course", "show", "three-small-habits"),
        ("simulate", "three-small-habits", "--from", "2026-03-11"),
    ],
)
def test_titles_in_tables(hostile, command: tuple[str, ...]) -> None:
    shown = hostile.done(*command).out
    assert MARKUP in shown
    assert not set(shown) & set("\x1b\x07\x9b\u202e\u202c")


def test_titles_in_messages_and_errors(hostile) -> None:
    shown = hostile.refused("course", "publish", "three-small-habits")
    refused = hostile.refused("send-test", "three-small-habits", "--to", "me@example.org", "--lesson", "9")
    checked = hostile("course", "check", "three-small-habits").out
    for text in (shown, refused, checked):
        assert MARKUP in text
        assert not set(text) & set("\x1b\x07\x9b\u202e\u202c")


def test_arguments_in_errors(line) -> None:
    said = line.refused("course", "show", f"{MARKUP}\n{ESCAPES}")
    assert MARKUP in said
    assert not set(said) & set("\x1b\x07\x9b\u202e\u202c\n")
    assert "\x1b" not in line.refused("\x1b[31mnonsense")


def test_json_says_the_same_and_steers_nothing(hostile) -> None:
    said = hostile.done("course", "list", "--json")
    assert said.json[0]["title"] == f"{MARKUP} {ESCAPES}"
    assert not set(said.out) & set("\x1b\x07\x9b")


def test_names_with_brackets_are_names(school_line) -> None:
    added = school_line.done("subscriber", "add", "ada@example.org", "--name", "[red]Ada[/red]").out
    assert "ada@example.org" in added
    assert "[red]Ada[/red]" in school_line.done("subscriber", "show", "ada@example.org").out


def test_an_articles_own_text_in_the_plan_of_lessons(new, habits: Path) -> None:
    habits.write_text(habits.read_text(encoding="utf-8").replace("Start small", "Start \u202esmall [red]"))
    shown = new.done("lessons", habits).out
    assert "[red]" in shown
    assert not set(shown) & set("\x1b\u202e")


def test_plain_text_is_left_alone() -> None:
    letters = "Ünï\tcødé مرحبا 你好 👩‍👩‍👧\nnext\u00a0line"
    assert visible(letters) == letters
    assert visible_json('{"a": "é"}') == '{"a": "é"}'
    assert one_line("a\n b\t\x1bc") == "a b �c"
