"""`courseletter init` and a data folder that is not as it should be."""

import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from courseletter import config

DEAD = "postgresql://nobody:secret@127.0.0.1:1/nothing"


def test_init_makes_a_whole_folder_that_only_its_owner_reads(new) -> None:
    said = new.done(
        "init", "--brand", "Field Notes", "--from", "notes@example.org", "--smtp-host", "relay.test"
    ).out
    toml = new.home / "courseletter.toml"
    assert f"Still to set in {toml}: `address` under [brand], your postal address" in said
    assert f"Still to set in {toml}: `base_url`" in said
    assert "from_address" not in said
    assert "`host`" not in said
    names = {path.name for path in new.home.iterdir()} - {"courseletter.db-wal", "courseletter.db-shm"}
    assert names == {"courseletter.toml", "courseletter.db", "secret.key", "keys", "dns.txt"}
    for path in (new.home, new.home / "keys", new.home / "secret.key", *(new.home / "keys").iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
    settings = config.load(new.home)
    assert (settings.brand.name, settings.sender.domain, settings.smtp.host) == (
        "Field Notes",
        "example.org",
        "relay.test",
    )
    assert "_domainkey.example.org TXT v=DKIM1" in (new.home / "dns.txt").read_text()


def test_each_hint_of_a_new_settings_file_stands_before_its_setting(new) -> None:
    new.done(
        *("init", "--from", "notes@letters.example.org", "--smtp-host", "smtp.example.org"),
        *("--base-url", "https://letters.example.org", "--brand", "Field Notes"),
    )
    text = (new.home / "courseletter.toml").read_text("utf-8")
    below = dict(re.findall(r"# (\w+ \w+ \w+).*\n\n?(.+)", text))
    assert below == {
        "The address at": 'base_url = "https://letters.example.org"',
        "The zone of": 'timezone = "UTC"',
        "Who the mail": "[brand]",
        "Mail is sent": "[sender]",
        "The server that": "[smtp]",
    }


def test_init_again_changes_nothing_that_exists(school_line) -> None:
    def content() -> dict[Path, bytes]:
        return {
            path: path.read_bytes()
            for path in school_line.home.rglob("*")
            if path.is_file() and ".db" not in path.name
        }

    before, rows = content(), school_line.rows()
    said = school_line.done("init", "--brand", "Another", "--timezone", "Europe/Berlin").out
    assert said.startswith("Checked ")
    toml = school_line.home / "courseletter.toml"
    assert f"Kept “Field Notes”, not --brand “Another”: change `name` under [brand] in {toml}." in said
    assert "--timezone" not in said  # the value in force
    assert (content(), school_line.rows()) == (before, rows)


def test_r09_an_international_domain_is_set_up_as_a_labels(new) -> None:
    new.done("init", "--from", "a@münchen.de")
    records = (new.home / "dns.txt").read_text()
    assert "courseletter-rsa._domainkey.xn--mnchen-3ya.de TXT v=DKIM1" in records
    assert "bounces.xn--mnchen-3ya.de MX" in records


def test_the_records_leave_the_owners_own_mail_alone(new) -> None:
    assert "would replace" not in new.done("init", "--from", "a@example.org").out
    records = [one.split(" ", 2) for one in (new.home / "dns.txt").read_text().splitlines()]
    assert {name for name, kind, value in records if kind == "MX" or "spf1" in value} == {
        "bounces.example.org"
    }
    new.set("SENDER_BOUNCE_DOMAIN", "example.org")
    assert "Its MX and SPF are for example.org itself and would replace" in new.done("init").out


def test_a_lost_secret_is_never_made_anew(school_line) -> None:
    """With another one, nobody on the suppression list would be recognised."""
    school_line.done("subscriber", "add", "ada@example.org")
    (school_line.home / "secret.key").unlink()
    for command in (["init"], ["course", "list"]):
        assert "secret.key is missing. Restore it from a backup" in school_line.refused(*command)
    (school_line.home / "courseletter.toml").unlink()
    assert "secret.key is missing. Restore it from a backup" in school_line.refused("init")
    assert not (school_line.home / "secret.key").exists()
    assert not (school_line.home / "courseletter.toml").exists()


def test_lost_dkim_keys_stop_all_mail_until_there_are_new_ones(school_line) -> None:
    shutil.rmtree(school_line.home / "keys")
    for command in (["send-test", "three-small-habits", "--to", "me@example.org"], ["serve", "--port", "1"]):
        said = school_line.refused(*command)
        assert said.startswith(f"{school_line.home / 'keys'} holds no DKIM keys, so mail would go unsigned.")
    assert "The DKIM keys were missing; new ones are made." in school_line.done("init").out
    assert "new ones are made" not in school_line.done("init").out


def test_publishing_says_what_is_still_to_set(line, habits: Path) -> None:
    line.done("course", "create", habits)
    said = line.done("course", "publish", "three-small-habits").out
    assert "Still to set in courseletter.toml: `base_url`, where readers reach this server" in said
    line.set("BASE_URL", "https://letters.example.org")
    line.set("SMTP_HOST", "relay.example.org")
    assert "Still to set" not in line.done("course", "publish", "three-small-habits").out


def test_init_finishes_what_was_interrupted(line) -> None:
    (line.home / "keys" / "dkim-ed25519.pem").unlink()
    (line.home / "courseletter.db").unlink()
    (line.home / "dns.txt").unlink()
    assert "courseletter init" in line.refused("course", "list")
    line.done("init")
    assert line.done("course", "list", "--json").json == []
    assert "ed25519" in (line.home / "dns.txt").read_text()


def test_four_at_once_agree_on_one_folder(new) -> None:
    command = [sys.executable, "-c", "from courseletter.cli import main; main()", "init"]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(4)]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert {path.name for path in (new.home / "keys").iterdir()} == {"dkim-rsa.pem", "dkim-ed25519.pem"}
    assert not list(new.home.rglob(".*"))
    records = (new.home / "dns.txt").read_text()
    new.done("init")
    assert (new.home / "dns.txt").read_text() == records


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--timezone", "Moon/Base"], "--timezone: "),
        (["--from", "notes"], "--from: write an email address, like letters@example.org (it is 'notes')"),
        (["--from", "a@b.org\nBcc: c@d.org"], "--from: write it on one line"),
        (["--from", "a@b_c.example"], "--from: write an email address"),
        (["--brand", "A\x1b[31m"], "--brand: write it on one line"),
        (["--brand", ""], "--brand: write your name, as readers see it"),
        (["--base-url", "letters.example.org"], "--base-url: write the address people reach"),
    ],
)
def test_a_wrong_setting_makes_no_folder(new, arguments: list[str], said: str) -> None:
    found = new.refused("init", *arguments)
    assert found.startswith(said)
    assert "courseletter.toml" not in found  # there is none yet
    assert not new.home.exists()


def test_a_database_that_is_not_there_makes_no_folder(new) -> None:
    new.set("DATABASE_URL", DEAD)
    said = new.refused("init")
    assert "The database cannot be opened" in said
    assert "secret" not in said
    assert not new.home.exists()


@pytest.mark.parametrize("home", ["/dev/null", "/dev/null/home", "/proc/courseletter"])
def test_a_home_that_cannot_be_made(new, home: str) -> None:
    new.set("HOME", home)
    assert "Set COURSELETTER_HOME to a folder that you may write to." in new.refused("init")
    assert "Run `courseletter init`" in new.refused("course", "list")


@pytest.mark.parametrize(
    "command",
    [
        ("article", "list"),
        ("course", "list"),
        ("subscriber", "show", "ada@example.org"),
        ("export", "subscribers"),
        ("db", "upgrade"),
        ("serve",),
    ],
)
def test_a_folder_that_is_not_set_up_is_not_made_by_looking(new, command: tuple[str, ...]) -> None:
    said = new.refused(*command)
    assert said.startswith(f"{new.home} is no Courseletter data folder yet. Run `courseletter init`")
    assert not new.home.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = [\n", "is not valid TOML"),
        ("brand = 3\n", "brand: write a table, a line [brand] with its settings below"),
        ('[smtp]\nport = "many"\n', "smtp.port: write a whole number (it is 'many')"),
        ("[smtp]\nport = 0\n", "smtp.port: write a number not below 1"),
        ("[smtp]\nhots = 3\n", "smtp.hots: no setting has this name"),
        ('[smtp]\nsecurity = "ssl"\n', "smtp.security: write 'starttls', 'tls' or 'none'"),
        ("[brand]\nname = 3\n", "brand.name: write a text in quotation marks"),
        ('[sender]\ndkim_selector = "a b"\n', "sender.dkim_selector: write letters, digits and hyphens only"),
    ],
)
def test_settings_that_cannot_be_used_are_named(line, text: str, said: str) -> None:
    (line.home / "courseletter.toml").write_text(text)
    for command in (["course", "list"], ["init"]):
        found = line.refused(*command)
        assert said in found
        assert "courseletter.toml" in found


def test_settings_in_another_encoding_are_said_to_be_no_toml(line) -> None:
    (line.home / "courseletter.toml").write_bytes('[brand]\nname = "Café"\n'.encode("latin-1"))
    assert "is not valid TOML" in line.refused("course", "list")


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_damaged_secret_is_never_used_or_replaced(line, secret: str) -> None:
    (line.home / "secret.key").write_text(secret)
    for command in (["course", "list"], ["init"]):
        assert "secret.key is damaged. Restore it from a backup" in line.refused(*command)
    assert (line.home / "secret.key").read_text() == secret
    line.set("SECRET_KEY", "short")
    said = line.refused("course", "list")
    assert said == "COURSELETTER_SECRET_KEY: write 32 random characters or more"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (DEAD, "The database cannot be opened: connection failed"),
        ("mysql://localhost/x", "Courseletter runs on sqlite and postgresql"),
        ("nonsense", "is no database address"),
        ("postgresql://127.0.0.1:abc/x", "is no database address"),
        (
            "sqlite:////nonexistent/folder/x.db",
            "The database /nonexistent/folder/x.db cannot be used: unable",
        ),
    ],
)
def test_a_database_that_cannot_be_reached(line, address: str, said: str) -> None:
    line.set("DATABASE_URL", address)
    for command in (["course", "list"], ["db", "upgrade"]):
        assert said in line.refused(*command)


def _set_version(home: Path, version: str) -> None:
    with sqlite3.connect(home / "courseletter.db") as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (version,))


def test_a_newer_database_is_left_alone(line) -> None:
    _set_version(line.home, "9999")
    assert "courseletter db upgrade" in line.refused("course", "list")
    for command in (["db", "upgrade"], ["init"]):
        assert "made by a newer Courseletter" in line.refused(*command)


def test_a_file_that_is_no_database_is_said_to_be_none(line) -> None:
    (line.home / "courseletter.db").write_bytes(b"not a database at all" * 100)
    for command in (["course", "list"], ["db", "upgrade"]):
        said = line.refused(*command)
        assert (
            said
            == f"{line.home}/courseletter.db is damaged: file is not a database. Restore it from a backup."
        )
    assert (line.home / "courseletter.db").read_bytes().startswith(b"not a database")


def test_a_file_that_is_damaged_within_is_said_to_be(school_line) -> None:
    path = school_line.home / "courseletter.db"
    school_line.done("course", "list")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    said = school_line.refused("course", "list")
    assert said == f"{path} is damaged: database disk image is malformed. Restore it from a backup."


def test_upgrading_says_that_it_is_done(line) -> None:
    assert line.done("db", "upgrade").out == "The database is up to date.\n"
