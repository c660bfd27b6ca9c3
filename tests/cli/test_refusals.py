"""Bad input: each a line that says what to do, exit code 2, and nothing half-written."""

from pathlib import Path

import pytest

SLUG = "three-small-habits"
LOGIN = """<html><head><title>Sign in</title></head><body><form action="/login"><h1>Sign in</h1>
<label>Email <input type="email"></label><label>Password <input type="password"></label>
</form></body></html>"""
BAD_ARTICLES = {
    "empty.md": (b"", "is empty"),
    "blank.txt": (b" \n\t\r\n", "is empty"),
    "binary.txt": (bytes(range(256)) * 20, "is a binary file"),
    "page.html": (b"<html><body>" + b"<p>word</p>" * 1_000_000, "is larger than 10 MB"),
    "pictures.html": (
        b"<html><body><img src='a.png'><script>1</script></body></html>",
        "holds no article text",
    ),
    "deep.html": (b"<html><body><p>before</p>" + b"<div>" * 10_000 + b"<p>word</p>", "256 deep"),
    "a-line.txt": (b"Hello. This is one short line.", "give some paragraphs"),
    "login.html": (LOGIN.encode(), "is a login page"),
    "headings.md": (b"# Title\n\n## One\n\n## Two\n", "has headings but no text"),
    "old.doc": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "is an old Word file"),
}


@pytest.mark.parametrize("name", BAD_ARTICLES)
def test_an_article_that_cannot_be_read(line, tmp_path: Path, name: str) -> None:
    data, reason = BAD_ARTICLES[name]
    (tmp_path / name).write_bytes(data)
    for command in (("article", "add"), ("course", "create"), ("lessons",)):
        assert reason in line.refused(*command, tmp_path / name)
    assert line.rows() == {}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("nowhere.md", "does not exist"),
        (".", "is a folder"),
        ("/dev/zero", "is not a regular file"),
        ("http://127.0.0.1:1/", "address not allowed"),
        ("http://10.0.0.1/article", "address not allowed"),
        ("http://[::1]/", "address not allowed"),
        ("http://2130706433/", "address not allowed"),
        ("file:///etc/passwd", "only http:// and https://"),
        ("-", "Standard input is empty"),
        ("\udcff.md", "is not UTF-8 text"),
    ],
)
def test_a_source_that_is_none(line, source: str, reason: str) -> None:
    assert reason in line.refused("article", "add", source)
    assert line.rows() == {}


def test_an_encoding_that_lies_is_seen_through(line, tmp_path: Path) -> None:
    text = "Une phrase pour un café crème. " * 60
    page = f"<html><head><meta charset='utf-8'></head><h1>Café</h1><p>{text}</p>"
    (tmp_path / "lying.html").write_bytes(page.encode("latin-1"))
    assert line.done("article", "add", tmp_path / "lying.html", "--json").json["title"] == "Café"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--days", "foo"], "--days: “foo” is no weekday. Write mon,thu or daily."),
        (["--days", ""], "--days: “” is no weekday."),
        (["--days", "mon,,tue"], "--days: “” is no weekday."),
        (["--time", "25:00"], "--time: “25:00” is no time of day. Write it like 09:00."),
        (["--time", "9"], "--time: “9” is no time of day."),
        (["--time", "24:30"], "--time: “24:30” is no time of day."),
        (["--time", "٩:٠٠x"], "is no time of day"),
        (["--time", "09:00-08:00"], "choose another end"),
        (["--time", "9" * 5000 + ":00"], "is no time of day"),
        (["--gap", "0"], "'--gap'"),
        (["--gap", "often"], "'--gap'"),
        (["--gap", "400"], "make it 1 to 366"),
        (["--zone", "Europe/Berlim"], "Did you mean Europe/Berlin?"),
        (["--start", "soon"], "--start: “soon” is no date."),
        (["--slug", "Small Habits!"], "small letters, digits and hyphens: “small-habits”"),
        (["--form", "wordpress"], "choose one of text, html, markdown, docx, feed, wxr"),
        (["--entry", "2"], "was read as markdown, and only a feed or an export of posts has entries"),
        (["--target", "9"], "in order"),
        (["--start", "9999-12-31"], "more than ten years away"),
    ],
)
def test_a_course_that_cannot_be_made_leaves_no_article(
    line, habits: Path, options: list[str], said: str
) -> None:
    assert said in line.refused("course", "create", habits, *options)
    assert line.rows() == {}


@pytest.mark.parametrize("number", ["99", "99999999999", "9" * 30, "9" * 5000])
def test_an_article_that_was_never_kept(line, number: str) -> None:
    assert "courseletter article list" in line.refused("course", "create", number)


def test_a_slug_that_is_taken(school_line, habits: Path) -> None:
    before = school_line.rows()
    assert "Choose another --slug" in school_line.refused("course", "create", habits, "--slug", SLUG)
    assert school_line.rows() == before


def test_a_title_that_is_taken_is_numbered(school_line, habits: Path) -> None:
    assert school_line.done("course", "create", habits, "--json").json["slug"] == f"{SLUG}-2"


@pytest.mark.parametrize(
    "command",
    [
        ("course", "show"),
        ("course", "publish"),
        ("course", "pause"),
        ("course", "resume"),
        ("enrol", "ada@example.org"),
    ],
)
def test_a_course_that_is_not_there(school_line, command: tuple[str, ...]) -> None:
    said = school_line.refused(*command, "nothing")
    assert said == f"No course is called “nothing”. There is: {SLUG}."


def test_r01_a_course_without_a_postal_address_is_not_published(line, habits: Path) -> None:
    line.done("course", "create", habits)
    line.set("BRAND_ADDRESS", "")
    before = line.rows()
    assert "The footer needs your postal address" in line.refused("course", "publish", SLUG)
    assert line.rows() == before


def test_nobody_is_enrolled_in_a_draft(line, habits: Path) -> None:
    line.done("course", "create", habits)
    line.done("subscriber", "add", "ada@example.org")
    before = line.rows()
    assert f"courseletter course publish {SLUG}" in line.refused("enrol", "ada@example.org", SLUG)
    assert line.rows() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ada"], "cannot be used"),
        (["ada@"], "cannot be used"),
        (["ada@example.org\nBcc: x@example.org"], "cannot be used"),
        (["[red]ada[/red]@example.org"], "cannot be used"),
        (["a" * 400 + "@example.org"], "longer than"),
        (["ada@example.org", "--zone", "Moon/Base"], "No time zone is called “Moon/Base”."),
        (["ada@example.org", "--name", "A\nB"], "The --name has a line break"),
        (["ada@example.org", "--name", "\x1b[31mA"], "control character"),
        (["ada@example.org", "--name", "A" * 101], "longer than 100"),
    ],
)
def test_a_subscriber_that_cannot_be_added(line, arguments: list[str], said: str) -> None:
    assert said in line.refused("subscriber", "add", *arguments)
    assert line.rows() == {}


def test_an_address_that_is_taken_in_any_spelling(line) -> None:
    line.done("subscriber", "add", "ada@example.org", "--name", "Ada")
    said = line.refused("subscriber", "add", "ADA@Example.org", "--name", "Eve")
    assert said.startswith("ada@example.org is a subscriber already. See `courseletter subscriber show")
    assert line.done("subscriber", "show", "ada@example.org", "--json").json["name"] == "Ada"


@pytest.mark.parametrize("command", [("subscriber", "show"), ("subscriber", "unsubscribe")])
def test_a_subscriber_that_is_not_there(line, command: tuple[str, ...]) -> None:
    said = line.refused(*command, "nobody@example.org")
    assert said == (
        "No subscriber has the address nobody@example.org. "
        "Add it: courseletter subscriber add nobody@example.org"
    )


def test_a_lesson_that_the_course_does_not_have(school_line) -> None:
    said = school_line.refused("send-test", SLUG, "--to", "me@example.org", "--lesson", "9")
    assert "has 3 lessons and no lesson 9. Choose one with --lesson; 0 is the welcome." in said
    said = school_line.refused("send-test", SLUG, "--to", "me@example.org", "--name", "A\nB")
    assert said == "The --name has a line break or a NUL in it. Write it on one line."
    assert "cannot be used" in school_line.refused("send-test", SLUG, "--to", "me")


def test_folders_that_hold_no_course_or_cannot_be_written(school_line, tmp_path: Path, habits: Path) -> None:
    before = school_line.rows()
    assert "course.toml is missing" in school_line.refused("course", "import", tmp_path / "nothing")
    assert "course.toml cannot be read" in school_line.refused("course", "import", habits)
    assert "Not a directory" in school_line.refused("course", "export", SLUG, habits)
    assert school_line.rows() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command 'nonsense'. See `courseletter --help`."),
        (["course", "nonsense"], "No such command 'nonsense'. See `courseletter course --help`."),
        (["--nonsense"], "No such option: --nonsense"),
        (["course", "create"], "Missing argument 'ARTICLE'. See `courseletter course create --help`."),
        (["course", "show", "a", "b"], "unexpected extra argument"),
        (["serve", "--port", "70000"], "'--port'"),
    ],
)
def test_a_command_line_that_is_wrong(line, arguments: list[str], said: str) -> None:
    assert said in line.refused(*arguments)


def test_a_demo_that_cannot_be_played_leaves_no_mailbox(new, tmp_path: Path) -> None:
    (tmp_path / "empty.md").touch()
    mailbox = tmp_path / "mails"
    assert "is empty" in new.refused("demo", tmp_path / "empty.md", "--once", "--mailbox", mailbox)
    assert not mailbox.exists()
    said = new.refused("demo", "--once", "--mailbox", mailbox, "--unsubscribe-after", "9")
    assert said == "--unsubscribe-after: the course has 5 lessons. Choose 0 to 5."
    assert not mailbox.exists()
    (mailbox / "new").mkdir(parents=True)
    (mailbox / "new" / "old").write_text("a mail")
    assert "holds mail already" in new.refused("demo", "--once", "--mailbox", mailbox)
    assert (mailbox / "new" / "old").read_text() == "a mail"
    assert not new.home.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["send-test", SLUG, "--to", "a@b.org", "--lesson", "-1"],
            "Write a number from 0 on. See",
        ),
        (["lessons", "x", "--target", "abc"], "'--target': Write a number. See"),
        (["delivery", "settle", "x", "lost"], "'DELIVERY': Write a whole number. See"),
        (["course", "track", SLUG, "maybe"], "'on|off': 'maybe' is not one of 'on', 'off'. See"),
        (["course", "chek", SLUG], "Did you mean 'check'? See"),
    ],
)
def test_a_mistyped_command_line_is_answered_in_plain_words(new, arguments: list[str], said: str) -> None:
    assert said in new.refused(*arguments)


def test_an_endless_name_is_not_said_whole(school_line) -> None:
    said = school_line.refused("course", "show", "x" * 5000)
    assert said.startswith("No course is called “" + "x" * 50)
    assert len(said) < 200


def test_a_test_mail_without_a_postal_address_names_the_setting(school_line) -> None:
    school_line.set("BRAND_ADDRESS", "")
    said = school_line.refused("send-test", SLUG, "--to", "me@example.org")
    assert "Write it as `address` under [brand] in courseletter.toml, or" in said
