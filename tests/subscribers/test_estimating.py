"""Estimates: as sure as they say, drawn alike each time, and the plain count where everybody is drawn."""

from datetime import datetime

import pytest
from sqlalchemy import func, insert, select

from courseletter.database import Database
from subscribers import estimating, segments
from subscribers.estimating import SIZE, Sample
from subscribers.models import (
    CustomField,
    MailingList,
    Membership,
    MemberStatus,
    Subscriber,
    SubscriberTag,
    Tag,
)
from subscribers.segments import Condition, Rule

PEOPLE = 3_000
CONDITIONS = [
    Condition("field", "city", "is", "Porto"),
    Condition("field", "first_name", "contains", "1"),
    Condition("tag", "vip", "has"),
    Condition("tag", "vip", "has_not"),
    Condition("list", "letter", "confirmed"),
    Condition("list", "letter", "not_on"),
]


@pytest.fixture
def many(database: Database, now: datetime) -> Database:
    with database.write() as session:
        letter = MailingList(slug="letter", name="Letter", created_at=now)
        tag = Tag(name="VIP", name_key="vip")
        session.add_all([letter, tag, CustomField(name="city", kind="text")])
        session.flush()
        ids = range(1, PEOPLE + 1)
        session.execute(insert(Subscriber), [person(one, now) for one in ids])
        session.execute(
            insert(SubscriberTag),
            [{"tag_id": tag.id, "subscriber_id": one, "added_at": now} for one in ids if one % 50 == 0],
        )
        session.execute(
            insert(Membership),
            [
                {
                    "list_id": letter.id,
                    "subscriber_id": one,
                    "status": MemberStatus.CONFIRMED if one % 4 else MemberStatus.PENDING,
                    "changed_at": now,
                }
                for one in ids
                if one % 3
            ],
        )
    return database


def person(number: int, now: datetime) -> dict[str, object]:
    address = f"reader{number}@example.org"
    return {
        "id": number,
        "email": address,
        "address_key": address,
        "first_name": f"Reader {number}",
        "fields": {"city": "Porto" if number % 5 == 0 else "Köln"},
        "created_at": now,
    }


def asked(database: Database, sample: Sample, rule: Rule, now: datetime) -> tuple[int, int]:
    """How many a sample says it is, and how many it is."""
    with database.read() as session:
        wanted = segments.compiled(session, rule, now)
        drawn = select(func.count(Subscriber.id)).where(sample.has(Subscriber.id), wanted)
        return sample.scaled(session.scalar(drawn) or 0), segments.count(session, wanted)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_of_a_sample_of_everybody_the_estimate_is_the_count(
    many: Database, now: datetime, condition: Condition
) -> None:
    everybody = Sample(tuple(range(1, PEOPLE + 1)), PEOPLE, many.engine.dialect.name)
    with many.read() as session:
        wanted = segments.compiled(session, Rule((condition,)), now)
        drawn = session.scalars(
            select(Subscriber.id).where(everybody.has(Subscriber.id), wanted).order_by(Subscriber.id)
        ).all()
        assert drawn == session.scalars(select(Subscriber.id).where(wanted).order_by(Subscriber.id)).all()
        assert 0 < len(drawn) < PEOPLE


def test_an_estimate_is_off_by_no_more_than_chance(
    many: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimating, "SIZE", 600)
    monkeypatch.setattr(estimating, "MANY", 1_000)
    with many.read() as session:
        sample = estimating.draw(session)
    assert sample is not None
    rules = [Rule((one,)) for one in CONDITIONS]
    for rule in (*rules, Rule(tuple(CONDITIONS[:3]), any=True), Rule(tuple(CONDITIONS[3:5]))):
        about, exactly = asked(many, sample, rule, now)
        share = exactly / sample.among
        error = sample.among * (share * (1 - share) / len(sample.ids)) ** 0.5
        assert abs(about - exactly) <= 4 * error, rule


def test_the_lot_stands_until_many_have_come(
    many: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with many.read() as session:
        assert estimating.draw(session) is None, "so few are soon counted"
    monkeypatch.setattr(estimating, "SIZE", 600)
    monkeypatch.setattr(estimating, "MANY", 1_000)
    lots = []
    for newest in (PEOPLE, 3_050, 4_000):
        with many.write() as session:
            if newest > PEOPLE:
                session.execute(insert(Subscriber), [person(newest, now)])
            lots.append(estimating.draw(session))
    first, later, last = lots
    assert first == later
    assert first != last
    assert first is not None
    assert len(set(first.ids)) == 600


def test_nobody_is_drawn_where_nobody_is(database: Database) -> None:
    with database.read() as session:
        assert estimating.draw(session) is None


@pytest.mark.parametrize(
    ("found", "about"),
    [
        (0, 0),
        (1, 200),  # 250, give or take 500
        (4, 1_000),
        (40, 10_000),
        (1_234, 310_000),  # 308,500, give or take 14,600
        (2_000, 500_000),
        (3_999, 999_800),
        (4_000, 1_000_000),
    ],
)
def test_an_estimate_tells_no_more_digits_than_it_is_sure_of(found: int, about: int) -> None:
    assert Sample(tuple(range(SIZE)), 1_000_000, "sqlite").scaled(found) == about
