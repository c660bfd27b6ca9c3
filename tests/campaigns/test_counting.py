"""How many people are where, counted by indexes alone."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from school import School
from sqlalchemy import event

from campaigns import counting
from campaigns.counting import Crowd, Finishing
from campaigns.models import Course, Enrolment
from courseletter.database import Database


@pytest.fixture
def people(school: School, now: datetime) -> dict[str, int]:
    """Somebody in each state, the welcome queued or not, by their first names."""
    ids = {name: school.enrol(f"{name}@inbox.example.org") for name in ("ada", "bob", "cleo", "dan", "eve")}

    def spread(session: Any) -> None:
        rows = {name: session.get_one(Enrolment, number) for name, number in ids.items()}
        rows["bob"].state, rows["bob"].paused_until, rows["bob"].due_at = "paused", date(2026, 5, 1), None
        rows["cleo"].state, rows["cleo"].next_lesson, rows["cleo"].due_at = "completed", None, None
        rows["dan"].state, rows["dan"].next_lesson, rows["dan"].due_at = "left", None, None
        rows["eve"].due_at = None  # her next lesson failed too often
        for name in ("cleo", "dan"):
            rows[name].joined_at = now - timedelta(days=40)

    school.change(spread)
    return ids


def test_people_are_counted_by_their_state(school: School, people: dict[str, int]) -> None:
    here = Crowd(active=2, paused=1, completed=1, left=1)
    with school.database.read() as session:
        assert counting.crowd_of(session, school.course_id) == here
        assert counting.crowds(session) == {school.course_id: here}
        assert counting.everybody(session) == here
        assert counting.more_than(session, school.course_id, 4)
        assert not counting.more_than(session, school.course_id, 5)


def test_who_waits_for_a_lesson_is_counted_with_or_without_a_moment(
    school: School, people: dict[str, int]
) -> None:
    with school.database.read() as session:
        welcome = session.get_one(Course, school.course_id).lessons[0].id
        assert counting.waiting_for(session, school.course_id) == {welcome: 3}  # Ada, Bob on pause, Eve held
        assert counting.waiting_for(session, "crs_another") == {}


def test_who_joined_when_and_who_of_them_has_finished(
    school: School, people: dict[str, int], now: datetime
) -> None:
    day = timedelta(days=1)
    with school.database.read() as session:
        assert counting.joined_between(session, now - day, now + day) == 3
        assert counting.joined_between(session, now - 60 * day, now + day, school.course_id) == 5
        assert counting.joined_between(session, now - 60 * day, now + day, "crs_another") == 0
        assert counting.finishing(session, now - 60 * day, now - day) == Finishing(joined=2, finished=1)
        everybody = counting.everybody(session)
        assert counting.finishing_since(session, now - 60 * day, everybody) == Finishing(joined=5, finished=1)
        assert counting.finishing_since(session, now - day, everybody) == Finishing(joined=3, finished=0)


@pytest.mark.parametrize("count", ["crowds", "everybody", "crowd_of", "waiting_for", "joined_between"])
def test_no_row_is_read_to_count(empty_sqlite: Any, now: datetime, count: str) -> None:
    database = Database(f"sqlite:///{empty_sqlite}")
    arguments = {"crowd_of": ("crs",), "waiting_for": ("crs",), "joined_between": (now, now)}.get(count, ())
    plans: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.extend(row[3] for row in found if "enrolments" in row[3])

    event.listen(database.engine, "before_cursor_execute", explain)
    with database.read() as session:
        getattr(counting, count)(session, *arguments)
    database.close()
    assert plans
    assert all("USING COVERING INDEX" in plan for plan in plans), plans
