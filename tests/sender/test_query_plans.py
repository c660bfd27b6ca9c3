"""What is asked all day is answered by the partial indexes, however long the ledger has grown."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import ColumnElement, Select, select, text
from sqlalchemy.orm import Session

from courseletter.database import Database
from sender.models import Delivery, State, is_in

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


def test_what_is_ready_is_found_in_the_order_of_its_index(database: Database) -> None:
    ready = select(Delivery.id).where(ASKED["ix_deliveries_ready"]()).order_by(Delivery.due_at, Delivery.id)
    with database.read() as session:
        plan = _plan(session, ready.limit(10))
    assert "ORDER BY" not in plan
    assert "Sort" not in plan


def _plan(session: Session, query: Select[int]) -> str:
    """How the database would go about it, if the table were too long to be read from end to end."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN"
    else:
        explain = "EXPLAIN QUERY PLAN"
    compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    return "\n".join(str(row) for row in session.execute(text(f"{explain} {compiled}")))
