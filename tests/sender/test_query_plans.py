"""What is asked all day is answered by the partial indexes, however long the ledger has grown."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from school import School
from sqlalchemy import ColumnElement, Select, insert, select, text
from sqlalchemy.orm import Session

from campaigns.models import Link, TriggerMark
from courseletter.database import Database
from sender.models import Click, Delivery, State, is_in
from sender.results import day_queries

NOW = datetime(2026, 3, 16, 8, 0, tzinfo=UTC)
ASKED: dict[str, Callable[[], ColumnElement[bool]]] = {
    "ix_deliveries_ready": lambda: is_in(State.READY) & (Delivery.due_at <= NOW),
    "ix_deliveries_deferred": lambda: is_in(State.DEFERRED) & (Delivery.due_at <= NOW),
    "ix_deliveries_unknown": lambda: (
        is_in(State.UNKNOWN) & Delivery.finished_at.is_(None) & (Delivery.due_at <= NOW)
    ),
    "ix_deliveries_ended": lambda: is_in(State.ACCEPTED) & (Delivery.finished_at > NOW),
    "ix_deliveries_leased": lambda: is_in(State.CLAIMED) & (Delivery.lease_until <= NOW),
}


@pytest.mark.parametrize("index", ASKED)
def test_an_index_answers(database: Database, index: str) -> None:
    with database.read() as session:
        assert index in _plan(session, select(Delivery.id).where(ASKED[index]()).limit(10))


def test_who_is_deleted_is_looked_for_among_the_marks_of_triggers_by_an_index(database: Database) -> None:
    """For each person of an import that is taken back: the database asks so itself, for the foreign key."""
    with database.read() as session:
        plan = _plan(session, select(TriggerMark.trigger_id).where(TriggerMark.subscriber_id == 1))
    assert "ix_trigger_marks_subscriber_id" in plan


def test_what_is_ready_is_found_in_the_order_of_its_index(database: Database) -> None:
    ready = select(Delivery.id).where(ASKED["ix_deliveries_ready"]()).order_by(Delivery.due_at, Delivery.id)
    with database.read() as session:
        plan = _plan(session, ready.limit(10))
    assert "ORDER BY" not in plan
    assert "Sort" not in plan


def _plan(session: Session, query: Select[*tuple[Any, ...]]) -> str:
    """How the database would go about it, if the table were too long to be read from end to end."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN"
    else:
        explain = "EXPLAIN QUERY PLAN"
    compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    return "\n".join(str(row) for row in session.execute(text(f"{explain} {compiled}")))


def test_a_day_of_results_is_counted_by_indexes_alone(school: School) -> None:
    """However many mails and events there are: those of the day, and each person's own."""
    for number in range(60):
        school.enrol(f"reader{number}@inbox.example.org")
    school.live()
    start = min(one.finished_at for one in school.deliveries() if one.finished_at)
    with school.database.write() as session:
        _follow_a_link_of_each_mail(session)
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ANALYZE"))  # what an earlier test left there says nothing of these rows
    day = {"start": start, "end": start + timedelta(hours=1)}
    with school.database.read() as session:
        together = "\n".join(_plan(session, query.params(day)) for query, _ in day_queries())
    for index in ("ix_deliveries_ended", "ix_events_endings", "ix_clicks_at"):
        assert index in together
    assert "SCAN" not in together
    assert "Seq Scan" not in together
    earlier = [
        line for line in together.splitlines() if "deliveries_1" in line and "ix_deliveries_ended" in line
    ]
    assert earlier == [], "everybody's mail would be read for each one's"


def _follow_a_link_of_each_mail(session: Session) -> None:
    first = session.scalars(select(Delivery)).first()
    assert first is not None
    assert first.revision_id is not None
    assert first.lesson_id is not None
    link = Link(revision_id=first.revision_id, lesson_id=first.lesson_id, address="https://example.org/")
    session.add(link)
    session.flush()
    followed = [
        {
            "at": mail.finished_at + timedelta(hours=3),
            "delivery_id": mail.id,
            "link_id": link.id,
            "seconds": 10_800,
        }
        for mail in session.scalars(select(Delivery).where(Delivery.finished_at.is_not(None)))
    ]
    session.execute(insert(Click), followed)
