"""`courseletter lessons`: JSON for scripts, a table for people, and no database."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from courseletter.cli.lessons import lessons
from courseletter.errors import InvalidInput

FIXTURES = Path(__file__).parent / "fixtures"
ROOT = Path(__file__).resolve().parents[2]
app = typer.Typer()
app.command()(lessons)

KEYS = [
    "title",
    "title_generated",
    "kind",
    "subject",
    "preheader",
    "recap",
    "teaser",
    "words",
    "minutes",
    "headings",
    "html",
    "text",
]


def run(*arguments: str, given: str | bytes | None = None) -> str:
    result = CliRunner().invoke(app, list(arguments), input=given, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_json_is_what_scripts_were_promised() -> None:
    plan = json.loads(run(str(FIXTURES / "walking.html"), "--json"))
    assert list(plan)[:6] == ["title", "language", "disclosures", "disclaimers", "dropped", "lessons"]
    assert (plan["title"], plan["language"], plan["form"]) == ("Why a Daily Walk Works", "en", "html")
    assert len(plan["disclosures"]) == len(plan["disclaimers"]) == 1
    assert all(plan["disclosures"][0] in one["html"] for one in plan["lessons"])
    assert {frozenset(found) for found in plan["dropped"]} == {frozenset({"text", "reason", "score"})}
    welcome, *rest = plan["lessons"]
    assert all(list(lesson)[: len(KEYS)] == KEYS for lesson in plan["lessons"])
    assert welcome["kind"] == "welcome"
    assert welcome["preheader"] == "One short lesson, about a minute. It arrives tomorrow."
    assert {lesson["kind"] for lesson in rest} == {"lesson"}
    text = "".join(lesson["html"] for lesson in plan["lessons"])
    assert '<a href="https://quietpath.example.org/studies/mood?ref=a&amp;b=c"' in text
    assert '<img src="https://quietpath.example.org/img/path.jpg" alt="A path through autumn trees"' in text
    assert "<table>" in text
    assert "<blockquote>" in text
    assert "{{ braces }} or *stars*" in rest[0]["text"]
    assert not any("commission" in lesson["text"] for lesson in plan["lessons"])
    assert "not a substitute" not in text


def test_standard_input_with_the_form_named_and_lengths_set() -> None:
    prose = "Every morning begins with the same ten minutes, and that is the whole secret of it all. " * 14
    text = f"# Mornings\n\n{prose}\n\n## One\n\n{prose}\n\n## Two\n\n{prose}"
    plan = json.loads(run("-", "--form", "markdown", "--json", given=text))
    assert [lesson["title"] for lesson in plan["lessons"]] == ["Welcome", "One", "Two"]
    longer = json.loads(run("-", "--json", "--target", "2", "--min", "2", "--max", "6", given=text))
    assert [lesson["title"] for lesson in longer["lessons"]] == ["Welcome", "One · Two"]


def test_people_get_a_table_and_what_was_left_out() -> None:
    shown = run(str(FIXTURES / "walking.html"))
    assert "Why a Daily Walk Works" in shown
    assert "1/1: The mood lifts first" in shown
    assert "Left out" in shown
    assert "stands outside the article" in " ".join(shown.split())


def test_what_to_look_at_is_said_in_the_table_and_in_the_json() -> None:
    text = "# Mornings\n\n## One\n\n" + "word " * 1500
    (warning,) = json.loads(run("-", "--json", given=text))["warnings"]
    assert warning.startswith("“One” takes 6.3 minutes")
    assert "“One” takes 6.3 minutes" in " ".join(run("-", given=text).split())


def test_bad_input_is_raised_for_the_command_line_to_say() -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        run("missing.txt")
    with pytest.raises(InvalidInput, match="in order"):
        run(str(FIXTURES / "walking.html"), "--target", "9")


def test_it_imports_only_what_it_needs_and_starts_in_under_one_and_a_half_seconds(tmp_path: Path) -> None:
    prose = "Every morning begins with the same ten minutes, and that is the whole secret of it all. " * 3
    article = tmp_path / "a.txt"
    article.write_text(
        "Mornings\n\n" + "".join(f"\n\nPart {name}\n\n{prose}" for name in ("one", "two", "three"))
    )
    program = (
        "import sys, typer\nfrom courseletter.cli.lessons import lessons\n"
        "app = typer.Typer(); app.command()(lessons)\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "heavy = {'trafilatura', 'mammoth', 'feedparser', 'httpx2', 'sqlalchemy', 'py3langid', 'fastapi'} "
        "& set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", program, str(article), "--json"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["title"] == "Mornings"
    # The processor's time: the clock's says more about what else this machine is doing.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.5
