"""The story that the README tells, command by command, for people and for scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from school import subject_of

from sender.mailbox import LocalMailbox

SLUG = "three-small-habits"


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[LocalMailbox]:
    with LocalMailbox(tmp_path / "mailbox") as running:
        yield running


def walk(line, habits: Path) -> None:
    added = line.done("article", "add", habits, "--json").json
    assert (added["title"], added["sections"]) == ("Three Small Habits", 4)
    assert [one["id"] for one in line.done("article", "list", "--json").json] == [added["id"]]

    created = line.done("course", "create", added["id"], "--days", "mon,thu", "--gap", "3", "--json").json
    assert (created["slug"], created["state"], created["zone"]) == (SLUG, "draft", "Europe/Berlin")
    assert [one["number"] for one in created["lessons"]] == [0, 1, 2, 3]

    published = line.done("course", "publish", SLUG, "--json").json
    assert published["revision"] == 1
    assert published["sign_up"].endswith(f"/c/{SLUG}")

    assert line.done("subscriber", "add", "ada@example.org", "--name", "Ada", "--json").json["zone"] is None
    coming = line.done("enrol", "ada@example.org", SLUG, "--note", "asked by telephone", "--json").json
    assert [one["lesson"] for one in coming][1:] == ["Start small", "Choose a cue", "Forgive a bad day"]
    assert line.done("course", "list", "--json").json[0]["people"] == 1

    shown = line.done("subscriber", "show", "ADA@example.org", "--json").json
    assert [one["act"] for one in shown["consent"]] == ["added"]
    assert [one["course"] for one in shown["courses"]] == [SLUG]

    assert line.done("course", "pause", SLUG, "--json").json == {
        "course": SLUG,
        "state": "paused",
        "called_back": 0,
    }
    assert line.done("course", "resume", SLUG, "--json").json == {"course": SLUG, "state": "resumed"}

    line.done("subscriber", "unsubscribe", "ada@example.org", "--json")
    assert line.done("course", "list", "--json").json[0]["people"] == 0
    assert "suppression list" in line.refused("enrol", "ada@example.org", SLUG)


def test_the_whole_way_on_sqlite(line, habits: Path) -> None:
    walk(line, habits)


def test_the_whole_way_on_postgresql(postgresql_line, habits: Path) -> None:
    walk(postgresql_line, habits)
    assert "ada@example.org" in postgresql_line.done("export", "subscribers").out
    assert postgresql_line.done("db", "upgrade").out == "The database is up to date.\n"


def test_each_step_says_what_comes_next(line, habits: Path) -> None:
    assert "Next: courseletter course create 1" in line.done("article", "add", habits).out
    created = line.done("course", "create", "1").out
    assert f"Next: courseletter course publish {SLUG}" in created
    assert "Forgive a bad day" in created
    assert "Sign-up page: http" in line.done("course", "publish", SLUG).out
    assert "courseletter enrol ada@example.org" in line.done("subscriber", "add", "ada@example.org").out
    assert "What comes, in Europe/Berlin:" in line.done("enrol", "ada@example.org", SLUG).out
    assert (
        "once a week at 9:00, Europe/Berlin · 1 person · published" in line.done("course", "show", SLUG).out
    )
    assert "added" in line.done("subscriber", "show", "ada@example.org").out
    assert "Three Small Habits" in line.done("article", "list").out
    assert SLUG in line.done("course", "list").out
    assert "gets nothing more" in line.done("subscriber", "unsubscribe", "ada@example.org").out


def test_an_article_comes_through_standard_input_too(line, habits: Path) -> None:
    created = line.done("course", "create", "-", "--json", given=habits.read_bytes()).json
    assert created["title"] == "Three Small Habits"


def test_a_course_goes_out_as_a_folder_and_comes_back(school_line, tmp_path: Path) -> None:
    folder = tmp_path / "habits"
    assert school_line.done("course", "export", SLUG, folder).out == f"Wrote {folder}\n"
    lesson = sorted((folder / "lessons").iterdir())[1]
    lesson.write_text(
        lesson.read_text(encoding="utf-8").replace("Start small", "Start tiny"), encoding="utf-8"
    )
    found = school_line.done("course", "import", folder, "--json").json
    assert (found["slug"], found["lessons"][1]["title"]) == (SLUG, "Start tiny")
    assert "with 4 mails" in school_line.done("course", "import", folder).out


def test_a_test_mail_goes_through_the_relay_to_one_address(school_line, mailbox: LocalMailbox) -> None:
    school_line.set("SMTP_HOST", mailbox.host)
    school_line.set("SMTP_PORT", mailbox.port)
    school_line.set("SMTP_SECURITY", "none")
    rows = school_line.rows()
    sent = school_line.done(
        "send-test", SLUG, "--to", "me@example.org", "--lesson", "2", "--name", "Ada", "--json"
    )
    [mail] = mailbox.messages()
    assert mail.subject == sent.json["subject"] == "[Test] 2/3: Choose a cue"
    assert sent.json["message_id"] in mail.raw.decode()
    assert subject_of(mail.raw.split(b"\r\n", 2)[2]) == mail.subject
    assert school_line.rows() == rows
    assert (
        "Sent “[Test] " in school_line.done("send-test", SLUG, "--to", "me@example.org", "--lesson", "0").out
    )


def test_a_relay_that_is_not_there_is_named(school_line) -> None:
    school_line.set("SMTP_PORT", 1)
    said = school_line.refused("send-test", SLUG, "--to", "me@example.org")
    assert "localhost did not take the test" in said
    assert "[smtp] in courseletter.toml" in said
