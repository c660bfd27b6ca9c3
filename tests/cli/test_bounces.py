"""`courseletter bounces`, and the mail server for bounces that `serve` opens beside the pages."""

import smtplib
import socket

from sqlalchemy import select
from test_serving import free_port, serving

from courseletter import config
from courseletter.installation import open_installation
from sender.bounces.report import Kind, Report
from sender.models import Delivery, State
from sender.planning import tick
from sender.return_path import return_path

SLUG = "three-small-habits"
ADA = "ada@example.org"


def sent(line) -> int:  # type: ignore[no-untyped-def]
    """Enrol Ada, and let her welcome be accepted by the relay. Returns the delivery's id."""
    line.done("subscriber", "add", ADA)
    line.done("enrol", ADA, SLUG)
    installation = open_installation(config.load())
    now = installation.clock.now()
    tick(installation.database, now)
    with installation.database.write() as session:
        delivery = session.scalars(select(Delivery)).one()
        delivery.state, delivery.finished_at = State.ACCEPTED, now
        number = delivery.id
    installation.database.close()
    return number


def test_nothing_came_back(school_line) -> None:
    assert school_line.done("bounces", "list").out == "Nothing came back in the last 30 days.\n"
    assert school_line.done("bounces", "list", "--json").json == []


def test_what_came_back_is_listed(school_line) -> None:
    number = sent(school_line)
    installation = open_installation(config.load())
    names = (return_path(installation.settings.key, number, "bounces.example.org"),)
    installation.intake().take(Report(Kind.HARD, "5.1.1", "550 5.1.1 no [bold]such\x1b user", names))
    installation.database.close()
    (found,) = school_line.done("bounces", "list", "--json", "--days", 1).json
    assert (found["kind"], found["email"], found["status"]) == ("hard", ADA, "5.1.1")
    shown = school_line.done("bounces", "list").out
    assert ADA in shown
    assert "no [bold]such? user" in shown


def test_a_look_into_a_mailbox_that_nobody_named(school_line) -> None:
    assert "below [mailbox]" in school_line.refused("bounces", "poll")


def test_a_mailbox_that_cannot_be_reached(school_line) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for protocol in ("imap", "pop3"):
        school_line.set("MAILBOX_PROTOCOL", protocol)
        for name, value in (("HOST", "127.0.0.1"), ("PORT", port), ("USERNAME", "b"), ("PASSWORD", "secret")):
            school_line.set(f"MAILBOX_{name}", value)
        said = school_line.refused("bounces", "poll")
        assert "The bounce mailbox at 127.0.0.1 cannot be read" in said
        assert "secret" not in said


def test_serve_takes_bounces_where_a_port_is_set(school_line) -> None:
    number = sent(school_line)
    port = free_port()
    school_line.set("BOUNCES_LISTEN_PORT", port)
    address = return_path(config.load().key, number, "bounces.example.org")
    raw = (
        "From: MAILER-DAEMON@mx.example.net\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"To: <{address}>\r\n\r\n550 5.1.1 <{ADA}>: user unknown\r\n"
    ).encode()
    with serving("--port", str(free_port())) as process:
        assert process.stdout is not None
        while "Listening" not in process.stdout.readline():
            pass
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            assert smtp.sendmail("", [address], raw) == {}
            assert smtp.mail("")[0] == 250
            assert smtp.rcpt("postmaster@example.org")[0] == 550
    database = school_line.database()
    with database.read() as session:
        assert session.scalars(select(Delivery.state).where(Delivery.id == number)).one() == State.ACCEPTED
    database.close()
    assert school_line.rows()["suppressions"] == 1


def test_the_listener_of_serve_says_when_its_port_is_taken(school_line) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        school_line.set("BOUNCES_LISTEN_PORT", other.getsockname()[1])
        said = school_line.refused("serve", "--port", free_port())
    assert "The bounce listener cannot listen on port" in said
