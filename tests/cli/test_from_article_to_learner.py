"""The story that the README tells, command by command, for people and for scripts."""

import re
from calendar import day_name
from datetime import UTC, datetime, timedelta
from pathlib import Path

from exports import substack
from school import subject_of
from sqlalchemy import select

from campaigns.models import Course
from courseletter import config
from sender.mailbox import LocalMailbox
from subscribers import consent
from subscribers.models import Subscriber, SuppressionReason
from subscribers.suppression import suppress

SLUG = "three-small-habits"


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


def test_a_test_mail_is_as_a_reader_would_get_it(line, habits: Path, mailbox: LocalMailbox) -> None:
    line.done("course", "create", habits, "--days", "mon")
    line.set("SMTP_HOST", mailbox.host)
    line.set("SMTP_PORT", mailbox.port)
    line.set("SMTP_SECURITY", "none")
    for number in (1, 3):
        line.done("send-test", SLUG, "--to", "me@example.org", "--lesson", number)
    mail, last = mailbox.messages()
    assert mail.date is not None
    assert f"{mail.date.day} {mail.date:%B %Y}" in mail.text  # when they asked for the course
    [day] = set(re.findall(rf"(?:{'|'.join(day_name)}) (\d+ \w+)", mail.text))
    coming = next(mail.date + timedelta(days) for days in range(7, 14) if is_monday(mail.date, days))
    assert day == f"{coming.day} {coming:%B}"
    assert "Choose a cue: " not in mail.text
    assert "Choose a cue" in mail.text
    assert not re.search("|".join(day_name), last.text)


def is_monday(start: datetime, days: int) -> bool:
    return (start + timedelta(days)).weekday() == 0


def test_a_relay_that_is_not_there_is_named(school_line) -> None:
    school_line.set("SMTP_PORT", 1)
    said = school_line.refused("send-test", SLUG, "--to", "me@example.org")
    assert "localhost did not take the test" in said
    assert "[smtp] in courseletter.toml" in said
    assert 'if port 1 speaks TLS from the start, as 465 does, set security = "tls".' in said
    school_line.set("SMTP_SECURITY", "none")
    assert "speaks TLS" not in school_line.refused("send-test", SLUG, "--to", "me@example.org")


def test_the_list_of_courses_counts_lessons_without_the_welcome(school_line) -> None:
    assert re.search(rf"{SLUG} +Three Small Habits +published +3 +0", school_line.done("course", "list").out)


def test_who_has_asked_and_not_confirmed_is_enrolled_only_with_a_note(school_line) -> None:
    school_line.done("subscriber", "add", "ada@example.org")
    database = school_line.database()
    with database.write() as session:
        course, ada = session.scalars(select(Course)).one(), session.scalars(select(Subscriber)).one()
        consent.request(session, course.mailing_list, ada, consent.Evidence(), datetime.now(UTC))
    database.close()
    rows = school_line.rows()
    said = school_line.refused("enrol", "ada@example.org", SLUG)
    assert said.startswith("ada@example.org has asked for this course and not confirmed.")
    assert "--note" in said
    assert school_line.rows() == rows
    school_line.done("enrol", "ada@example.org", SLUG, "--note", "form 12")
    assert "form 12" in school_line.done("subscriber", "show", "ada@example.org").out


def test_a_subscriber_is_shown_by_names_and_days(school_line) -> None:
    school_line.done("subscriber", "add", "ada@example.org")
    school_line.done("enrol", "ada@example.org", SLUG, "--note", "asked by telephone")
    school_line.done("subscriber", "unsubscribe", "ada@example.org")
    shown = school_line.done("subscriber", "show", "ada@example.org").out
    today = f"{datetime.now(UTC):%d %b %Y}"
    assert f"Gets nothing: on the suppression list since {today}" in shown
    assert re.search(rf"{today} \d\d:\d\d UTC +added +{SLUG} +command line +asked by telephone", shown)
    assert re.search(rf"{today} \d\d:\d\d UTC +unsubscribed +everything", shown)
    assert "les_" not in shown
    found = school_line.done("subscriber", "show", "ada@example.org", "--json").json
    assert found["suppressed"]["reason"] == "unsubscribed"
    assert found["consent"][0]["note"] == "asked by telephone"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", found["since"])


def test_who_must_not_be_mailed_is_refused_with_the_reason_and_what_next(school_line) -> None:
    for email, reason, advice in (
        (
            "ada@example.org",
            SuppressionReason.UNSUBSCRIBED,
            "Only they can come back, from the sign-up page.",
        ),
        ("bo@example.org", SuppressionReason.BOUNCED, "enrol another address of theirs"),
    ):
        school_line.done("subscriber", "add", email)
        database = school_line.database()
        with database.write() as session:
            suppress(session, config.load().key, email, reason, datetime(2026, 3, 11, tzinfo=UTC))
        database.close()
        said = school_line.refused("enrol", email, SLUG)
        assert said.startswith(
            f"{email} must not be mailed: on the suppression list since 11 Mar 2026, {reason}."
        )
        assert advice in said


def test_the_posts_of_an_export_are_listed_and_one_becomes_a_course(line, tmp_path: Path) -> None:
    path = tmp_path / "substack.zip"
    path.write_bytes(substack("Light at night", "Noise"))
    listed = line.done("article", "posts", path)
    assert "Light at night" in listed.out
    assert "--entry 1" in listed.out
    found = line.done("article", "posts", path, "--json").json
    assert [(one["number"], one["title"]) for one in found] == [(1, "Noise"), (2, "Light at night")]
    made = line.done("course", "create", path, "--entry", "2", "--json").json
    assert made["title"] == "Light at night"


def test_one_article_has_no_posts_to_list(line, habits: Path) -> None:
    assert "is one article" in line.refused("article", "posts", habits)
