"""People are found by how their address or name begins, on both databases, by an index."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event, insert, text

from courseletter.database import Database
from subscribers.importing import indexes
from subscribers.models import Subscriber
from subscribers.names import fold
from subscribers.searching import counted, search

PEOPLE = [
    ("ana.pereira@example.org", "Ana", "Pereira"),
    ("anders@example.org", "Ander_s", ""),
    ("bea@example.org", "Beatriz", "Anton"),
    ("lukasz@example.org", "Łukasz", "Żak"),
    ("Zoë@example.org", "Zoë", "de Vries"),
]


@pytest.fixture
def people(database: Database) -> Database:
    rows = [
        {
            "email": address,
            "address_key": fold(address),
            "first_name": first,
            "last_name": last,
            "fields": {},
            "daily_cap": 3,
            "created_at": datetime(2026, 11, 3, tzinfo=UTC),
        }
        for address, first, last in PEOPLE
    ]
    with database.write() as session:
        session.execute(insert(Subscriber), rows)
    return database


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ana.p", ["ana.pereira@example.org"]),
        ("ANA", ["ana.pereira@example.org"]),
        ("an", ["ana.pereira@example.org", "anders@example.org", "bea@example.org"]),
        ("pereira", ["ana.pereira@example.org"]),
        ("  ana   per ", ["ana.pereira@example.org"]),
        ("ana x", []),
        ("Łukasz", ["lukasz@example.org"]),
        ("łukasz", ["lukasz@example.org"]),
        ("zoë@", ["Zoë@example.org"]),
        ("ander_", ["anders@example.org"]),
        ("a%", []),
        ("example.org", []),
    ],
)
def test_who_begins_so(people: Database, typed: str, found: list[str]) -> None:
    with people.read() as session:
        assert sorted(one.email for one in search(session, typed, 10)) == sorted(found)


def test_without_words_who_came_last(people: Database) -> None:
    with people.read() as session:
        assert [one.email for one in search(session, " ", 2)] == ["Zoë@example.org", "lukasz@example.org"]


def test_everybody_is_read_once_while_indexes_are_away(people: Database) -> None:
    """As a large import puts them away."""
    asked: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM subscribers" in statement:
            asked.append(statement)

    def found() -> tuple[set[str], int, int]:
        asked.clear()
        with people.read() as session:
            emails = {one.email for one in search(session, "an", 10)}
            ways = len(asked)
            return emails, counted(session, "an", 10, Subscriber.erased_at.is_(None)), ways

    event.listen(people.engine, "before_cursor_execute", look)
    emails, many, ways = found()
    assert (len(emails), many) == (3, 3)
    assert ways > 1
    with people.write() as session:
        indexes._drop(session)
    try:
        assert found() == (emails, many, 1)
        assert asked[-1].count("FROM subscribers") == 1
    finally:
        indexes._restore(people)


def test_each_way_is_answered_by_an_index(people: Database) -> None:
    asked: list[tuple[str, object]] = []
    event.listen(
        people.engine, "before_cursor_execute", lambda _c, _k, sql, given, *_: asked.append((sql, given))
    )
    with people.read() as session:
        search(session, "ana pe", 10)
    ways = [(sql, given) for sql, given in asked if "subscribers" in sql]
    assert len(ways) >= 4
    for sql, given in ways:
        with people.engine.connect() as connection:
            if people.is_sqlite:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)
            else:
                connection.execute(text("SET LOCAL enable_seqscan = off"))
                plan = connection.exec_driver_sql(f"EXPLAIN {sql}", given)
            told = " ".join(str(row) for row in plan)
            unique = "sqlite_autoindex" if people.is_sqlite else "uq_subscribers"
            assert "_begin" in told or unique in told, told
            assert "SCAN subscribers" not in told
            assert "Seq Scan" not in told
