"""`courseletter export subscribers`: whole, safe to open in a spreadsheet, and a few queries long."""

import csv
import io
import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, insert

from courseletter.cli.output import count
from courseletter.spreadsheet import lines_of
from subscribers.exporting import records
from subscribers.models import MailingList, Membership, Subscriber


def _people(line, count: int) -> None:
    """Subscribers in bulk, every one of them on the course's list and on two more."""
    database = line.database()
    with database.write() as session:
        now = datetime(2026, 3, 11, tzinfo=UTC)
        session.execute(
            insert(MailingList),
            [{"slug": f"list-{n}", "name": "A list", "created_at": now} for n in range(3)],
        )
        lists = [one.id for one in session.query(MailingList)]
        rows = [
            {
                "email": f"reader-{n}@example.org",
                "address_key": f"reader-{n}@example.org",
                "first_name": f"Reader {n}",
                "fields": {"city": "Köln"} if n == 0 else {},
                "created_at": now,
            }
            for n in range(count)
        ]
        session.execute(insert(Subscriber), rows)
        people = [one.id for one in session.query(Subscriber)]
        session.execute(
            insert(Membership),
            [
                {"list_id": one, "subscriber_id": person, "status": "confirmed", "changed_at": now}
                for person in people
                for one in lists
            ],
        )
    database.close()


@contextmanager
def _counted() -> Iterator[list[str]]:
    said: list[str] = []

    def hear(connection, cursor, statement, *rest) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def _read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_subscriber_with_lists_and_fields(line) -> None:
    _people(line, 3)
    rows = _read(line.done("export", "subscribers").out)
    assert [row["email"] for row in rows] == [f"reader-{n}@example.org" for n in range(3)]
    assert [one["status"] for one in json.loads(rows[0]["lists"]).values()] == ["confirmed"] * 3
    assert (rows[0]["fields"], rows[1]["fields"]) == ('{"city": "Köln"}', "{}")
    found = line.done("export", "subscribers", "--json").json
    assert list(found[0]["lists"]) == [f"list-{n}" for n in range(3)]
    assert found[0]["fields"] == {"city": "Köln"}


def test_nobody_is_an_empty_list(line) -> None:
    assert _read(line.done("export", "subscribers").out) == []
    assert line.done("export", "subscribers", "--json").json == []


def test_the_number_of_queries_grows_with_windows_and_not_with_people(line) -> None:
    _people(line, 2 * records.WINDOW + 1)
    with _counted() as said:
        rows = _read(line.done("export", "subscribers").out)
    assert len(rows) == 2 * records.WINDOW + 1
    assert all(row["lists"].count("confirmed") == 3 for row in rows)
    assert len(said) < 30


def test_a_formula_is_text_to_a_spreadsheet(line) -> None:
    formulas = ["=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "\t=1"]
    for number, formula in enumerate(formulas):
        line.done("subscriber", "add", f"reader-{number}@example.org")
        with closing(sqlite3.connect(line.home / "courseletter.db")) as database, database:
            database.execute("UPDATE subscribers SET last_name = ? WHERE id = ?", (formula, number + 1))
    line.done("subscriber", "add", "=one+two@example.org", "--name", "=HYPERLINK(1)")
    rows = _read(line.done("export", "subscribers").out)
    assert [row["last_name"] for row in rows[:-1]] == [f"'{formula}" for formula in formulas]
    assert (rows[-1]["email"], rows[-1]["first_name"]) == ("'=one+two@example.org", "'=HYPERLINK(1)")
    found = line.done("export", "subscribers", "--json").json
    assert [one["last_name"] for one in found[:-1]] == formulas


def test_a_file_is_whole_private_and_replaces_the_one_before(line, tmp_path: Path) -> None:
    line.done("subscriber", "add", "ada@example.org")
    out = tmp_path / "subscribers.csv"
    out.write_text("the export of yesterday")
    said = line.done("export", "subscribers", "--out", out).out
    assert said == f"Wrote 1 subscriber to {out} in place of the file that was there.\n"
    assert [row["email"] for row in _read(out.read_text())] == ["ada@example.org"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    line.done("export", "subscribers", "--json", "--out", out)
    assert json.loads(out.read_text())[0]["email"] == "ada@example.org"
    assert [path.name for path in tmp_path.iterdir() if "subscribers" in path.name] == ["subscribers.csv"]


def test_an_export_that_fails_leaves_the_file_before(line, tmp_path: Path) -> None:
    line.done("subscriber", "add", "ada@example.org")
    with closing(sqlite3.connect(line.home / "courseletter.db")) as database, database:
        database.execute("DROP TABLE memberships")
    out = tmp_path / "subscribers.csv"
    out.write_text("the export of yesterday")
    assert "no such table: memberships" in line.refused("export", "subscribers", "--out", out)
    assert out.read_text() == "the export of yesterday"
    assert [path.name for path in tmp_path.iterdir() if "subscribers" in path.name] == ["subscribers.csv"]


def test_where_nothing_can_be_written(line, tmp_path: Path) -> None:
    assert "No such file or directory" in line.refused("export", "subscribers", "--out", "/nonexistent/a.csv")
    assert f"{tmp_path}: Is a directory" in line.refused("export", "subscribers", "--out", tmp_path)
    line.done("export", "subscribers", "--out", os.devnull)
    assert not Path(os.devnull).is_file()


def test_a_hyphen_is_standard_output(line, tmp_path: Path) -> None:
    line.done("subscriber", "add", "ada@example.org")
    assert "ada@example.org" in line.done("export", "subscribers", "--out", "-").out
    assert not (tmp_path / "-").exists()


def test_other_columns_and_forms(line, tmp_path: Path) -> None:
    line.done("subscriber", "add", "ada@example.org", "--name", "Ada")
    (row,) = _read(line.done("export", "subscribers", "--as", "kit").out)
    assert (row["email"], row["first_name"], row["state"]) == ("ada@example.org", "Ada", "inactive")
    out = tmp_path / "people.xlsx"
    line.done("export", "subscribers", "--format", "xlsx", "--out", out)
    assert out.read_bytes()[:2] == b"PK"
    assert "Name its file with --out" in line.refused("export", "subscribers", "--format", "xlsx")
    assert "Nobody's columns are called “acme”" in line.refused("export", "subscribers", "--as", "acme")


def test_suppressions_deliveries_and_events(school_line, tmp_path: Path) -> None:
    school_line.done("subscriber", "add", "ada@example.org")
    school_line.done("subscriber", "unsubscribe", "ada@example.org")
    (row,) = _read(school_line.done("export", "suppression").out)
    assert (row["email"], row["reason"]) == ("ada@example.org", "unsubscribed")
    assert school_line.done("export", "deliveries", "--json").json == []
    said = school_line.done("export", "events").out
    assert said.splitlines()[0] == "id,at,kind,email,course,delivery,data"


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1, "delivery", "1 delivery"),
        (0, "delivery", "0 deliveries"),
        (2, "person", "2 people"),
        (3, "day", "3 days"),
        (2, "section", "2 sections"),
    ],
)
def test_things_are_counted_in_english(number: int, noun: str, said: str) -> None:
    assert count(number, noun) == said


def test_each_cell_of_a_csv_comes_back_as_it_was() -> None:
    rows = [("a,b", 'say "so"', "two\nlines", "two\rlines", "two\r\nlines"), ("", " ", "plain", "é", "a;b")]
    read = csv.reader(io.StringIO(lines_of(rows), newline=""))
    assert [tuple(row) for row in read] == rows
