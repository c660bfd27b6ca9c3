"""What others do to the same people while a list comes in, or is taken back. On SQLite they have to wait."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from import_desk import KEY, Desk
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError
from waiting import until

from courseletter.database import Database
from courseletter.errors import CourseletterError
from subscribers.consent import Evidence, request
from subscribers.erasure import erase_subscribers
from subscribers.importing import reading
from subscribers.models import ConsentEntry, MailingList, Membership, Subscriber
from subscribers.people import Details, find_or_create

THREE = "email,first name,confirmed at\n" + "".join(
    f"reader{n}@example.org,Name {n},2026-01-01\n" for n in range(3)
)


@pytest.fixture
def desk(on_postgresql: Database, tmp_path: Path, now: datetime) -> Desk:
    return Desk(on_postgresql, tmp_path, now)


@contextmanager
def _once_after(database: Database, words: str, act: Callable[[], None]) -> Iterator[None]:
    """Within the block, act once a statement with these words is through, for the first time."""
    seen: list[str] = []

    def watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if words in statement and not seen:
            seen.append(statement)
            act()

    event.listen(database.engine, "after_cursor_execute", watch)
    try:
        yield
    finally:
        event.remove(database.engine, "after_cursor_execute", watch)
    assert seen


def _held_up(desk: Desk) -> int:
    """How many wait for somebody else's lock."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with desk.database.read() as session:
        return session.scalar(waiting) or 0


def _erase(desk: Desk, email: str, meanwhile: Callable[[], None] = lambda: None) -> None:
    with desk.database.write() as session:
        wanted = select(Subscriber).where(Subscriber.address_key == email).with_for_update()
        person = session.scalars(wanted).one()
        erase_subscribers(session, KEY, [person], desk.clock.now())
        meanwhile()


def _left_of_the_erased(desk: Desk) -> tuple[str, int, int]:
    with desk.database.read() as session:
        nobody = session.scalars(select(Subscriber).where(Subscriber.erased_at.is_not(None))).one()
        counts = (
            session.scalar(select(func.count()).where(table.subscriber_id == nobody.id)) or 0
            for table in (Membership, ConsentEntry)
        )
        return nobody.first_name, *counts


def test_r18_who_is_erased_while_a_chunk_is_written_comes_back_in_no_part(desk: Desk) -> None:
    """Whoever erases them waits for the chunk, and takes what it wrote along."""
    desk.bring("email\nreader1@example.org\n", "before.csv")
    with ThreadPoolExecutor(1) as others:

        def begin() -> None:
            others.submit(_erase, desk, "reader1@example.org")
            until(lambda: _held_up(desk), "the erasure waits")

        with _once_after(desk.database, "JOIN suppressions", begin):
            done = desk.bring(THREE)
    assert done.counts["updated"] == 1
    assert _left_of_the_erased(desk) == ("", 0, 0)


def test_a_connection_may_have_had_temporary_tables_before(desk: Desk) -> None:
    with desk.database.write() as session, desk.database.write() as another:
        for each in (session, another):  # as a tick has
            each.execute(text("CREATE TEMPORARY TABLE likes AS SELECT 1 AS id"))
    assert desk.bring(THREE).counts["new"] == 3


def test_the_next_chunk_is_begun_while_one_is_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK", 2)
    next_is_begun = Event()
    begun: list[int] = []
    seen_in_time: list[bool] = []

    def watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "idle_in_transaction_session_timeout = 0" in statement:
            begun.append(len(begun))
            if len(begun) == 2:
                next_is_begun.set()
        elif "UPDATE imports SET taken" in statement and not seen_in_time:
            seen_in_time.append(next_is_begun.wait(60))

    event.listen(desk.database.engine, "before_cursor_execute", watch)
    try:
        done = desk.bring(THREE)
    finally:
        event.remove(desk.database.engine, "before_cursor_execute", watch)
    assert seen_in_time == [True]
    assert (done.counts["new"], done.taken, len(desk.emails())) == (3, 3, 3)


def test_a_chunk_with_a_no_to_somebody_of_the_one_before_is_begun_after_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 2)
    begun: list[int] = []

    def watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "idle_in_transaction_session_timeout = 0" in statement:
            begun.append(len(desk.emails()))

    lines = "email,status,confirmed at\n" + "".join(
        f"reader{n}@example.org,{status},2026-01-01\n"
        for n, status in ((1, "subscribed"), (2, "subscribed"), (3, "subscribed"), (1, "unsubscribed"))
    )
    event.listen(desk.database.engine, "before_cursor_execute", watch)
    try:
        done = desk.bring(lines)
    finally:
        event.remove(desk.database.engine, "before_cursor_execute", watch)
    assert begun == [0, 2]
    assert (done.counts["new"], done.counts["updated"]) == (3, 1)


def test_r18_a_chunk_waits_for_an_erasure_and_keeps_them_out(desk: Desk) -> None:
    desk.bring("email\nreader1@example.org\n", "before.csv")
    with ThreadPoolExecutor(1) as others:
        coming: list[Any] = []

        def begin() -> None:
            coming.append(others.submit(desk.bring, THREE))
            until(lambda: _held_up(desk), "the import waits")

        _erase(desk, "reader1@example.org", begin)
        done = coming[0].result()
    assert (done.counts["kept_out"], done.counts["new"]) == (1, 2)
    assert _left_of_the_erased(desk) == ("", 0, 0)


def _orphans(desk: Desk) -> list[int]:
    nobodies = (
        select(func.count()).where(table.subscriber_id.not_in(select(Subscriber.id)))
        for table in (Membership, ConsentEntry)
    )
    with desk.database.read() as session:
        return [session.scalar(one) or 0 for one in nobodies]


def _sign_up(desk: Desk, email: str, meanwhile: Callable[[], None] = lambda: None) -> None:
    with desk.database.write() as session:
        session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        person, _ = find_or_create(session, email, Details(), desk.clock.now())
        letter = session.scalars(select(MailingList)).one()
        request(session, letter, person, Evidence(), desk.clock.now())
        meanwhile()


def test_nobody_signs_up_as_somebody_who_is_being_taken_back(desk: Desk) -> None:
    done = desk.bring(THREE)

    def sign_up() -> None:
        with pytest.raises(OperationalError, match="lock timeout"):
            _sign_up(desk, "reader1@example.org")

    with _once_after(desk.database, "FROM changes", sign_up):
        assert desk.undo(done.id) == {"taken_back": 3}
    assert _orphans(desk) == [0, 0]


def test_who_signs_up_before_they_are_taken_back_stays(desk: Desk) -> None:
    done = desk.bring(THREE)
    desk.clock.move_to(desk.clock.now() + timedelta(minutes=1))
    with ThreadPoolExecutor(1) as others:
        undoing: list[Any] = []

        def undo() -> None:
            undoing.append(others.submit(desk.undo, done.id))
            until(lambda: _held_up(desk), "the undoing waits")

        _sign_up(desk, "reader1@example.org", undo)
        assert undoing[0].result() == {"taken_back": 2, "kept": 1}
    assert desk.emails() == ["reader1@example.org"]
    assert _orphans(desk) == [0, 0]


def test_a_chunk_that_is_under_way_is_taken_back_with_the_others(desk: Desk) -> None:
    """When it ended is asked once it is in."""
    import_id = desk.begin(desk.file(THREE))
    desk.clock.move_to(desk.clock.now() + timedelta(minutes=1))
    with ThreadPoolExecutor(1) as others:
        undoing: list[Any] = []

        def undo() -> None:
            undoing.append(others.submit(desk.undo, import_id))
            until(lambda: _held_up(desk), "the undoing waits")

        with (
            _once_after(desk.database, "UPDATE imports SET taken", undo),
            pytest.raises(CourseletterError, match="Another process has taken"),
        ):
            desk.importer.carry_out(import_id)
        assert undoing[0].result() == {"taken_back": 3}
    assert desk.emails() == []


def test_whom_an_import_changes_while_another_is_taken_back_stays(desk: Desk) -> None:
    first = desk.bring(THREE).id
    desk.clock.move_to(desk.clock.now() + timedelta(minutes=1))
    with ThreadPoolExecutor(1) as others:
        undoing: list[Any] = []

        def undo() -> None:
            undoing.append(others.submit(desk.undo, first))
            until(lambda: _held_up(desk), "the undoing waits")

        with _once_after(desk.database, "JOIN suppressions", undo):
            done = desk.bring(THREE.replace("Name", "Other"), "second.csv")
        assert undoing[0].result() == {"kept": 3}
    assert done.counts["updated"] == 3
    assert desk.person("reader1@example.org").first_name == "Other 1"


def test_whom_an_import_names_while_they_are_taken_back_come_anew(desk: Desk) -> None:
    first = desk.bring(THREE).id
    desk.clock.move_to(desk.clock.now() + timedelta(minutes=1))
    with ThreadPoolExecutor(1) as others:
        coming: list[Any] = []

        def bring() -> None:
            coming.append(others.submit(desk.bring, THREE.replace("Name", "Other"), "second.csv"))
            until(lambda: _held_up(desk), "the import waits")

        with _once_after(desk.database, "FROM changes", bring):
            assert desk.undo(first) == {"taken_back": 3}
        assert coming[0].result().counts["new"] == 3
    assert [desk.person(one).first_name for one in desk.emails()] == ["Other 0", "Other 1", "Other 2"]
    assert _orphans(desk) == [0, 0]
