"""`courseletter delivery` and `db release`: what may have arrived, and a database that was copied."""

import json
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select, update

from sender.doubts import IN_DOUBT
from sender.instance import FILE_NAME, recognise
from sender.models import Delivery, Event, State
from sender.planning import tick

NOW = datetime(2026, 3, 11, 14, 42, tzinfo=UTC)


def put_in_doubt(school_line) -> None:
    """Ada's welcome went past the final dot, and no answer came."""
    school_line.done("subscriber", "add", "ada@example.org")
    school_line.done("enrol", "ada@example.org", "three-small-habits", "--note", "asked on paper")
    database = school_line.database()
    tick(database, datetime.now(UTC))
    with database.write() as session:
        delivery = session.scalars(select(Delivery)).one()
        session.execute(update(Delivery).values(state=State.UNKNOWN, reply="silence"))
        session.add(
            Event(
                at=NOW, kind=IN_DOUBT, subscriber_id=delivery.subscriber_id, delivery_id=delivery.id, data={}
            )
        )
    database.close()


def test_nothing_is_in_doubt_at_first(school_line) -> None:
    assert "Nothing is in doubt" in school_line.done("delivery", "in-doubt").out
    assert school_line.done("delivery", "in-doubt", "--json").json == []


def test_a_doubt_is_listed_and_settled_once(school_line) -> None:
    put_in_doubt(school_line)
    (listed,) = school_line.done("delivery", "in-doubt", "--json").json
    assert (listed["email"], listed["why"], listed["undecided"]) == ("ada@example.org", "silence", True)
    assert "undecided" in school_line.done("delivery", "in-doubt").out
    assert "neither" in school_line.refused("delivery", "settle", "1", "perhaps")
    school_line.done("delivery", "settle", "1", "lost")
    assert "not in doubt" in school_line.refused("delivery", "settle", "1", "arrived")
    assert "no delivery 7" in school_line.refused("delivery", "settle", "7", "lost")


def test_a_restored_database_is_released_by_a_person(school_line, tmp_path: Path) -> None:
    assert "Nothing is held" in school_line.done("db", "release").out
    database = school_line.database()
    recognise(database, school_line.home, NOW)
    marks = json.loads((school_line.home / FILE_NAME).read_text())
    (school_line.home / FILE_NAME).write_text(json.dumps({**marks, "beat": 99}))
    assert recognise(database, school_line.home, NOW)
    assert "sends again" in school_line.done("db", "release").out
    assert recognise(database, school_line.home, NOW) is None
    database.close()


def test_a_copy_is_released_before_anything_has_run_on_it(school_line) -> None:
    database = school_line.database()
    recognise(database, school_line.home, NOW)
    database.close()
    path = school_line.home / "courseletter.db"
    path.with_suffix(".copy").write_bytes(path.read_bytes())
    path.with_suffix(".copy").replace(path)  # the same octets, another file: restored
    assert "sends again" in school_line.done("db", "release").out
    database = school_line.database()
    assert recognise(database, school_line.home, NOW) is None
    database.close()
