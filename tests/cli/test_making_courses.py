"""`course create` as its options say, `course copy`, and publishing once more."""

from pathlib import Path

import pytest

from campaigns.reading import FORMS

RSS = """<rss version="2.0"><channel><title>Notes</title>
<item><title>Newer</title><link>https://example.org/2</link><description>{text}</description></item>
<item><title>Older</title><link>https://example.org/1</link><description>{text}</description></item>
</channel></rss>"""
TEXT = "A walk before breakfast decides how the morning goes, and so does the weather. " * 20


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.rss"
    path.write_text(RSS.format(text=TEXT), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("options", "rhythm"),
    [
        ([], "once a week at 9:00"),
        (["--days", "mon,thu"], "Mondays and Thursdays at 9:00"),
        (["--days", "mon,tue,wed,thu,fri"], "Monday to Friday at 9:00"),
        (["--days", "sun,mon"], "Mondays and Sundays at 9:00"),
        (["--days", "daily"], "every day at 9:00"),
        (["--days", "mon"], "Mondays at 9:00"),
        (["--days", "mon,thu", "--gap", "7"], "Mondays and Thursdays at 9:00, a week apart"),
    ],
)
def test_the_days_asked_for_are_the_days_lessons_come_on(
    line, habits: Path, options: list[str], rhythm: str
) -> None:
    assert line.done("course", "create", habits, *options, "--json").json["rhythm"] == rhythm


def test_what_lessons_plans_can_be_made(line, habits: Path) -> None:
    lengths = ["--target", "4", "--min", "3", "--max", "6"]
    planned = line.done("lessons", habits, "--form", "text", *lengths, "--json").json
    made = line.done("course", "create", habits, "--form", "text", *lengths, "--json").json
    assert [one["subject"] for one in made["lessons"][1:]] == [
        one["subject"] for one in planned["lessons"][1:]
    ]
    usual = line.done("course", "create", habits, "--json").json
    assert len(usual["lessons"]) > len(made["lessons"])


def test_an_entry_of_a_feed_is_chosen_or_the_choice_is_mentioned(line, feed: Path) -> None:
    first = line.done("course", "create", feed, "--json").json
    assert first["title"] == "Newer"
    assert "feed.rss holds 2 entries and this is one: --entry chooses" in first["warnings"][0]
    older = line.done("course", "create", feed, "--entry", "2", "--json").json
    assert (older["title"], older["warnings"]) == ("Older", [])
    added = line.done("article", "add", feed, "--entry", "older", "--json").json
    assert (added["title"], added["warnings"]) == ("Older", [])
    assert "feed.rss holds 2 entries" in line.done("article", "add", feed).out


def test_an_article_that_was_read_is_not_read_in_another_way(line, habits: Path) -> None:
    number = line.done("article", "add", habits, "--json").json["id"]
    assert "was read already" in line.refused("course", "create", number, "--form", "html")


@pytest.mark.parametrize("command", [["lessons"], ["article", "add"], ["course", "create"]])
def test_help_names_the_forms_there_are(new, command: list[str]) -> None:
    shown = " ".join(new.done(*command, "--help").out.replace("│", " ").split())
    assert f"{', '.join(FORMS[:-1])} or {FORMS[-1]}" in shown


def test_braces_of_an_article_are_shown_as_a_reader_sees_them(line, tmp_path: Path) -> None:
    article = tmp_path / "braces.md"
    article.write_text(f"# Braces\n\n{TEXT}\n\n## Use {{{{ name }}}}\n\n{TEXT}", encoding="utf-8")
    line.done("course", "create", article)
    shown = line.done("course", "show", "braces", "--json").json["lessons"][1]
    assert (shown["title"], shown["subject"]) == ("Use {{ name }}", "1/1: Use {{ name }}")


def test_a_copy_is_a_draft_of_its_own(school_line) -> None:
    copied = school_line.done("course", "copy", "three-small-habits", "--slug", "habits-2027", "--json").json
    assert (copied["slug"], copied["state"], copied["people"]) == ("habits-2027", "draft", 0)
    assert "Next: courseletter course export" in school_line.done("course", "copy", "habits-2027").out
    school_line.done("course", "publish", "habits-2027")


def test_publishing_what_has_not_changed_says_so(school_line) -> None:
    said = school_line.done("course", "publish", "three-small-habits").out
    assert said.startswith("Nothing has changed since revision 1, which stays in force.\n")
    found = school_line.done("course", "publish", "three-small-habits", "--json").json
    assert (found["revision"], found["changed"]) == (1, False)
