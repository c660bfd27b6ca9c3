"""`courseletter serve` begins on a free port only, and ends cleanly within seconds."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from sqlalchemy import event

from courseletter import config
from courseletter.cli.serve import leads_elsewhere
from courseletter.engine import InProcess
from courseletter.installation import open_installation
from courseletter.logs import told
from courseletter.role import role_of
from courseletter.worker import Worker

MAIN = "from courseletter.cli import main; main()"


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A server that has said that it listens; killed at the end, whatever it does."""
    command = [sys.executable, "-u", "-c", MAIN, "serve", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(school_line, stop: signal.Signals) -> None:
    port = free_port()
    with serving("--port", str(port)) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(4)]
        assert said[1].startswith("Nobody can sign in yet.")
        assert said[2] == f"Listening on 127.0.0.1:{port}. Ctrl+C ends it.\n"
        assert "not where the links in mails lead" in said[3]
        first_link = urlsplit(said[1].split()[-1])
        for path, words in (("/healthz", b"ok\n"), (first_link.path, b"you become the owner")):
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                assert words in answer.read()
        process.send_signal(stop)
        rest, _ = process.communicate(timeout=15)
    assert process.returncode == 0
    assert "Traceback" not in rest


def test_a_port_that_is_taken_is_said_with_another(school_line) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = school_line.refused("serve", "--port", port)
    assert said == (
        f"127.0.0.1:{port} cannot be listened on: Address already in use. "
        f"Name another one: courseletter serve --port {port % 65535 + 1}"
    )


def test_a_host_that_is_not_ours_is_said(school_line) -> None:
    assert "cannot be listened on" in school_line.refused(
        "serve", "--host", "192.0.2.1", "--port", free_port()
    )


def test_pages_alone_send_nothing(school_line) -> None:
    school_line.done("subscriber", "add", "ada@example.org")
    school_line.done("enrol", "ada@example.org", "three-small-habits")
    with serving("--port", str(free_port()), "--no-worker") as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("Sending is left to `worker`\n")
        assert process.stdout.readline().startswith("Nobody can sign in yet")
        assert process.stdout.readline().startswith("Listening")
        process.terminate()
        process.communicate(timeout=15)
    assert process.returncode == 0
    assert "deliveries" not in school_line.rows()
    assert not list(school_line.home.glob("*.ticker")), "it did not even try to tick"


@pytest.mark.parametrize(
    ("base_url", "port", "elsewhere"),
    [
        ("http://127.0.0.1:8000", 8000, False),
        ("http://127.0.0.1:8000", 8001, True),
        ("http://localhost", 80, False),
        ("https://letters.example.org", 8000, False),
    ],
)
def test_links_that_lead_to_another_port_are_noticed(base_url: str, port: int, elsewhere: bool) -> None:
    assert leads_elsewhere(base_url, port) is elsewhere


def test_a_tick_tells_what_it_did_in_words(school_line, caplog: pytest.LogCaptureFixture) -> None:
    school_line.done("subscriber", "add", "ada@example.org")
    school_line.done("enrol", "ada@example.org", "three-small-habits")
    school_line.set("SMTP_PORT", 1)
    with caplog.at_level("INFO", "courseletter"):
        ticked(school_line)
    said = [(one.name, one.message) for one in caplog.records]
    assert ("courseletter", "1 queued, 1 deferred") in said
    assert any("relay smtp is left alone until" in message for _, message in said)


def test_a_database_that_is_down_is_one_line_a_tick(line, caplog: pytest.LogCaptureFixture) -> None:
    line.set("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    ticked(line)
    [record] = [one for one in caplog.records if one.name == "courseletter"]
    assert record.message.startswith("the database cannot be used: connection failed")
    assert record.message.endswith("; the next tick tries again")
    assert "\n" not in record.message
    assert record.exc_info is None


def test_a_trigger_that_leads_a_whole_list_on_holds_up_no_tick(school_line) -> None:
    opened = open_installation(config.load())
    worker = Worker(opened, InProcess(opened.mailer()), role_of(opened.database))
    ticks: list[Thread] = []

    def tick_meanwhile(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM triggers" in statement and not ticks:
            ticks.append(Thread(target=worker.tick))
            ticks[0].start()
            ticks[0].join(60)

    event.listen(opened.database.engine, "after_cursor_execute", tick_meanwhile)
    worker.pull()
    assert [one.is_alive() for one in ticks] == [False]
    worker.stop()
    opened.database.close()


def ticked(line) -> None:  # type: ignore[no-untyped-def]
    opened = open_installation(config.load())
    worker = Worker(opened, InProcess(opened.mailer()), role_of(opened.database))
    told(worker.tick)
    worker.stop()
    opened.database.close()
