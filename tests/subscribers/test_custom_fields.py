"""Custom fields are defined, called otherwise, read as another kind, removed, brought back and forgotten."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from bulk_acts import act, undo
from import_desk import KEY, Desk
from sqlalchemy import event, select

from courseletter.acts import KINDS, chosen
from courseletter.database import Database
from courseletter.errors import InvalidInput, NotFound
from subscribers import custom_fields, segments
from subscribers.acts import running
from subscribers.acts.fielding import RENAME
from subscribers.acts.models import ActedOn
from subscribers.acts.running import DONE, UNDONE, Ground
from subscribers.editing import as_typed, edit
from subscribers.exporting import records
from subscribers.fields import KnownFields, recent_fields
from subscribers.models import CustomField, Segment
from subscribers.segments import Condition, Rule

PEOPLE = (
    "email,city,age,member\nana@example.org,Porto,41,yes\nbea@example.org,Bonn,,no\ncaio@example.org,,7,\n"
)
COLUMNS = {"city": "field:city:text", "age": "field:age:text", "member": "field:member:yes_no"}


@pytest.fixture
def fields(desk: Desk) -> Desk:
    """Three people, of whom two have a city, two an age, and two say whether they are members."""
    desk.bring(PEOPLE, columns=COLUMNS, note="the fair")
    return desk


def said(desk: Desk) -> dict[str, dict[str, Any]]:
    return {one.partition("@")[0]: dict(desk.person(one).fields) for one in desk.emails()}


def kinds(desk: Desk) -> dict[str, str]:
    with desk.database.read() as session:
        return custom_fields.kinds(session)


def matching(desk: Desk, field: str, how: str, value: str = "") -> int:
    with desk.database.read() as session:
        rule = Rule((Condition("field", field, how, value),))
        return segments.count(session, segments.compiled(session, rule, desk.clock.now()))


def test_a_field_is_defined_before_anybody_has_it(database: Database) -> None:
    with database.write() as session:
        custom_fields.define(session, "birthday", "date")
    with database.read() as session:
        assert custom_fields.kinds(session) == {"birthday": "date"}
        assert "birthday" in KnownFields(session)
        assert "birthday" in recent_fields(session)


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("Birthday", "date", "small letters"),
        ("", "date", "small letters"),
        ("1st", "text", "small letters"),
        ("a" * 41, "text", "small letters"),
        ("email", "text", "everybody has already"),
        ("zone", "text", "everybody has already"),
        ("city", "text", "is there already"),
        ("plan", "colour", "kind is one of text, number, yes_no, date"),
    ],
)
def test_what_cannot_be_a_field_is_refused(fields: Desk, name: str, kind: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why), fields.database.write() as session:
        custom_fields.define(session, name, kind)


def test_a_person_gets_what_a_new_field_asks(fields: Desk) -> None:
    with fields.database.write() as session:
        custom_fields.define(session, "birthday", "date")
        person = session.merge(fields.person("ana@example.org"))
        edit(session, KEY, person, {"field-birthday": "24.12.1985"}, "Ines", fields.clock.now())
    assert said(fields)["ana"]["birthday"] == "1985-12-24"
    assert matching(fields, "birthday", "is", "1985-12-24") == 1


def test_a_field_is_called_otherwise_with_what_it_says_and_who_asks(fields: Desk) -> None:
    with fields.database.write() as session:
        rule = Rule((Condition("field", "city", "is", "Porto"), Condition("field", "age", "set")))
        segments.save(session, "Portuenses", rule, fields.clock.now())
    row = act(fields, "rename field", "city", name="town")
    assert row.counts == {DONE: 2}
    assert said(fields)["ana"] == {"town": "Porto", "age": "41", "member": True}
    assert kinds(fields) == {"age": "text", "member": "yes_no", "town": "text"}
    with fields.database.read() as session:
        (segment,) = session.scalars(select(Segment))
        asked = Rule.from_json(segment.rule)
        assert [one.what for one in asked.conditions] == ["town", "age"]
        assert segments.count(session, segments.compiled(session, asked, fields.clock.now())) == 1
    assert undo(fields, row).counts == {DONE: 2, UNDONE: 2}
    assert said(fields)["bea"] == {"city": "Bonn", "member": False}
    assert matching(fields, "city", "set") == 2
    assert "town" not in kinds(fields)


def test_a_field_is_read_as_another_kind_and_back(fields: Desk) -> None:
    assert matching(fields, "age", "more", "10") == 2, "as a text, letter by letter"
    row = act(fields, "retype field", "age", kind="number")
    assert row.counts == {DONE: 2}
    assert said(fields)["ana"]["age"] == 41
    assert matching(fields, "age", "more", "10") == 1
    with fields.database.write() as session:
        person = session.merge(fields.person("caio@example.org"))
        edit(session, KEY, person, {"field-age": "8"}, "Ines", fields.clock.now())
    assert undo(fields, row).counts == {DONE: 2, UNDONE: 1}
    assert said(fields)["ana"]["age"] == "41"
    assert said(fields)["caio"]["age"] == 8, "what somebody wrote since stays"
    assert kinds(fields)["age"] == "text"


def test_yes_and_no_become_words_and_words_yes_and_no(fields: Desk) -> None:
    act(fields, "retype field", "member", kind="text")
    assert [one.get("member") for one in said(fields).values()] == ["yes", "no", None]
    act(fields, "retype field", "member", kind="yes_no")
    assert [one.get("member") for one in said(fields).values()] == [True, False, None]


def test_what_is_of_no_such_kind_is_told_and_nothing_is_changed(fields: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"2 people have something else.*: “Bonn” \(1\), “Porto” \(1\)"):
        act(fields, "retype field", "city", kind="number")
    with pytest.raises(InvalidInput, match="of this kind already"):
        act(fields, "retype field", "city", kind="text")
    assert kinds(fields)["city"] == "text"


def test_a_removed_field_is_out_of_sight_and_comes_back_with_what_it_said(fields: Desk) -> None:
    with fields.database.write() as session:
        custom_fields.remove(session, "city", fields.clock.now())
    assert "city" not in kinds(fields)
    with pytest.raises(InvalidInput, match="nobody has a field"):
        matching(fields, "city", "set")
    with fields.database.read() as session:
        assert "city" not in KnownFields(session)
        assert "field-city" not in as_typed(session, fields.person("ana@example.org"))
        assert next(iter(records.People(session, KEY)))["fields"] == {"age": "41", "member": True}
    with pytest.raises(InvalidInput, match="Bring it back instead"), fields.database.write() as session:
        custom_fields.define(session, "city", "text")
    with fields.database.write() as session:
        custom_fields.bring_back(session, "city")
    assert matching(fields, "city", "set") == 2


def test_a_field_that_a_segment_asks_about_is_not_removed(fields: Desk) -> None:
    with fields.database.write() as session:
        rule = Rule((Condition("field", "city", "set"),))
        segments.save(session, "Of some city", rule, fields.clock.now())
    with pytest.raises(InvalidInput, match="segment “Of some city” asks"), fields.database.write() as session:
        custom_fields.remove(session, "city", fields.clock.now())
    assert "city" in kinds(fields)


def test_what_a_removed_field_said_is_forgotten_a_month_later(
    fields: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(custom_fields, "CHUNK", 1)
    with fields.database.write() as session:
        custom_fields.remove(session, "city", fields.clock.now())
    assert custom_fields.purge(fields.database, fields.clock.now() + custom_fields.KEPT) == 0
    assert said(fields)["ana"]["city"] == "Porto"
    later = fields.clock.now() + custom_fields.KEPT * 2
    assert custom_fields.purge(fields.database, later) == 1
    assert said(fields) == {
        "ana": {"age": "41", "member": True},
        "bea": {"member": False},
        "caio": {"age": "7"},
    }
    with pytest.raises(NotFound, match="gone for good"), fields.database.write() as session:
        custom_fields.bring_back(session, "city")


def test_an_import_that_brings_a_removed_field_brings_it_back(fields: Desk, now: datetime) -> None:
    with fields.database.write() as session:
        custom_fields.remove(session, "city", now)
    fields.bring("email,city\ndina@example.org,Lyon\n", "more.csv", columns=COLUMNS, note="the fair")
    assert matching(fields, "city", "set") == 3


def test_a_field_is_renamed_chunk_by_chunk(fields: Desk) -> None:
    with fields.database.write() as session:
        argument = RENAME.check(session, {"field": "city", "name": "town"})
        meant, now = {"field": "city"}, fields.clock.now()
        wanted = chosen(session, meant, now)
        act_id = running.begin(session, RENAME, argument, meant, wanted, "", "Ines", now).id
    one_each = Ground(
        fields.database,
        {**KINDS, RENAME.key: replace(RENAME, chunk=1)},
        chosen,
        fields.clock,
        KEY,
    )
    running.carry_out(one_each, act_id)
    assert [one.get("town") for one in said(fields).values()] == ["Porto", "Bonn", None]
    with fields.database.read() as session:
        assert len(session.scalars(select(ActedOn)).all()) == 2
        assert session.get(CustomField, "city") is None


def test_to_forget_a_field_people_are_gone_through_once(
    fields: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not those anew, for each few, of whom it is forgotten already."""
    monkeypatch.setattr(custom_fields, "CHUNK", 1)
    begun: list[Any] = []

    def look(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.startswith("SELECT subscribers.id") and "LIMIT" in statement:
            begun.append(given["id_1"] if isinstance(given, dict) else given[-3])

    with fields.database.write() as session:
        custom_fields.remove(session, "city", fields.clock.now())
    event.listen(fields.database.engine, "before_cursor_execute", look)
    try:
        custom_fields.purge(fields.database, fields.clock.now() + custom_fields.KEPT * 2)
    finally:
        event.remove(fields.database.engine, "before_cursor_execute", look)
    assert begun == [0, fields.person("ana@example.org").id, fields.person("bea@example.org").id]
