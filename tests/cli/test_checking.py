"""`courseletter course check`: the report, its JSON and its exit code; publishing stops at what blocks."""

from pathlib import Path

import pytest
from conftest import CommandLine

SLUG = "three-small-habits"


@pytest.fixture
def drafted(line: CommandLine, habits: Path) -> CommandLine:
    line.done("course", "create", habits)
    return line


def edit(line: CommandLine, old: str, new: str) -> None:
    """Change the body of the first lesson's file, and take the folder in again."""
    folder = line.home.parent / "folder"
    line.done("course", "export", SLUG, folder)
    file = sorted((folder / "lessons").iterdir())[1]
    head, body = file.read_text("utf-8").split("---\n\n")
    assert old in body
    file.write_text(f"{head}---\n\n{body.replace(old, new, 1)}", "utf-8")
    said = line("course", "import", folder)
    assert said.code == 0, said.err


def test_a_course_without_findings_says_so(drafted: CommandLine) -> None:
    assert (
        drafted.done("course", "check", SLUG).out
        == "“Three Small Habits”: nothing found. It can be published.\n"
    )


def test_each_finding_is_shown_under_its_lesson_with_line_and_mend(drafted: CommandLine) -> None:
    edit(
        drafted,
        "It is the size",
        "[here](/plan) ![IMG_1.png](https://example.org/a.png)\n\n<form>\n\n{{ subscriber.x }}\n\nIt is",
    )
    said = drafted("course", "check", SLUG)
    assert (said.code, said.err) == (2, "")
    lines = said.out.splitlines()
    assert lines[0] == "Lesson 1 · Start small"
    assert lines[1] == "blocking  line 5: No subscriber has a field “x”."
    assert lines[2] == "          Add it, or give a fallback: {{ subscriber.x | default('…') }}."
    assert "warning   line 1: “here” leads nowhere: its address is not whole." in lines
    assert lines[-1].startswith("“Three Small Habits”: 1 blocking, ")


def test_json_has_every_finding_and_each_mails_size(drafted: CommandLine) -> None:
    edit(drafted, "It is the size", "[here](https://example.org) {{ subscriber.x }}")
    said = drafted("course", "check", SLUG, "--json")
    assert said.code == 2
    report = said.json
    assert (report["blocking"], report["warning"], report["hint"]) == (1, 1, 0)
    assert [(one["code"], one["severity"], one["line"], one["title"]) for one in report["findings"]] == [
        ("field", "blocking", 1, "Start small"),
        ("link-text", "warning", 1, "Start small"),
    ]
    assert set(report["findings"][0]) == {
        "code",
        "severity",
        "message",
        "mend",
        "line",
        "part",
        "lesson",
        "title",
    }
    assert len(report["sizes"]) == 4
    assert all(10_000 < size < 100_000 for size in report["sizes"].values())


def test_what_blocks_stops_publishing_and_a_warning_does_not(drafted: CommandLine) -> None:
    edit(drafted, "It is the size", "[here](https://example.org) {{ subscriber.x }}")
    refusal = drafted.refused("course", "publish", SLUG)
    assert "“Start small”, line 1 of its text: No subscriber has a field “x”. Add it" in refusal
    edit(drafted, "{{ subscriber.x }}", "")
    assert drafted("course", "check", SLUG).code == 0
    assert "is in force" in drafted.done("course", "publish", SLUG).out


def test_r39_links_are_asked_about_only_on_demand_and_never_within(drafted: CommandLine) -> None:
    edit(drafted, "It is the size", "[The plan](http://127.0.0.1:9/plan)")
    assert "cannot" not in drafted("course", "check", SLUG).out
    said = drafted("course", "check", SLUG, "--links")
    assert "line 1: http://127.0.0.1:9/plan cannot be reached: address not allowed." in said.out
    assert said.code == 0


def test_a_course_that_is_not_there(line: CommandLine) -> None:
    assert "No course is called “nothing”" in line.refused("course", "check", "nothing")
