"""`courseletter relay`: what a person sees of the relays, and how they are paused."""

from datetime import UTC, datetime

from sender.mailbox import LocalMailbox
from sender.models import BucketRecord, RelayRecord
from sender.throttle import FULL

SLUG = "three-small-habits"
TWO = """
[relays.main]
host = "smtp.example.net"
weight = 3
per_second = 20
warm_up = 200

[relays.backup]
host = "mail.example.com"
per_day = 500
"""


def configure(line, text: str) -> None:
    path = line.home / "courseletter.toml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_the_one_relay_of_a_newcomer_is_listed(line) -> None:
    (found,) = line.done("relay", "list", "--json").json
    assert (found["name"], found["condition"], found["allowance"], found["used_today"]) == (
        *("smtp", "well", None, None),
    )
    assert "any number" in line.done("relay", "list").out
    assert "any number of messages a day" in line.done("relay", "show", "smtp").out


def test_several_relays_are_listed_with_their_limits(line) -> None:
    configure(line, TWO)
    main, backup = line.done("relay", "list", "--json").json
    assert (main["name"], main["weight"], main["per_second"], main["allowance"]) == ("main", 3, 20, 200)
    assert (backup["name"], backup["allowance"], backup["day"]) == ("backup", 500, 1)
    assert "200 (day 1 of sending)" in line.done("relay", "list").out


def test_a_relay_is_paused_and_resumed(line) -> None:
    assert "relay resume smtp" in line.done("relay", "pause", "smtp").out
    assert "paused by a person" in line.done("relay", "show", "smtp").out
    assert line.done("relay", "pause", "smtp", "--json").json["condition"] == "paused"
    assert line.done("relay", "resume", "smtp", "--json").json["condition"] == "well"
    assert line.done("relay", "show", "smtp", "--json").json["condition"] == "well"


def test_a_relay_that_the_settings_do_not_name_is_refused(line) -> None:
    for act in ("show", "pause", "resume"):
        assert "The settings name smtp." in line.refused("relay", act, "mian")


def test_domains_that_ask_us_to_slow_down_are_shown(line) -> None:
    now = datetime.now(UTC)
    database = line.database()
    with database.write() as session:
        session.add(RelayRecord(name="smtp", rests=1, why="421 busy", open_until=now, day=now.date()))
        moments = {"full_at": FULL.full_at, "queue_until": FULL.queue_until, "slowed_at": now}
        session.add(
            BucketRecord(relay="smtp", domain="gmail.com", rate=2.5, why="421 4.7.28 rate", **moments)
        )
    database.close()
    said = line.done("relay", "show", "smtp").out
    assert "smtp is trying: 421 busy" in said
    assert "gmail.com" in said
    assert "421 4.7.28 rate" in said
    assert "gmail.com" in line.done("relay", "list").out


def test_a_test_mail_goes_through_a_relay_that_real_mail_would_take(
    school_line, mailbox: LocalMailbox
) -> None:
    here = f'host = "{mailbox.host}"\nport = {mailbox.port}\nsecurity = "none"'
    configure(school_line, f'\n[relays.old]\nhost = "localhost"\nport = 1\n[relays.new]\n{here}\n')
    test = ("send-test", SLUG, "--to", "me@example.org")
    said = school_line.refused(*test)
    assert "[relays.old] in courseletter.toml" in said
    school_line.done("relay", "pause", "old")
    school_line.done(*test)
    assert len(mailbox.messages()) == 1
    school_line.done("relay", "pause", "new")
    assert "courseletter relay resume old" in school_line.refused(*test)
    assert len(mailbox.messages()) == 1
