"""Processes that send, on both databases: nothing twice, nothing lost, whoever dies."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile, copytree

import pytest
from nodes import Nodes, address, nodes, runs
from sink import Sink
from sqlalchemy import create_engine, text
from waiting import until

from courseletter import cli, config, jobs
from courseletter.clock import SystemClock
from courseletter.config import SmtpSettings
from courseletter.database import Database
from courseletter.installation import open_installation
from courseletter.processes import Processes
from sender.planning import tick

CLI = "from courseletter.cli import main; main()"
TICKERS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
SENDERS = f"SELECT count(*) FROM {jobs.SCHEMA}.procrastinate_workers"
JOBS = f"SELECT count(*) FROM {jobs.SCHEMA}.procrastinate_jobs"
RUNNING = f"{JOBS} WHERE status = 'doing'"
STALL = f"UPDATE {jobs.SCHEMA}.procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"
END_ALL = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
EMPTY = f"TRUNCATE {jobs.SCHEMA}.procrastinate_jobs, {jobs.SCHEMA}.procrastinate_workers CASCADE"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with secret and keys, to copy."""
    home = tmp_path_factory.mktemp("keys") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("COURSELETTER_")]:
            patch.delenv(name)
        patch.setenv("COURSELETTER_HOME", str(home))
        assert cli.run(["init", "--address", "1 Example Street", "--from", "notes@example.org"]) == 0
    return home


@pytest.fixture
def home(keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("COURSELETTER_")]:
        monkeypatch.delenv(name)
    home = Path(copytree(keys, tmp_path / "home"))
    monkeypatch.setenv("COURSELETTER_HOME", str(home))
    return home


@pytest.fixture
def sink(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with Sink() as sink:
        for name, value in {"HOST": "127.0.0.1", "PORT": str(sink.port), "SECURITY": "none"}.items():
            monkeypatch.setenv(f"COURSELETTER_SMTP_{name}", value)
        yield sink


@pytest.fixture
def on_sqlite(home: Path, sink: Sink, empty_sqlite: Path, tmp_path: Path) -> Iterator[Nodes]:
    database = Database(f"sqlite:///{copyfile(empty_sqlite, home / 'courseletter.db')}")
    with nodes(database, tmp_path, sender_processes=2) as running:
        yield running
    database.close()


@pytest.fixture
def on_server(home: Path, sink: Sink, on_postgresql: Database, tmp_path: Path) -> Iterator[Nodes]:
    address = on_postgresql.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with nodes(on_postgresql, tmp_path, database_url=address, sender_processes=1) as running:
        yield running
    with on_postgresql.write() as session:
        session.execute(text(EMPTY))


def asked(running: Nodes, question: str) -> int:
    with running.database.read() as session:
        return session.execute(text(question)).scalar_one()


def all_once(running: Nodes, sink: Sink, count: int) -> None:
    until(lambda: running.states() == {"accepted": count}, lambda: f"{count} accepted, of {running.states()}")
    assert sorted(sink.accepted) == sorted(address(number) for number in range(count))


# --- SQLite


def test_r21_two_processes_send_each_message_once(on_sqlite: Nodes, sink: Sink) -> None:
    node = on_sqlite.start()
    on_sqlite.enrol(1200)
    until(lambda: len(node.children()) == 2, "two children")
    all_once(on_sqlite, sink, 1200)
    assert sink.most_at_once <= SmtpSettings().connections  # which are meant for both


def test_r21_of_two_workers_on_one_file_one_ticks(on_sqlite: Nodes, sink: Sink) -> None:
    first, second = on_sqlite.start(), on_sqlite.start()
    on_sqlite.enrol(1200)
    all_once(on_sqlite, sink, 1200)
    assert sorted(bool(node.children()) for node in (first, second)) == [False, True]
    leader, other = (first, second) if first.children() else (second, first)
    leader.kill()
    on_sqlite.enrol(1, first=1200)
    all_once(on_sqlite, sink, 1201)
    assert other.children()


def test_a_child_that_dies_is_replaced(on_sqlite: Nodes, sink: Sink) -> None:
    node = on_sqlite.start()
    on_sqlite.enrol(1)
    [child] = until(node.children, "a child")
    all_once(on_sqlite, sink, 1)
    os.kill(child, signal.SIGKILL)
    on_sqlite.enrol(1, first=1)
    all_once(on_sqlite, sink, 2)
    assert "has ended: killed by signal 9" in node.said()
    assert node.children() != [child]


def test_few_recipients_need_one_process(on_sqlite: Nodes, sink: Sink) -> None:
    node = on_sqlite.start()
    on_sqlite.enrol(3)
    all_once(on_sqlite, sink, 3)
    assert len(node.children()) == 1


def test_r28_a_relay_that_stays_silent_keeps_nobody_from_ending(on_sqlite: Nodes, sink: Sink) -> None:
    sink.silent = True
    processes = Processes(open_installation(config.load()).outfit(), 1)
    on_sqlite.enrol(1)
    tick(on_sqlite.database, SystemClock().now())
    processes.run(1)
    processes.nudge()
    until(lambda: sink.sessions, "a message is on its way")
    processes.stop()
    assert not processes.close(patience=0.5)
    assert on_sqlite.states() == {"in_doubt": 1}, "the ledger knows how far it came"


# --- PostgreSQL


def test_r21_three_nodes_share_the_work_and_send_each_message_once(on_server: Nodes, sink: Sink) -> None:
    workers = [on_server.start() for _ in range(3)]
    until(lambda: asked(on_server, SENDERS) == 3, "three nodes that send")
    on_server.enrol(2500)
    all_once(on_server, sink, 2500)
    assert sum("accepted" in node.said() for node in workers) >= 2
    assert sum("2500 queued" in node.said() for node in workers) == 1
    until(lambda: asked(on_server, JOBS) == 0, "finished jobs are deleted")


def test_r21_another_node_ticks_when_the_first_is_killed(on_server: Nodes, sink: Sink) -> None:
    first = on_server.start()
    until(lambda: asked(on_server, TICKERS) == 1, "the first ticks")
    second = on_server.start()
    on_server.enrol(1)
    all_once(on_server, sink, 1)
    assert "1 queued" in first.said()
    first.kill()
    on_server.enrol(1, first=1)
    all_once(on_server, sink, 2)
    assert "1 queued" in second.said()


def test_the_job_of_a_node_that_died_is_swept(on_server: Nodes, sink: Sink) -> None:
    sink.silent = True
    node = on_server.start()
    on_server.enrol(1)
    until(lambda: sink.sessions, "a message is on its way")
    [child] = node.children()
    os.kill(child, signal.SIGKILL)
    node.kill()
    queue = jobs.Jobs(on_server.database)
    assert apart(queue.sweep) == 0, "its heart may still beat"
    with on_server.database.write() as session:
        session.execute(text(STALL))
    assert asked(on_server, RUNNING) == 1
    assert apart(queue.sweep) == 1
    assert asked(on_server, RUNNING) == 0


def apart(act: Callable[[], int]) -> int:
    """Run what needs an event loop of its own: the browser of another test may have this thread's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(act).result()


def test_what_is_ready_without_a_job_gets_one(on_server: Nodes, sink: Sink) -> None:
    """As a lesson that its reader asks for, or an attempt that was put off."""
    on_server.enrol(1)
    now = SystemClock().now()
    tick(on_server.database, now)
    assert on_server.states() == {"ready": 1}
    assert asked(on_server, JOBS) == 0
    on_server.start()
    all_once(on_server, sink, 1)


def test_r23_a_node_goes_on_when_the_database_is_back(on_server: Nodes, sink: Sink) -> None:
    node = on_server.start()
    on_server.enrol(600)
    until(lambda: len(sink.accepted) > 20, "the first arrive")
    url = on_server.database.engine.url
    elsewhere = create_engine(url.set(database="template1"), isolation_level="AUTOCOMMIT")
    with elsewhere.connect() as server:
        server.execute(text(f"ALTER DATABASE {url.database} WITH ALLOW_CONNECTIONS false"))
        server.execute(END_ALL, {"name": url.database})
        try:
            until(lambda: "the database cannot be used" in node.said(), "the ticker notices")
            until(lambda: "the ledger cannot be written" in node.said(), "the sender notices")
        finally:
            server.execute(text(f"ALTER DATABASE {url.database} WITH ALLOW_CONNECTIONS true"))
    elsewhere.dispose()
    all_once(on_server, sink, 600)


# --- Both


@pytest.mark.parametrize("where", ["on_sqlite", "on_server"])
def test_a_parent_that_is_killed_leaves_no_orphan(
    where: str, sink: Sink, request: pytest.FixtureRequest
) -> None:
    running = request.getfixturevalue(where)
    node = running.start()
    running.enrol(1)
    all_once(running, sink, 1)
    children = node.children()
    assert children
    node.kill()
    until(lambda: not any(map(runs, children)), "the children end")


@pytest.mark.parametrize("where", ["on_sqlite", "on_server"])
def test_r28_sigterm_leaves_nothing_half_done(where: str, sink: Sink, request: pytest.FixtureRequest) -> None:
    running = request.getfixturevalue(where)
    node = running.start(CLI, "worker")
    running.enrol(600)
    until(lambda: len(sink.accepted) > 10, "the first arrive")
    children = node.children()
    assert node.terminate() == 0
    assert not any(map(runs, children))
    assert "Traceback" not in node.said()
    states = running.states()
    assert states.keys() <= {"accepted", "ready"}
    assert states.get("accepted", 0) == len(sink.accepted) == len(set(sink.accepted))
    assert sum(states.values()) == 600
