"""An A/B test on its way: a part gets the subjects, clicks decide, the others get the one that has won."""

from datetime import UTC, datetime, timedelta

import pytest
from newsroom import Newsroom, at
from school import BRAND, KEY, LINKS, School
from sqlalchemy import select

from campaigns.brands import Brands
from campaigns.links import track_clicks
from campaigns.models import Course, Link
from campaigns.newsletters.models import IssueState
from courseletter.errors import InvalidInput
from sender import clicks, wishes
from sender.models import Delivery
from sender.newsletters import reporting, results, steering, writing
from sender.results import bring_up_to_date
from subscribers.consent import Evidence
from subscribers.tokens import Purpose

SOON = timedelta(minutes=10)


@pytest.fixture
def newsroom(school: School) -> Newsroom:
    return Newsroom(school)


def follow(newsroom: Newsroom, mail: Delivery, *, mark: str = "") -> None:
    """Click the mail's first link, as courseletter/web/clicks.py does."""
    with newsroom.database.write() as session:
        link = session.scalars(
            select(Link.id).where(Link.revision_id == mail.revision_id).order_by(Link.id)
        ).first()
        assert link is not None
        way = clicks.way_of(session, link, mail.id)
        assert way.mail is not None
        clicks.record(session, way.mail, link, mark, newsroom.now)


def test_the_subject_that_more_people_clicked_goes_to_the_others(newsroom: Newsroom) -> None:
    for number in range(160):  # enough, however the keyed hash divides them
        newsroom.add(f"reader{number:02}@inbox.example.org")
    issue = newsroom.send("Frost", subjects=("Ice",), share=50, hours=4)
    tested = newsroom.deliveries(issue)
    assert 50 <= len(tested) <= 110
    first, second = newsroom.issue(issue).revisions
    assert {one.revision_id for one in tested} == {first, second}
    newsroom.school.clock.move_to(newsroom.now + SOON)
    for mail in tested:
        if mail.revision_id == second:
            follow(newsroom, mail)
        else:
            follow(newsroom, mail, mark="agent")  # a scanner reads them all and decides nothing
    newsroom.school.clock.move_to(newsroom.now + SOON)
    newsroom.school.work()
    assert len(newsroom.deliveries(issue)) == len(tested)  # it waits for its four hours
    newsroom.school.live()
    after = newsroom.issue(issue)
    assert (after.winner, after.state) == (1, IssueState.SENT)
    assert after.verdict == "Subject B has won: 100.0% of its readers clicked."
    assert after.decided_at == after.begun_at + timedelta(hours=4)
    rest = newsroom.deliveries(issue)[len(tested) :]
    assert after.tested_revisions == [first, second]
    assert {one.revision_id for one in rest} == {after.rest_revision} != {second}
    assert len({one.subscriber_id for one in newsroom.deliveries(issue)}) == 160
    assert sum(subject == "Ice" for _, subject in newsroom.received()) == len(rest) + sum(
        one.revision_id == second for one in tested
    )
    with newsroom.database.read() as session:
        lines = reporting.report(session, after).lines
    assert [(line.group, line.subject, line.received) for line in lines] == [
        ("A", "Frost", sum(one.revision_id == first for one in tested)),
        ("B", "Ice", sum(one.revision_id == second for one in tested)),
        ("rest", "Ice", len(rest)),
    ]
    follow(newsroom, rest[0])  # a link of theirs is counted, and for them alone
    newsroom.school.clock.move_to(newsroom.now + SOON)
    bring_up_to_date(newsroom.database, newsroom.now, timedelta(days=30))
    with newsroom.database.read() as session:
        assert [line.did["clicked"] for line in reporting.report(session, after).lines][2] == 1


def test_where_everybody_is_tested_there_is_no_rest(newsroom: Newsroom) -> None:
    for number in range(40):
        newsroom.add(f"reader{number:02}@inbox.example.org")
    issue = newsroom.send("Frost", subjects=("Ice",), share=100, hours=1)
    newsroom.school.live()
    with newsroom.database.read() as session:
        lines = reporting.report(session, newsroom.issue(issue)).lines
    assert [line.group for line in lines] == ["A", "B"]


def test_the_others_get_it_at_the_hour_and_not_when_the_test_ends(newsroom: Newsroom) -> None:
    for number in range(40):
        newsroom.add(f"reader{number:02}@inbox.example.org")
    issue = newsroom.draft(
        "Frost", subjects=("Ice",), share=50, hours=4, when=at(datetime(2026, 3, 12, tzinfo=UTC), 9)
    )
    newsroom.schedule(issue)
    newsroom.school.live()
    moments = {one.finished_at for one in newsroom.deliveries(issue)}
    assert moments == {datetime(2026, 3, 12, 8, tzinfo=UTC), datetime(2026, 3, 13, 8, tzinfo=UTC)}
    assert newsroom.issue(issue).verdict.startswith("Nobody clicked")


@pytest.mark.parametrize(
    ("people", "words"),
    [(0, "Nobody would get this issue"), (1, "1 person gets this issue, too few to test 2")],
)
def test_a_test_on_too_few_people_is_a_line_and_nothing_happens(
    newsroom: Newsroom, people: int, words: str
) -> None:
    for number in range(people):
        newsroom.add(f"reader{number}@inbox.example.org")
    issue = newsroom.draft("Frost", subjects=("Ice",))
    with pytest.raises(InvalidInput, match=words):
        steering.schedule(newsroom.database, Brands(BRAND), issue, KEY, newsroom.now)
    assert newsroom.issue(issue).state == IssueState.DRAFT


def test_a_newsletter_that_counts_no_clicks_tests_nothing(newsroom: Newsroom) -> None:
    newsroom.school.change(
        lambda session: track_clicks(session, session.get_one(Course, newsroom.newsletter_id), False)
    )
    issue = newsroom.draft("Frost", subjects=("Ice",))
    with pytest.raises(InvalidInput, match="counts none"):
        newsroom.schedule(issue)


@pytest.mark.parametrize(
    ("subjects", "words"),
    [
        (("Frost",), "the same"),
        (("Ice", "Snow", "Hail", "Sleet"), "at most 4"),
        (("Ice\r\nBcc: eve@evil.example",), "line"),
        ((" ",), "empty"),
        (("{{ subscriber.first_name }",), "{{"),
    ],
)
def test_subjects_that_cannot_be_tested(newsroom: Newsroom, subjects: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        newsroom.draft("Frost", subjects=subjects)


def test_results_tell_what_became_of_each_subject(newsroom: Newsroom) -> None:
    for number in range(60):
        newsroom.add(f"reader{number:02}@inbox.example.org")
    issue = newsroom.send("Frost", subjects=("Ice",), share=100)
    mails = newsroom.deliveries(issue)
    newsroom.school.clock.move_to(newsroom.now + SOON)
    follow(newsroom, mails[0])
    follow(newsroom, mails[0])
    follow(newsroom, mails[1], mark="agent")
    with newsroom.database.write() as session:
        wishes.unsubscribe(session, newsroom.list_id, mails[2].subscriber_id, newsroom.now, Evidence())
    newsroom.school.clock.move_to(newsroom.now + SOON)
    for _ in range(2):  # counting again changes nothing
        bring_up_to_date(newsroom.database, newsroom.now, timedelta(days=30))
    with newsroom.database.read() as session:
        found = results.totals(session, newsroom.issue(issue).revisions)
    total = {name: sum(one[name] for one in found.values()) for name in results.COUNTS}
    assert total == {
        "received": 60,
        "clicked": 1,
        "scanner_clicks": 1,
        "unsubscribed": 1,
        "bounced": 0,
        "complained": 0,
    }
    assert found[mails[0].revision_id or 0]["clicked"] == 1
    assert LINKS.tokens.read(Purpose.READ, LINKS.read(7).rpartition("/")[2]) == (7,)


def test_r25_a_decision_that_is_missed_by_over_an_hour_waits_for_a_person(newsroom: Newsroom) -> None:
    """Else everybody else would get it at whatever hour of the night we are back."""
    for number in range(20):
        newsroom.add(f"reader{number:02}@inbox.example.org")
    issue = newsroom.send("Frost", subjects=("Ice",), share=50, hours=4)
    tested = len(newsroom.deliveries(issue))
    newsroom.school.clock.move_to(newsroom.now + timedelta(hours=12))
    newsroom.school.work()
    assert len(newsroom.deliveries(issue)) == tested < 20
    assert (newsroom.issue(issue).state, newsroom.issue(issue).why) == (IssueState.PAUSED, writing.LATE)
    steering.resume(newsroom.database, issue, newsroom.now)
    newsroom.school.live()
    assert len(newsroom.received()) == len(set(newsroom.received())) == 20
    assert newsroom.issue(issue).state == IssueState.SENT
