"""Tags: one spelling each, added and removed once, counted."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from courseletter.database import Database
from courseletter.errors import InvalidInput
from subscribers import tags
from subscribers.models import Subscriber, SubscriberTag
from subscribers.people import NOTHING_SAID, find_or_create


@pytest.fixture
def ana(database: Database, now: datetime) -> Subscriber:
    with database.write() as session:
        return find_or_create(session, "ana@example.org", NOTHING_SAID, now)[0]


def test_a_tag_is_added_once_in_whatever_case(database: Database, ana: Subscriber, now: datetime) -> None:
    later = now + timedelta(days=1)
    with database.write() as session:
        assert tags.add(session, ana, " Beta   readers ", now)
        assert not tags.add(session, ana, "BETA READERS", later)
        assert tags.add(session, ana, "Straße", now)
        assert not tags.add(session, ana, "STRASSE", now)
        assert tags.of(session, ana) == ["Beta readers", "Straße"]
        assert tags.has(session, ana, "beta readers")
        assert set(session.scalars(select(SubscriberTag.added_at))) == {now}


def test_a_tag_is_taken_off_once(database: Database, ana: Subscriber, now: datetime) -> None:
    with database.write() as session:
        tags.add(session, ana, "pro", now)
        assert tags.remove(session, ana, "PRO")
        assert not tags.remove(session, ana, "pro")
        assert not tags.remove(session, ana, "never heard of")
        assert not tags.has(session, ana, "pro")


def test_tags_are_listed_by_name(database: Database, ana: Subscriber, now: datetime) -> None:
    with database.write() as session:
        bo, _ = find_or_create(session, "bo@example.org", NOTHING_SAID, now)
        for person, name in [(ana, "pro"), (bo, "pro"), (bo, "Alumni")]:
            tags.add(session, person, name, now)
        tags.remove(session, bo, "alumni")
        assert tags.names(session, 2) == ["Alumni", "pro"]
        assert tags.names(session, 1) == ["Alumni"]


@pytest.mark.parametrize("name", ["", "  ", "a,b", "a\x00b", "a\u202eb", "x" * 81])
def test_a_name_that_no_list_could_show_is_refused(
    database: Database, ana: Subscriber, now: datetime, name: str
) -> None:
    with database.write() as session, pytest.raises(InvalidInput) as problem:
        tags.add(session, ana, name, now)
    assert problem.value.field == "tag"
