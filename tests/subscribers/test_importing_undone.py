"""An import is taken back in chunks that may end anywhere, and under the fields' names and kinds of today."""

from datetime import timedelta
from typing import Any

import pytest
from bulk_acts import act, undo
from import_desk import KEY, Desk
from sqlalchemy import event, func, select

from courseletter.errors import CourseletterError
from subscribers import custom_fields, editing, tags
from subscribers.importing import running, undoing
from subscribers.importing.models import LEASE, Import, ImportedPerson, ImportState
from subscribers.importing.running import Progress
from subscribers.models import ConsentEntry, Subscriber

COLUMNS = {"city": "field:city:text", "age": "field:age:text"}
BEFORE = "email,city,age\nana@example.org,Porto,41\nbea@example.org,Bonn,old\n"
AFTER = "email,city,age\nana@example.org,Lyon,42\nbea@example.org,Graz,43\ncaio@example.org,Rome,44\n"
MANY = "email,first name,confirmed at\n" + "".join(
    f"reader{n}@example.org,Name {n},2026-01-01\n" for n in range(9)
)


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "CHUNK", 3)


def later(desk: Desk) -> None:
    desk.clock.move_to(desk.clock.now() + timedelta(minutes=1))


def brought(desk: Desk, content: str, name: str, **chosen: Any) -> int:
    """A minute later; returns the import."""
    later(desk)
    return desk.bring(content, name, **chosen).id


def changed(desk: Desk) -> int:
    """Two people, and then an import that changes both of them and brings a third; returns the latter."""
    brought(desk, BEFORE, "before.csv", columns=COLUMNS)
    second = brought(desk, AFTER, "after.csv", columns=COLUMNS)
    later(desk)
    return second


def said(desk: Desk) -> dict[str, dict[str, Any]]:
    return {one.partition("@")[0]: dict(desk.person(one).fields) for one in desk.emails()}


def edit(desk: Desk, email: str, **typed: str) -> None:
    with desk.database.write() as session:
        person = session.get_one(Subscriber, desk.person(email).id)
        editing.edit(session, KEY, person, typed, "Ines", desk.clock.now())


def row_of(desk: Desk, import_id: int) -> Import:
    with desk.database.read() as session:
        return session.get_one(Import, import_id)


def kill(progress: Progress) -> None:
    if progress.rows >= 6:
        raise Killed


def test_what_a_killed_process_left_is_gone_on_with_and_counted_once(desk: Desk, small_chunks: None) -> None:
    import_id = brought(desk, MANY, "many.csv")
    again = brought(desk, MANY.replace("Name", "Other"), "again.csv")
    for one, told in ((again, {"restored": 9}), (import_id, {"taken_back": 9})):
        with pytest.raises(Killed):
            desk.undo(one, kill)
        assert (row_of(desk, one).state, row_of(desk, one).percent) == (ImportState.TAKING_BACK, 66)
        with desk.database.read() as session:
            assert running.abandoned(session, desk.clock.now() + LEASE / 2) == []
            assert running.abandoned(session, desk.clock.now() + 2 * LEASE) == [one], "by the worker"
        assert desk.undo(one) == told
        assert (row_of(desk, one).state, row_of(desk, one).percent) == (ImportState.TAKEN_BACK, 100)
    assert desk.emails() == []


def test_of_two_who_take_it_back_at_once_the_first_stops(desk: Desk, small_chunks: None) -> None:
    import_id = brought(desk, MANY, "many.csv")
    second: list[dict[str, int]] = []

    def meanwhile(progress: Progress) -> None:
        if progress.rows == 3:
            second.append(desk.undo(import_id))

    with pytest.raises(CourseletterError, match="Another process has taken import 1 over"):
        desk.undo(import_id, meanwhile)
    assert second == [{"taken_back": 9}]
    assert desk.emails() == []


def test_how_far_it_is_can_be_watched(desk: Desk, small_chunks: None) -> None:
    seen: list[tuple[int, int]] = []
    import_id = brought(desk, MANY, "many.csv")
    desk.undo(import_id, lambda progress: seen.append((progress.percent, progress.rows)))
    assert seen == [(33, 3), (66, 6), (99, 9)]


def test_many_are_put_back_by_as_many_statements_as_few(desk: Desk) -> None:
    def statements(people: int) -> int:
        kept: list[str] = []
        head, *rows = MANY.splitlines(keepends=True)
        first = head + "".join(rows[:people])
        brought(desk, first, f"first{people}.csv")
        second = brought(
            desk, first.replace("Name", "Other"), f"second{people}.csv", extra_tags=("one",), list_slug="two"
        )
        event.listen(desk.database.engine, "after_cursor_execute", lambda *given: kept.append(given[2]))
        assert desk.undo(second) == {"restored": people}
        return len(kept)

    with desk.database.write() as session:
        tags.find_or_create(session, "one")
    assert statements(2) == statements(9)


def test_a_renamed_field_gets_back_what_it_had(desk: Desk) -> None:
    second = changed(desk)
    act(desk, "rename field", "city", name="town")
    act(desk, "rename field", "town", name="place")
    assert desk.undo(second) == {"taken_back": 1, "restored": 2}
    assert said(desk) == {"ana": {"place": "Porto", "age": "41"}, "bea": {"place": "Bonn", "age": "old"}}


def test_a_field_that_was_renamed_and_named_back_is_as_it_was(desk: Desk) -> None:
    second = changed(desk)
    undo(desk, act(desk, "rename field", "city", name="town"))
    assert desk.undo(second) == {"taken_back": 1, "restored": 2}
    assert said(desk)["ana"] == {"city": "Porto", "age": "41"}


def test_a_name_that_is_another_field_by_now_is_left_alone(desk: Desk) -> None:
    second = changed(desk)
    act(desk, "rename field", "city", name="town")
    with desk.database.write() as session:
        custom_fields.define(session, "city", "text")
    assert desk.undo(second) == {"taken_back": 1, "kept": 2}
    assert said(desk)["ana"] == {"town": "Lyon", "age": "42"}


def test_a_field_of_another_kind_gets_its_values_in_that_kind_and_says_which_cannot_be(desk: Desk) -> None:
    second = changed(desk)
    act(desk, "retype field", "age", kind="number")
    assert said(desk)["ana"]["age"] == 42
    assert desk.undo(second) == {"taken_back": 1, "restored": 2}
    assert said(desk) == {"ana": {"city": "Porto", "age": 41}, "bea": {"city": "Bonn"}}
    assert undoing.lost(row_of(desk, second).counts) == {"age": 1}


def test_a_removed_field_stays_removed_with_what_it_had(desk: Desk) -> None:
    second = changed(desk)
    with desk.database.write() as session:
        custom_fields.remove(session, "city", desk.clock.now())
    assert desk.undo(second) == {"taken_back": 1, "restored": 2}
    with desk.database.write() as session:
        assert custom_fields.kinds(session) == {"age": "text"}
        custom_fields.bring_back(session, "city")
    assert said(desk)["ana"] == {"city": "Porto", "age": "41"}


def test_a_field_that_is_gone_for_good_is_told(desk: Desk) -> None:
    second = changed(desk)
    with desk.database.write() as session:
        custom_fields.remove(session, "city", desk.clock.now())
    custom_fields.purge(desk.database, desk.clock.now() + 2 * custom_fields.KEPT)
    assert desk.undo(second) == {"taken_back": 1, "restored": 2}
    assert said(desk)["ana"] == {"age": "41"}
    assert undoing.lost(row_of(desk, second).counts) == {"city": 2}


def test_what_was_done_before_the_import_keeps_nobody(desk: Desk) -> None:
    brought(desk, BEFORE, "before.csv", columns=COLUMNS)
    act(desk, "tag", "city", tag="early")
    edit(desk, "bea@example.org", first_name="Bea")
    second = brought(desk, AFTER, "after.csv", columns=COLUMNS)
    assert desk.undo(second) == {"taken_back": 1, "restored": 2}


def test_an_import_that_was_taken_back_itself_keeps_nobody_of_the_one_before(desk: Desk) -> None:
    first = brought(desk, "email\nana@example.org\n", "first.csv")
    second = brought(desk, "email,confirmed at\nana@example.org,2026-01-02\n", "second.csv")
    later(desk)
    assert desk.undo(second) == {"restored": 1}
    assert desk.undo(first) == {"taken_back": 1}
    with desk.database.read() as session:
        for table in (ConsentEntry, ImportedPerson):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_whoever_stays_is_still_found_by_the_import(desk: Desk) -> None:
    import_id = brought(desk, MANY, "many.csv")
    later(desk)
    edit(desk, "reader4@example.org", first_name="R")
    assert desk.undo(import_id) == {"taken_back": 8, "kept": 1}
    with desk.database.read() as session:
        assert len(session.scalars(select(ImportedPerson)).all()) == 1


def test_consent_that_the_file_dates_in_the_future_is_no_answer_since(desk: Desk) -> None:
    import_id = brought(desk, "email,confirmed at\nana@example.org,2099-01-01\n", "future.csv")
    assert desk.undo(import_id) == {"taken_back": 1}
