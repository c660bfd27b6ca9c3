"""People whom an import brought and whose import is taken back while something is written for them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from school import School
from sqlalchemy import delete, event, update
from sqlalchemy.orm import Session

from campaigns.models import Enrolment
from courseletter import lists
from courseletter.database import Database
from sender.models import State
from sender.planning import tick
from subscribers.models import ConsentEntry, Membership, Subscriber


@contextmanager
def once_after(database: Database, words: str, act: Callable[[], Any]) -> Iterator[None]:
    """Act once a statement with these words is through, for the first time."""

    acted = []

    def watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if words in statement and not acted:
            acted.append(statement)
            act()

    event.listen(database.engine, "after_cursor_execute", watch)
    yield
    event.remove(database.engine, "after_cursor_execute", watch)
    assert acted


def test_who_is_queued_for_while_an_import_is_taken_back_stays(on_postgresql: Database, now: Any) -> None:
    school = School(on_postgresql, now)
    school.enrol()
    person = school.subscriber().id
    with once_after(on_postgresql, "FROM deliveries", lambda: tick(on_postgresql, now)):
        kept = school.change(lambda session: lists.detach(session, [person]))
    assert (person in kept) == bool(school.deliveries())


@pytest.mark.parametrize(
    "tables", [[Enrolment], [Enrolment, ConsentEntry, Membership]], ids=["place", "person"]
)
def test_r27_a_delivery_without_its_person_stops_nobody(school: School, tables: list[type[Any]]) -> None:
    """As of somebody who is deleted in the moment in which an issue is written for them."""
    school.enrol()
    bob = school.enrol("bob@inbox.example.org", "Bob")
    tick(school.database, school.clock.now())
    school.change(lambda session: _delete(session, school.subscriber(), tables))
    school.live()
    assert school.enrolment(bob).state == "completed"
    assert {one.envelope.recipient for one in school.memory.delivered} == {"bob@inbox.example.org"}
    assert school.deliveries()[0].state == State.CANCELLED


def _delete(session: Session, person: Subscriber, tables: list[type[Any]]) -> None:
    """All of a person, or their place alone."""
    session.execute(update(Subscriber).where(Subscriber.id == person.id).values(erased_at=person.created_at))
    for table in tables:
        session.execute(delete(table).where(table.subscriber_id == person.id))
    if Membership in tables:
        session.execute(delete(Subscriber).where(Subscriber.id == person.id))
