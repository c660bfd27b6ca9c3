"""Taken out, brought into an empty installation, and taken out again: not an octet differs.

On both databases.
"""

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from import_desk import KEY, Desk
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.placing import standings
from courseletter.database import Database
from courseletter.errors import CourseletterError
from subscribers import consent, segments, suppression, tags
from subscribers.consent import Evidence
from subscribers.exporting import records, writing
from subscribers.exporting.forms import Form
from subscribers.exporting.layouts import BY_KEY, OWN
from subscribers.exporting.records import People
from subscribers.models import MailingList, Subscriber, SuppressionReason
from subscribers.people import Details, find_or_create
from subscribers.segments import Condition, Rule

AWKWARD = [
    ("=one+two@example.org", "=HYPERLINK(1)", "'t Hooft"),
    ("+41@example.org", "'=quoted", "-2+3"),
    ("zoe@example.org", "Zoë", 'Mül"ler, "Z"'),
    ("tab@example.org", "@SUM(A1)", "''=twice"),
    ("plain@example.org", "", ""),
]


def taken_out(database: Database, form: Form = Form.CSV, layout: str = OWN.key) -> bytes:
    file = io.BytesIO()
    chosen = BY_KEY[layout]
    with database.read() as session:
        writing.write(form, file, chosen, People(session, KEY))
    return file.getvalue()


def _furnish(desk: Desk) -> None:
    """People with everything that an export has to say."""
    now = desk.clock.now()
    with desk.database.write() as session:
        letter = session.scalars(select(MailingList)).one()
        other = MailingList(slug="other", name="Another list", created_at=now)
        session.add(other)
        session.flush()
        for number, (email, first, last) in enumerate(AWKWARD):
            at = now - timedelta(days=40 * number, microseconds=number)
            person, _ = find_or_create(session, email, Details(first, "Europe/Lisbon", 450, (0, 2)), at)
            person.last_name = last
            person.language = "pt" if number % 2 else None
            person.no_tracking = number == 1
            person.fields = {
                "city": "Köln",
                "age": 41,
                "vip": True,
                "born": "1984-11-02",
                "ratio": 1.5,
                "note": first,
            }
            browser = Evidence("192.0.2.7", "Browser/1.0", "https://letters.example.org/c/a", "Yes,\nsend it")
            consent.request(session, letter, person, browser, at, note='{"first_name": "Z"}')
            consent.confirm(session, letter, person, browser, at + timedelta(minutes=3))
            consent.add(session, other, person, Evidence(), at, "told us")
            tags.add(session, person, "VIP", at)
            tags.add(session, person, f"from {number}", now)
        zoe = session.scalars(select(Subscriber).where(Subscriber.email == "zoe@example.org")).one()
        consent.withdraw(session, None, zoe, browser, now)
        suppression.suppress(session, KEY, zoe.email, SuppressionReason.UNSUBSCRIBED, now, "one click")
        tab = session.scalars(select(Subscriber).where(Subscriber.email == "tab@example.org")).one()
        consent.complain(session, letter, tab, browser, now)
        find_or_create(session, "nobody@example.org", Details(), now)


@pytest.fixture
def elsewhere(tmp_path: Path, empty_sqlite: Path, now) -> Desk:
    """An installation that knows nobody yet, with other lists and other ids."""
    from shutil import copyfile

    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return Desk(
        Database(f"sqlite:///{copyfile(empty_sqlite, folder / 'other.db')}"), folder, now + timedelta(days=9)
    )


@pytest.mark.parametrize("form", list(Form))
def test_round_trip_to_the_octet(desk: Desk, elsewhere: Desk, form: Form) -> None:
    _furnish(desk)
    first = taken_out(desk.database)
    done = elsewhere.bring(taken_out(desk.database, form), f"export.{form}", list_slug=None)
    assert elsewhere.problems(done.id) == []
    assert done.counts["new"] == len(AWKWARD) + 1
    assert taken_out(elsewhere.database) == first
    assert taken_out(elsewhere.database, Form.JSONL) == taken_out(desk.database, Form.JSONL)
    elsewhere.database.close()


@pytest.mark.parametrize(("form", "layout"), [(Form.CSV, OWN.key), (Form.JSONL, OWN.key), (Form.CSV, "kit")])
def test_what_two_processes_write_is_the_same_to_the_octet(
    desk: Desk, form: Form, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _furnish(desk)
    alone = taken_out(desk.database, form, layout)
    monkeypatch.setattr(records, "WINDOW", 1)
    monkeypatch.setattr(writing, "FEW", 0)
    assert taken_out(desk.database, form, layout) == alone


def test_two_processes_write_only_who_is_wanted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _furnish(desk)
    tagged = Rule((Condition("tag", "from 2", "has"), Condition("tag", "from 4", "has")), any=True)
    monkeypatch.setattr(records, "WINDOW", 1)
    monkeypatch.setattr(writing, "FEW", 0)
    file = io.BytesIO()
    with desk.database.read() as session:
        condition = segments.compiled(session, tagged, desk.clock.now())
        people = People(session, KEY, standings, condition)
        writing.write(Form.CSV, file, BY_KEY["kit"], people)
    found = [line.split(",")[0] for line in file.getvalue().decode().splitlines()]
    assert found == ["email", "zoe@example.org", "plain@example.org"]


def _known_here_alone(_session: Session, _first: int, _last: int) -> dict[int, dict[str, str]]:
    """No other process can import it: a test's folder is not on its path."""
    return {}


def test_an_export_says_so_when_one_of_its_processes_ends(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _furnish(desk)
    monkeypatch.setattr(writing, "FEW", 0)
    with desk.database.read() as session:
        people = People(session, KEY, _known_here_alone)
        with pytest.raises(CourseletterError, match="Run the export again"):
            writing.write(Form.CSV, io.BytesIO(), OWN, people)


def test_round_trip_into_postgresql(on_postgresql: Database, elsewhere: Desk, tmp_path: Path, now) -> None:
    _furnish(elsewhere)
    first = taken_out(elsewhere.database)
    there = Desk(on_postgresql, tmp_path, now)
    there.bring(first, "export.csv", list_slug=None)
    assert taken_out(on_postgresql) == first
    elsewhere.database.close()


def test_attack_export_of_formulas_is_text_and_comes_back(desk: Desk, elsewhere: Desk) -> None:
    """Attacks: export of `=cmd|...`, `+`, `-`, `@`, tab, CR: prefixed `'`; our re-import restores it."""
    _furnish(desk)
    text = taken_out(desk.database).decode()
    for harmful in (
        "'=one+two@example.org",
        "'=HYPERLINK(1)",
        "'+41@example.org",
        "'-2+3",
        "'@SUM(A1)",
        "''=quoted",
    ):
        assert harmful in text
    elsewhere.bring(text, "export.csv", list_slug=None)
    people = [
        (one, elsewhere.person(one)) for one in ("=one+two@example.org", "+41@example.org", "tab@example.org")
    ]
    assert [(one.first_name, one.last_name) for _, one in people] == [
        ("=HYPERLINK(1)", "'t Hooft"),
        ("'=quoted", "-2+3"),
        ("@SUM(A1)", "''=twice"),
    ]
    elsewhere.database.close()


def test_the_export_brought_in_again_changes_nobody(desk: Desk) -> None:
    _furnish(desk)
    first = taken_out(desk.database)
    again = desk.bring(first, "export.csv", list_slug=None)
    assert again.counts.get("new", 0) == 0
    assert taken_out(desk.database) == first


@pytest.mark.parametrize("layout", ["mailchimp", "kit", "listmonk"])
def test_the_columns_of_others_say_no_for_who_said_no(desk: Desk, elsewhere: Desk, layout: str) -> None:
    _furnish(desk)
    elsewhere.bring(
        taken_out(desk.database, layout=layout),
        f"{layout}.csv",
        columns={"STATUS": "status"} if layout == "mailchimp" else {},
    )
    statuses = elsewhere.statuses()
    assert statuses["zoe@example.org"] in ("unsubscribed",)
    assert statuses["tab@example.org"] == "complained"
    assert statuses["plain@example.org"] in ("confirmed", "pending")
    elsewhere.database.close()


def test_a_workbook_runs_no_formula(desk: Desk, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    _furnish(desk)
    (tmp_path / "out.xlsx").write_bytes(taken_out(desk.database, Form.XLSX))
    book = load_workbook(tmp_path / "out.xlsx")
    kinds = {
        cell.data_type
        for row in book.worksheets[0].iter_rows(min_row=2)
        for cell in row
        if cell.value is not None
    }
    assert kinds == {"s"}


def test_jsonl_is_one_object_a_line(desk: Desk) -> None:
    _furnish(desk)
    found = [json.loads(line) for line in taken_out(desk.database, Form.JSONL).splitlines()]
    assert [one["email"] for one in found][:2] == ["=one+two@example.org", "+41@example.org"]
    assert found[0]["lists"]["letter"]["status"] == "confirmed"


def test_a_list_that_is_made_while_an_export_runs_is_not_in_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _furnish(desk)
    monkeypatch.setattr(records, "WINDOW", 1)
    with desk.database.read() as session:
        people = iter(People(session, KEY))
        found = [next(people)]
        with desk.database.write() as writing:
            fresh = MailingList(slug="fresh", name="Fresh", created_at=desk.clock.now())
            writing.add(fresh)
            writing.flush()
            for person in writing.scalars(select(Subscriber)):
                consent.add(writing, fresh, person, Evidence(), desk.clock.now())
        found += people
    assert [one["email"] for one in found][:-1] == [email for email, *_ in AWKWARD]
    assert "fresh" not in json.dumps(found)
