"""A digest at its hour: what is new becomes an issue once, whatever the feed and our processes do."""

from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import httpx2
import pytest
from feeds import ADDRESS, Feed, day
from newsroom import Newsroom
from school import BRAND, KEY, School
from sqlalchemy import func, select

from campaigns.brands import Brands
from campaigns.digests import setting_up
from campaigns.digests.models import Digest, DigestEntry
from campaigns.digests.rhythm import Rhythm
from campaigns.digests.setting_up import Wishes
from campaigns.models import Course
from campaigns.newsletters import drafting
from campaigns.newsletters.models import Issue, IssueState
from sender.instance import recognise
from sender.models import Instance
from sender.newsletters import digesting
from sender.pausing import WAITING, release_sends

MONDAYS = Rhythm("week", frozenset({0}), 9 * 60, "Europe/Berlin")
HOUR = timedelta(hours=1)
# The first hour after the tests' Wednesday: Monday 16 March 2026, 9:00 in Berlin.
MONDAY = datetime.fromisoformat("2026-03-16T08:00:00+00:00")


class Desk:
    """A newsletter that a feed feeds."""

    def __init__(self, school: School) -> None:
        self.newsroom = Newsroom(school)
        self.database, self.school = school.database, school
        self.feed = Feed()
        self.feed.publish("Old news", day(2))

    def set_up(self, first: int = 0, **wishes: object) -> None:
        wanted = Wishes(ADDRESS, **{"rhythm": MONDAYS, "sends": True, **wishes})
        now, fetcher = self.newsroom.now, self.feed.fetcher()
        setting_up.set_up(
            self.database, fetcher, self.newsroom.newsletter_id, wanted, first, now, "Mira Holt"
        )

    def look(self, at: datetime | None = None) -> dict[str, int]:
        if at is not None:
            self.school.clock.move_to(at)
        brands = Brands(BRAND, "https://letters.example.org")
        return dict(digesting.look(self.database, brands, self.feed.fetcher(), KEY, self.newsroom.now))

    def make_without_scheduling(self) -> None:
        """What is left where a process ends after the issue was made, on Monday, before it is scheduled."""
        self.newsroom.add("ada@inbox.example.org")
        self.set_up()
        self.feed.publish("Frost", day(13))
        self.school.clock.move_to(MONDAY)
        digesting.look_at(self.database, self.feed.fetcher(), self.newsroom.newsletter_id, MONDAY)

    def issues(self) -> list[Issue]:
        with self.database.read() as session:
            found = list(session.scalars(select(Issue).order_by(Issue.created_at, Issue.lesson_id)))
            for one in found:
                session.refresh(one, ["lesson"])
            return found

    def digest(self) -> Digest:
        with self.database.read() as session:
            return session.get_one(Digest, self.newsroom.newsletter_id)


@pytest.fixture
def desk(school: School) -> Desk:
    return Desk(school)


def test_what_is_new_at_its_hour_goes_out_once(desk: Desk) -> None:
    desk.newsroom.add("ada@inbox.example.org", first_name="Ada")
    desk.set_up(subject="{{ digest.title }}, {{ subscriber.first_name | default('friend') }}")
    assert desk.look() == {}
    desk.feed.publish("Frost", day(13))
    desk.feed.publish("Birds", day(14))
    assert desk.look(MONDAY) == {"digests made": 1, "digests scheduled": 1}
    assert desk.look() == {}
    desk.school.work()
    assert desk.newsroom.received() == [("ada@inbox.example.org", "Birds, Ada")]
    (issue,) = desk.issues()
    assert issue.author == "Mira Holt"
    assert issue.lesson.preheader == "Frost"
    assert (
        "## [Birds](https://notes.example.org/birds)\n\n*14 March 2026*\n\nCover what is tender."
        in issue.lesson.body
    )
    assert issue.lesson.body.index("Birds") < issue.lesson.body.index("Frost")
    assert "Old news" not in issue.lesson.body
    assert desk.digest().due_at == MONDAY + timedelta(days=7)


def test_an_entry_that_says_next_to_nothing_holds_nothing_up(desk: Desk) -> None:
    desk.newsroom.add("ada@inbox.example.org")
    desk.set_up()
    desk.feed.items.insert(0, '<item><guid isPermaLink="false">7</guid></item>')
    assert desk.look(MONDAY)["digests made"] == 1
    (issue,) = desk.issues()
    assert issue.lesson.title == "Garden letter"
    assert desk.look() == {}


def test_without_news_there_is_no_issue(desk: Desk) -> None:
    desk.set_up()
    assert desk.look(MONDAY) == {"feeds without news": 1}
    assert desk.issues() == []
    assert desk.digest().next_at == MONDAY + timedelta(days=7)


def test_the_marketer_chooses_how_many_of_those_before_are_sent(desk: Desk) -> None:
    desk.feed.publish("Newer news", day(9))
    desk.set_up(first=1)
    desk.look(MONDAY)
    (issue,) = desk.issues()
    assert issue.lesson.title == "Newer news"
    assert "Old news" not in issue.lesson.body


def test_a_draft_waits_for_a_person(desk: Desk) -> None:
    desk.newsroom.add("ada@inbox.example.org")
    desk.set_up(sends=False)
    desk.feed.publish("Frost", day(13))
    assert desk.look(MONDAY) == {"digests made": 1}
    desk.look(MONDAY + HOUR)
    (issue,) = desk.issues()
    assert issue.state == IssueState.DRAFT


@pytest.mark.parametrize("again", ["same", "new id", "moved", "twice at once"])
def test_an_entry_never_comes_twice(desk: Desk, again: str) -> None:
    desk.set_up(sends=False)
    desk.feed.publish("Frost", day(13))
    if again == "twice at once":
        desk.feed.publish("Frost", day(13))
    desk.look(MONDAY)
    if again == "new id":
        desk.feed.items.clear()
        desk.feed.publish("Frost", day(16), guid="another", link="https://notes.example.org/frost")
    elif again == "moved":
        desk.feed.items.clear()
        desk.feed.publish("Frost, revised", day(16), guid="frost", link="https://elsewhere.example/frost")
    assert desk.look(MONDAY + timedelta(days=7)) == {"feeds without news": 1}
    (issue,) = desk.issues()
    assert issue.lesson.body.count("## ") == 1


def test_what_does_not_fit_waits_for_the_next_issue(desk: Desk) -> None:
    desk.feed.etag = '"1"'
    desk.set_up(most=2, sends=False)
    for number in range(3, 8):
        desk.feed.publish(f"Note {number}", day(number))
    for week in range(4):
        desk.look(MONDAY + week * timedelta(days=7))
    titles = [
        [line for line in one.lesson.body.splitlines() if line.startswith("## ")] for one in desk.issues()
    ]
    assert [[line[4:10] for line in lines] for lines in titles] == [
        ["Note 7", "Note 6"],
        ["Note 5", "Note 4"],
        ["Note 3"],
    ]


def test_a_feed_that_has_not_changed_is_not_sent_again(desk: Desk) -> None:
    desk.feed.etag = '"1"'
    desk.set_up(sends=False)
    desk.feed.publish("Frost", day(13))
    desk.look(MONDAY)
    assert "if-none-match" not in desk.feed.asked[-1].headers
    assert desk.look(MONDAY + timedelta(days=7)) == {"feeds without news": 1}
    assert desk.feed.asked[-1].headers["if-none-match"] == '"1"'
    desk.feed.publish("Birds", day(14))
    desk.feed.etag = '"2"'
    assert desk.look(MONDAY + timedelta(days=14)) == {"digests made": 1}


def test_a_process_that_ends_between_fetching_and_making_loses_and_doubles_nothing(desk: Desk) -> None:
    desk.newsroom.add("ada@inbox.example.org")
    desk.set_up()
    desk.feed.publish("Frost", day(13))
    refuse = {
        True: "CREATE TRIGGER die BEFORE INSERT ON digest_entries BEGIN SELECT RAISE(ABORT, 'gone'); END",
        False: "ALTER TABLE digest_entries ADD CONSTRAINT die CHECK (issue_id IS NULL)",
    }
    mend = {True: "DROP TRIGGER die", False: "ALTER TABLE digest_entries DROP CONSTRAINT die"}
    sqlite = desk.database.is_sqlite
    with desk.database.write() as session:
        session.connection().exec_driver_sql(refuse[sqlite])
    with pytest.raises(Exception, match=r"gone|die"):
        desk.look(MONDAY)
    with desk.database.write() as session:
        session.connection().exec_driver_sql(mend[sqlite])
    assert desk.issues() == []
    assert desk.look() == {"digests made": 1, "digests scheduled": 1}
    assert desk.look() == {}
    desk.school.work()
    assert [subject for _, subject in desk.newsroom.received()] == ["Frost"]


def test_a_process_that_ends_before_scheduling_schedules_once(desk: Desk) -> None:
    desk.make_without_scheduling()
    assert [one.state for one in desk.issues()] == [IssueState.DRAFT]
    assert desk.look(MONDAY + timedelta(minutes=1)) == {"digests scheduled": 1}
    with desk.database.write() as session:  # as if it had ended after it, before writing so down
        session.get_one(Digest, desk.newsroom.newsletter_id).sending_id = desk.issues()[0].lesson_id
    desk.look()
    desk.school.work()
    assert len(desk.newsroom.received()) == 1
    assert desk.digest().problem == ""


def test_a_draft_that_was_thrown_away_meanwhile_is_not_sent(desk: Desk) -> None:
    desk.make_without_scheduling()
    with desk.database.write() as session:
        drafting.throw_away(drafting.find_issue(session, desk.issues()[0].lesson_id))
    desk.look()
    desk.school.work()
    assert desk.newsroom.received() == []
    assert (desk.digest().sending_id, desk.digest().problem) == (None, "")


def test_an_issue_to_nobody_waits_as_a_draft_and_says_so(desk: Desk) -> None:
    desk.set_up()
    desk.feed.publish("Frost", day(13))
    assert desk.look(MONDAY) == {"digests made": 1, "digests not sent": 1}
    assert desk.digest().problem.startswith("The issue waits as a draft: Nobody would get this issue")
    assert [one.state for one in desk.issues()] == [IssueState.DRAFT]


def test_r27_an_issue_that_cannot_be_scheduled_stops_no_other(desk: Desk) -> None:
    desk.make_without_scheduling()
    other = Desk(desk.school)
    other.make_without_scheduling()
    first, last = sorted((desk, other), key=lambda one: one.newsroom.newsletter_id)
    with desk.database.write() as session:
        issue = session.get_one(Digest, first.newsroom.newsletter_id).sending_id
        session.get_one(Issue, issue).audience = {"exclude": []}
    assert desk.look() == {"digests not sent": 1, "digests scheduled": 1}
    assert desk.look() == {}
    with desk.database.read() as session:
        problem = session.get_one(Digest, first.newsroom.newsletter_id).problem
        assert problem == "The issue waits as a draft: it could not be scheduled. The log says more."
        assert session.get_one(Digest, last.newsroom.newsletter_id).problem == ""


def test_r25_an_hour_that_was_missed_makes_a_draft(desk: Desk) -> None:
    desk.newsroom.add("ada@inbox.example.org")
    desk.set_up()
    desk.feed.publish("Frost", day(13))
    assert desk.look(MONDAY + 2 * HOUR) == {"digests made": 1}
    assert [one.state for one in desk.issues()] == [IssueState.DRAFT]
    assert "waits as a draft" in desk.digest().problem


def test_a_feed_in_trouble_is_tried_again_later_and_later(desk: Desk) -> None:
    desk.newsroom.add("ada@inbox.example.org")
    desk.set_up()
    desk.feed.publish("Frost", day(13))
    desk.feed.status = 503
    assert desk.look(MONDAY) == {"feeds not read": 1}
    broken = desk.digest()
    assert broken.problem == f"{ADDRESS} answered with an error (503)."
    assert (broken.problem_at, broken.next_at) == (MONDAY, MONDAY + timedelta(minutes=5))
    assert desk.look(MONDAY + timedelta(minutes=4)) == {}
    desk.look(MONDAY + timedelta(minutes=5))
    assert desk.digest().next_at == MONDAY + timedelta(minutes=15)
    desk.feed.status = 200
    assert desk.look(MONDAY + timedelta(minutes=15)) == {"digests made": 1, "digests scheduled": 1}
    assert (desk.digest().problem, desk.digest().failures) == ("", 0)


def test_a_dead_feed_is_asked_a_few_times_a_day_and_at_its_hour(desk: Desk) -> None:
    desk.set_up()
    desk.feed.status = 404
    desk.feed.asked.clear()
    moment = MONDAY
    while moment < MONDAY + timedelta(days=7):
        desk.look(moment)
        following = desk.digest().next_at
        assert following is not None
        assert following > moment
        moment = following
    assert len(desk.feed.asked) < 60
    assert desk.digest().due_at == moment == MONDAY + timedelta(days=7)


def test_a_slow_feed_makes_no_other_wait(desk: Desk) -> None:
    """The first one answers only once the second has been asked."""
    desk.set_up()
    other, asked = "https://other.example.org/feed", Event()
    with desk.database.write() as session:
        now = desk.newsroom.now
        second = drafting.create_newsletter(session, "Second letter", now, language="en", zone="UTC")
        again = {one.name: getattr(desk.digest(), one.name) for one in Digest.__table__.columns}
        session.add(Digest(**{**again, "newsletter_id": second.id, "url": other}))
    handle = desk.feed.handle

    def slowly(request: httpx2.Request) -> httpx2.Response:
        if request.headers["host"] == "other.example.org":
            asked.set()
        else:
            assert asked.wait(60)
        return handle(request)

    desk.feed.handle = slowly
    desk.feed.publish("Frost", day(13))
    assert desk.look(MONDAY)["digests made"] == 2


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<rss version="2.0"><channel><item><title>&b;</title></item></channel></rss>"""


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "is no feed"),
        (b"<html><body><p>Welcome to nginx</p></body></html>", "is no feed"),
        (b"\x00\xff\xfe" * 2_000, ""),
        (BOMB, "declares XML entities"),
        (b"<rss version='2.0'><channel>" + b"<item>" * 150_000, "has more than 100,000 tags"),
        (b"<rss version='2.0'><channel>" + b" " * 3_000_001, "is larger than 3 MB"),
        (
            b"<rss version='2.0'><channel><item><title>a&#xD800;b</title></item></channel></rss>",
            "is damaged and cannot be read",
        ),
    ],
)
def test_r40_a_huge_malformed_or_hostile_feed_is_one_calm_line(desk: Desk, answer: bytes, told: str) -> None:
    desk.set_up()
    desk.feed.answer = answer
    assert desk.look(MONDAY) == {"feeds not read": 1}
    assert told in desk.digest().problem
    assert "\n" not in desk.digest().problem
    assert desk.issues() == []


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Honolulu"])
@pytest.mark.parametrize(
    "stamp", ["0000-06-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "99999-06-01T00:00:00Z"]
)
def test_r40_an_entry_of_no_day_that_a_calendar_has_goes_out_without_one(
    desk: Desk, stamp: str, zone: str
) -> None:
    desk.set_up(sends=False, rhythm=Rhythm("week", frozenset({0}), 9 * 60, zone))
    desk.feed.answer = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Notes</title><entry><id>1</id><title>Frost</title>'
        f"<updated>{stamp}</updated></entry></feed>"
    ).encode()
    assert desk.look(MONDAY + 12 * HOUR) == {"digests made": 1}
    (issue,) = desk.issues()
    assert issue.lesson.body == "## Frost\n"


def test_r39_a_feed_that_leads_into_our_own_network_is_not_followed(desk: Desk) -> None:
    desk.set_up()
    desk.feed.status, desk.feed.headers = 302, {"location": "http://169.254.169.254/latest"}
    asked = len(desk.feed.asked)
    desk.look(MONDAY)
    assert "address not allowed" in desk.digest().problem
    assert len(desk.feed.asked) == asked + 1


def test_a_feed_that_leads_in_circles_is_one_calm_line(desk: Desk) -> None:
    desk.set_up()
    desk.feed.status, desk.feed.headers = 301, {"location": ADDRESS}
    desk.look(MONDAY)
    assert desk.digest().problem == f"{ADDRESS} redirects more than 5 times."


def test_a_stopped_newsletter_and_one_that_is_switched_off_ask_for_no_feed(desk: Desk) -> None:
    desk.set_up()
    desk.feed.asked.clear()
    with desk.database.write() as session:
        session.get_one(Course, desk.newsroom.newsletter_id).paused_at = desk.newsroom.now
    assert desk.look(MONDAY) == {}
    with desk.database.write() as session:
        session.get_one(Course, desk.newsroom.newsletter_id).paused_at = None
        setting_up.switch_off(session.get_one(Digest, desk.newsroom.newsletter_id))
    assert desk.look() == {}
    assert desk.feed.asked == []
    with desk.database.read() as session:
        assert session.scalar(select(func.count()).select_from(DigestEntry)) == 2


def test_a_digest_that_was_changed_while_its_feed_was_asked_for_makes_nothing(desk: Desk) -> None:
    desk.set_up()
    desk.feed.publish("Frost", day(13))
    handle = desk.feed.handle

    def slowly(request):
        answer = handle(request)
        desk.feed.handle = handle
        desk.set_up(rhythm=Rhythm("week", frozenset({4}), 600, "UTC"))
        return answer

    desk.feed.handle = slowly
    assert desk.look(MONDAY) == {}
    assert desk.issues() == []


def test_r25_a_restored_database_does_not_send_entries_that_may_have_gone_out(
    desk: Desk, tmp_path: Path
) -> None:
    desk.make_without_scheduling()
    recognise(desk.database, tmp_path, MONDAY)
    with desk.database.write() as session:
        session.get_one(Instance, 1).held_why = "it was restored"
    assert desk.look() == {}
    release_sends(desk.database, tmp_path, MONDAY)
    assert desk.digest().problem == WAITING
    assert desk.look() == {}
    desk.feed.publish("Birds", day(20))
    assert desk.look(MONDAY + timedelta(days=7)) == {"digests made": 1}
    desk.school.work()
    assert desk.newsroom.received() == []
    assert [one.state for one in desk.issues()] == [IssueState.DRAFT] * 2
