"""A database that was copied or restored is recognised, and sends nothing until a person releases it."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copyfile
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from newsroom import Newsroom, at
from school import School
from sqlalchemy import update

from campaigns.newsletters.models import IssueState
from courseletter.database import Database
from courseletter.errors import CourseletterError
from sender.instance import FILE_NAME, recognise
from sender.models import Instance, State
from sender.newsletters import steering
from sender.newsletters.writing import send_due
from sender.pausing import RESTORED, release_sends
from sender.planning import tick


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def copied(tmp_path: Path, empty_sqlite: Path) -> Iterator[tuple[Database, Database]]:
    """A SQLite database, and the file its copy will stand in."""
    original = Database(f"sqlite:///{copyfile(empty_sqlite, tmp_path / 'original.db')}")
    copy = Database(f"sqlite:///{tmp_path / 'copy.db'}")
    yield original, copy
    original.close()
    copy.close()


def test_r25_the_same_database_goes_on(database: Database, home: Path, now: datetime) -> None:
    assert [recognise(database, home, now) for _ in range(3)] == [None, None, None]


def test_r25_a_copy_is_held_until_it_is_released(
    copied: tuple[Database, Database], home: Path, now: datetime, tmp_path: Path
) -> None:
    original, copy = copied
    School(original, now).enrol()
    recognise(original, home, now)
    original.close()
    copyfile(tmp_path / "original.db", tmp_path / "copy.db")
    school = School(copy, now)
    assert "another place" in (recognise(copy, home, now) or "")
    school.work()
    assert school.memory.delivered == []
    assert recognise(copy, home, now)  # and stays so
    assert release_sends(copy, home, now)
    assert recognise(copy, home, now) is None
    school.work()
    assert len(school.memory.delivered) == 1
    # The folder belongs to the released one now: the other is the stranger.
    assert recognise(original, home, now)


def test_r25_a_restored_backup_is_held(database: Database, home: Path, now: datetime) -> None:
    recognise(database, home, now)
    marks = json.loads((home / FILE_NAME).read_text())
    (home / FILE_NAME).write_text(json.dumps({**marks, "beat": marks["beat"] + 5}))
    assert "restored" in (recognise(database, home, now) or "")
    assert release_sends(database, home, now)
    assert recognise(database, home, now) is None
    assert not release_sends(database, home, now)


def test_r25_a_release_on_one_node_holds_for_all(
    on_postgresql: Database, tmp_path: Path, now: datetime
) -> None:
    nodes = [tmp_path / name for name in ("one", "two")]
    for node in nodes:
        node.mkdir()
        assert recognise(on_postgresql, node, now) is None
    marks = json.loads((nodes[1] / FILE_NAME).read_text())
    for node in nodes:  # both have seen more of the database than there is now
        (node / FILE_NAME).write_text(json.dumps({**marks, "beat": marks["beat"] + 5}))
    assert [bool(recognise(on_postgresql, node, now)) for node in nodes] == [True, True]
    assert release_sends(on_postgresql, nodes[0], now)
    assert [recognise(on_postgresql, node, now) for node in (*nodes, *nodes)] == [None] * 4
    # A folder that was never this database's is a stranger's all the same.
    (nodes[1] / FILE_NAME).write_text(json.dumps({"identity": "0" * 32, "beat": 1}))
    assert "another database" in (recognise(on_postgresql, nodes[1], now) or "")


def test_r25_nothing_queued_long_ago_goes_out_on_release(
    database: Database, home: Path, now: datetime
) -> None:
    school = School(database, now)
    enrolment = school.enrol()
    school.work()
    school.clock.move_to(school.next_moment() or now)
    tick(database, school.clock.now())
    recognise(database, home, now)
    _restore(database, home, school.clock.now())
    school.clock.move_to(school.clock.now() + timedelta(days=3, hours=2))
    release_sends(database, home, school.clock.now())
    school.work()
    assert [one.state for one in school.deliveries()] == [State.ACCEPTED, State.CANCELLED]
    due = school.enrolment(enrolment).due_at
    assert due is not None
    assert due > school.clock.now()


def test_r25_issues_that_may_have_gone_out_elsewhere_wait_for_a_person(
    database: Database, home: Path, now: datetime
) -> None:
    newsroom = Newsroom(School(database, now))
    newsroom.add("ada@inbox.example.org")
    recognise(database, home, now)
    begun = newsroom.draft("Begun")
    newsroom.schedule(begun)
    send_due(database, now)
    assert newsroom.got(begun) == {State.READY: 1}
    local = now.astimezone(ZoneInfo("Europe/Berlin"))
    missed, ahead = (newsroom.draft(f"In {more}", when=at(local, local.hour + more)) for more in (1, 3))
    newsroom.schedule(missed)
    newsroom.schedule(ahead)
    _restore(database, home, now)
    newsroom.school.clock.move_to(now + timedelta(hours=1, minutes=10))
    release_sends(database, home, newsroom.now)
    newsroom.school.work()
    assert newsroom.received() == []
    for one in (begun, missed):
        assert (newsroom.issue(one).state, newsroom.issue(one).why) == (IssueState.PAUSED, RESTORED)
    assert newsroom.issue(ahead).state == IssueState.SCHEDULED
    steering.resume(database, begun, newsroom.now)  # a person has asked the relay
    newsroom.school.work()
    assert newsroom.received() == [("ada@inbox.example.org", "Begun")]


def _restore(database: Database, home: Path, now: datetime) -> None:
    """Let the database be older than its folder, as a backup is that was put back."""
    marks = json.loads((home / FILE_NAME).read_text())
    (home / FILE_NAME).write_text(json.dumps({**marks, "beat": 99}))
    assert recognise(database, home, now) is not None


def test_a_crash_between_the_two_counts_is_no_doubt(database: Database, home: Path, now: datetime) -> None:
    recognise(database, home, now)
    before = (home / FILE_NAME).read_text()
    recognise(database, home, now)
    (home / FILE_NAME).write_text(before)
    assert recognise(database, home, now) is None


def test_r21_two_processes_that_begin_at_once_agree(database: Database, home: Path, now: datetime) -> None:
    answers: list[str | None] = []
    threads = [Thread(target=lambda: answers.append(recognise(database, home, now))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [None] * 5


def test_a_damaged_mark_says_what_to_do(database: Database, home: Path, now: datetime) -> None:
    (home / FILE_NAME).write_text("{")
    with pytest.raises(CourseletterError, match="courseletter db release"):
        recognise(database, home, now)


def test_r25_what_was_queued_before_the_copy_was_made_is_not_claimed_in_it(school: School) -> None:
    school.enrol()
    tick(school.database, school.clock.now())
    held = Instance(id=1, identity="-", place="-", beat=1, held_why="it was copied")
    school.change(lambda session: session.add(held))
    assert school.mailer.work() == {}
    assert [one.state for one in school.deliveries()] == [State.READY]
    school.change(lambda session: session.execute(update(Instance).values(held_why=None)))
    school.mailer.work()
    assert len(school.memory.delivered) == 1
