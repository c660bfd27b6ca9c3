"""Which custom fields there are, so that publishing knows a misspelt one."""

from datetime import datetime

from sqlalchemy import update

from courseletter.database import Database
from subscribers.fields import KnownFields, recent_fields
from subscribers.models import Subscriber
from subscribers.people import Details, find_or_create


def test_the_names_over_all_subscribers(database: Database, now: datetime) -> None:
    with database.write() as session:
        for number, fields in enumerate(({"plan": "pro", "city": "Bonn"}, {"plan": "free"}, {})):
            person, _ = find_or_create(session, f"reader{number}@example.org", Details(), now)
            session.execute(update(Subscriber).where(Subscriber.id == person.id).values(fields=fields))
    with database.read() as session:
        assert recent_fields(session) == {"plan", "city"}
        known = KnownFields(session)
        assert [name in known for name in ("plan", "city", "plans", "pla", "first_name")] == [
            *(True, True),
            *(False, False, False),
        ]


def test_nobody_no_fields(database: Database) -> None:
    with database.read() as session:
        assert recent_fields(session) == frozenset()
        assert "plan" not in KnownFields(session)
