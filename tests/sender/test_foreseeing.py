"""What an issue would do: a sample of everybody tells what the count tells."""

import pytest
from newsroom import Newsroom, at
from school import KEY, School
from sqlalchemy import func, select

from campaigns.newsletters import drafting
from campaigns.newsletters.drafting import Wishes
from sender.newsletters import foreseeing
from sender.newsletters.foreseeing import Shown
from subscribers import consent, segments, tags
from subscribers.audiences import Audience, Count, Part
from subscribers.consent import Evidence
from subscribers.estimating import Sample
from subscribers.models import MailingList, Subscriber, SuppressionReason
from subscribers.segments import Condition, Rule
from subscribers.suppression import suppress

ZONES = ("Asia/Tokyo", "Europe/Berlin", None)


@pytest.fixture
def newsroom(school: School) -> Newsroom:
    return Newsroom(school)


@pytest.fixture
def crowd(newsroom: Newsroom) -> dict[str, Part]:
    """Sixty readers: some on two lists, some with tags, some gone, some suppressed. Parts by name."""
    with newsroom.database.write() as session:
        friends = MailingList(slug="friends", name="Friends", created_at=newsroom.now)
        session.add(friends)
        session.flush()
        rule = Rule((Condition("field", "first_name", "contains", "1"),))
        segment, elsewhere = segments.save(session, "Ones", rule, newsroom.now).id, friends.id
    for number in range(60):
        email, details = f"r{number}@inbox.example.org", {"zone": ZONES[number % 3]}
        newsroom.add(email, first_name=f"R{number}", on=elsewhere if number % 2 else None, **details)
        if number % 4 == 0:
            newsroom.add(email, on=elsewhere, tag="garden")
    with newsroom.database.write() as session:
        people = session.scalars(
            select(Subscriber).where(Subscriber.email.like("r%")).order_by(Subscriber.id)
        ).all()
        own = session.get_one(MailingList, newsroom.list_id)
        for person in people[::12]:
            consent.withdraw(session, own, person, Evidence(), newsroom.now)
        for person in people[5::12]:
            suppress(session, KEY, person.email, SuppressionReason.BOUNCED, newsroom.now)
        garden = tags.find_or_create(session, "garden").id
    return {
        "own": Part("list", newsroom.list_id),
        "friends": Part("list", elsewhere),
        "garden": Part("tag", garden),
        "ones": Part("segment", segment),
    }


def seen(newsroom: Newsroom, wishes: Wishes, *samples: Sample | None) -> list[Shown]:
    """One issue, by each of the samples; None: counted whole."""
    draft = newsroom.draft()
    with newsroom.database.read() as session:
        issue = drafting.find_issue(session, draft)
        return [foreseeing.shown(session, issue, wishes, KEY, newsroom.now, 1_000, one) for one in samples]


def everybody(newsroom: Newsroom) -> Sample:
    with newsroom.database.read() as session:
        last = session.scalar(select(func.max(Subscriber.id))) or 0
    return Sample(tuple(range(1, last + 1)), last, newsroom.database.engine.dialect.name)


@pytest.mark.parametrize(
    ("include", "exclude"),
    [
        (["own"], []),
        (["friends"], []),
        (["own", "friends"], []),
        (["garden"], []),
        (["ones"], ["garden"]),
        (["own", "friends", "garden", "ones"], []),
        (["own", "friends"], ["ones", "garden"]),
        (["friends"], ["own"]),
    ],
)
def test_a_sample_of_everybody_tells_the_same_as_the_count(
    newsroom: Newsroom, crowd: dict[str, Part], include: list[str], exclude: list[str]
) -> None:
    audience = Audience(tuple(crowd[one] for one in include), tuple(crowd[one] for one in exclude))
    wishes = Wishes(audience, at(newsroom.now, 18), ("Another subject",), 50)
    exactly, roughly = seen(newsroom, wishes, None, everybody(newsroom))
    assert exactly.foreseen.count.reached > 0
    assert ids(roughly.gets_it) == ids(exactly.gets_it)
    assert [(one.id, why) for one, why in roughly.left_out] == [
        (one.id, why) for one, why in exactly.left_out
    ]
    assert len(roughly.gets_it) == exactly.foreseen.count.reached
    assert len(roughly.left_out) == exactly.foreseen.count.named - exactly.foreseen.count.reached


def ids(people: list[Subscriber]) -> list[int]:
    return [one.id for one in people]


def test_numbers_of_a_sample_are_scaled_up(newsroom: Newsroom, crowd: dict[str, Part]) -> None:
    wishes = Wishes(Audience((crowd["own"],)), at(newsroom.now, 18), ("Another subject",), 50)
    here = everybody(newsroom)
    thousandth = Sample(here.ids, 1_000 * here.among, here.dialect)  # as if each stood for a thousand
    exactly, roughly = (one.foreseen for one in seen(newsroom, wishes, None, thousandth))
    assert roughly.roughly
    for about, number in (
        *zip(roughly.count, exactly.count, strict=True),
        *zip(roughly.tested, exactly.tested, strict=True),
        *((one[1], other[1]) for one, other in zip(roughly.waves, exactly.waves, strict=True)),
    ):
        assert about == thousandth.scaled(number)
    assert [moment for moment, _ in roughly.waves] == [moment for moment, _ in exactly.waves]


def test_a_sample_in_which_nobody_is_reached_is_no_obstacle(
    newsroom: Newsroom, crowd: dict[str, Part]
) -> None:
    wishes = Wishes(Audience((crowd["own"],)), subjects=("Another subject",))
    nobody = Sample((10_001, 10_002), 1_000_000, newsroom.database.engine.dialect.name)
    foreseen = seen(newsroom, wishes, nobody)[0].foreseen
    assert foreseen.count == Count()
    assert foreseen.obstacle is None
