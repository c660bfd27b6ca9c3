"""An issue on its way: who gets it and who does not, when, and that nobody gets it twice."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from newsroom import Newsroom, at
from school import BRAND, KEY, LINKS, ORIGIN, School
from sqlalchemy import Connection, event

from campaigns.models import Course
from campaigns.newsletters import drafting
from campaigns.newsletters.models import Issue, IssueState
from campaigns.newsletters.scheduling import NotSendable
from courseletter.errors import InvalidInput
from sender import wishes
from sender.bounces.intake import Intake
from sender.bounces.naming import Names
from sender.bounces.recording import Effect
from sender.bounces.report import Kind, Report
from sender.claiming import claim
from sender.models import State
from sender.newsletters import steering, writing
from sender.newsletters.writing import send_due
from sender.return_path import return_path
from sender.sampling import Somebody, sampled
from sender.windows import open_window
from subscribers import consent, segments, tags
from subscribers.audiences import Audience, Part
from subscribers.consent import Evidence
from subscribers.models import CustomField, MailingList, Subscriber, SuppressionReason
from subscribers.segments import Condition, Rule
from subscribers.suppression import suppress
from templates.rendering import render

HOUR = timedelta(hours=1)
TOMORROW = datetime(2026, 3, 12, tzinfo=UTC)


@pytest.fixture
def newsroom(school: School) -> Newsroom:
    return Newsroom(school)


def text_of(message: bytes) -> str:
    part = message_from_bytes(message, policy=policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_an_issue_reaches_whoever_has_confirmed_its_list_once(newsroom: Newsroom) -> None:
    for name in ("ada", "bea"):
        newsroom.add(f"{name}@inbox.example.org", first_name=name.title())
    issue = newsroom.send()
    newsroom.school.work()
    assert newsroom.received() == [("ada@inbox.example.org", "Frost"), ("bea@inbox.example.org", "Frost")]
    newsroom.school.clock.move_to(newsroom.now + timedelta(minutes=2))
    newsroom.school.work()
    assert newsroom.issue(issue).state == IssueState.SENT
    assert len(newsroom.received()) == 2


def test_the_mail_says_where_it_is_from_and_how_to_leave(newsroom: Newsroom) -> None:
    newsroom.add("ada@inbox.example.org", first_name="Ada")
    newsroom.send()
    message = newsroom.school.memory.delivered[0].message
    text = text_of(message)
    assert b"List-Unsubscribe: <https://letters.example.org/unsubscribe/" in message
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in message
    assert b"List-Id: Garden letter\r\n <nws_" in message
    assert "You get this because you are on the list “Garden letter”." in text
    assert "View in browser: https://letters.example.org/read/" in text
    assert "Hi Ada," in text


def test_two_lists_that_overlap_are_one_mail_a_person(newsroom: Newsroom) -> None:
    with newsroom.database.write() as session:
        other = MailingList(slug="friends", name="Friends", created_at=newsroom.now)
        session.add(other)
        session.flush()
        friends = other.id
    newsroom.add("ada@inbox.example.org")
    newsroom.add("ada@inbox.example.org", on=friends)
    newsroom.add("bea@inbox.example.org", on=friends)
    both = Audience((Part("list", newsroom.list_id), Part("list", friends)))
    issue = newsroom.send(audience=both)
    assert [to for to, _ in newsroom.received()] == ["ada@inbox.example.org", "bea@inbox.example.org"]
    # Each under the list that they agreed on: that is the one they can leave.
    assert [one.list_id for one in newsroom.deliveries(issue)] == [newsroom.list_id, friends]


def test_who_comes_later_does_not_get_it(newsroom: Newsroom) -> None:
    newsroom.add("ada@inbox.example.org", zone="Europe/Berlin")
    newsroom.add("bea@inbox.example.org", zone="America/New_York")
    issue = newsroom.draft(when=at(TOMORROW, 9))
    newsroom.schedule(issue)
    newsroom.add("before-it-began@inbox.example.org", zone="America/New_York")
    newsroom.school.clock.move_to(datetime(2026, 3, 12, 8, 0, tzinfo=UTC))  # nine in Berlin
    newsroom.school.work()
    newsroom.school.clock.move_to(newsroom.now + HOUR)
    newsroom.add("too-late@inbox.example.org", zone="America/New_York")
    newsroom.school.live()
    assert [to for to, _ in newsroom.received()] == [
        "ada@inbox.example.org",
        "bea@inbox.example.org",
        "before-it-began@inbox.example.org",
    ]


def test_each_gets_it_at_the_hour_of_their_own_clock(newsroom: Newsroom) -> None:
    zones = {"tokyo": "Asia/Tokyo", "berlin": None, "york": "America/New_York", "gone": "Atlantis/Centre"}
    for name, zone in zones.items():
        newsroom.add(f"{name}@inbox.example.org", zone=zone)
    issue = newsroom.draft(when=at(TOMORROW, 9))
    newsroom.schedule(issue)
    newsroom.school.live()
    sent = {one.subscriber_id: one.finished_at for one in newsroom.deliveries(issue)}
    assert list(sent.values()) == [
        datetime(2026, 3, 12, 0, 0, tzinfo=UTC),  # nine in Tokyo
        datetime(2026, 3, 12, 8, 0, tzinfo=UTC),  # in Berlin, which is for whose zone is none
        datetime(2026, 3, 12, 8, 0, tzinfo=UTC),
        datetime(2026, 3, 12, 13, 0, tzinfo=UTC),  # in New York, where summer time has begun
    ]


def test_who_moves_while_it_goes_out_gets_it_once_and_is_not_passed_over(newsroom: Newsroom) -> None:
    tokyo, berlin, york = "Asia/Tokyo", "Europe/Berlin", "America/New_York"
    moves = {"east": (york, tokyo), "west": (berlin, york), "had-it": (tokyo, york), "near": (york, berlin)}
    people = {
        newsroom.add(f"{name}@inbox.example.org", zone=old): (name, new) for name, (old, new) in moves.items()
    }
    issue = newsroom.draft(when=at(TOMORROW, 9))
    newsroom.schedule(issue)
    newsroom.school.clock.move_to(datetime(2026, 3, 12, 0, 0, tzinfo=UTC))  # nine in Tokyo
    newsroom.school.work()
    with newsroom.database.write() as session:
        for one, (_, zone) in people.items():
            session.get_one(Subscriber, one).zone = zone
    newsroom.school.live()
    sent = {people[one.subscriber_id][0]: one.finished_at for one in newsroom.deliveries(issue)}
    assert sent == {
        "had-it": datetime(2026, 3, 12, 0, 0, tzinfo=UTC),
        "near": datetime(2026, 3, 12, 8, 0, tzinfo=UTC),  # nine where they are now
        "west": datetime(2026, 3, 12, 13, 0, tzinfo=UTC),
        "east": datetime(2026, 3, 12, 13, 0, tzinfo=UTC),  # nine has passed there: with the last
    }
    assert len(newsroom.received()) == len(moves)


def test_whose_hour_has_passed_gets_it_on_the_next_day(newsroom: Newsroom) -> None:
    newsroom.add("ada@inbox.example.org", zone="Asia/Tokyo")
    issue = newsroom.draft(when=at(newsroom.now, 18))  # Wednesday, 15:42 in Berlin, 23:42 in Tokyo
    newsroom.schedule(issue)
    newsroom.school.live()
    assert newsroom.deliveries(issue)[0].finished_at == datetime(2026, 3, 12, 9, 0, tzinfo=UTC)


def test_tags_and_segments_choose_among_those_who_agreed_and_exclusions_take_out(newsroom: Newsroom) -> None:
    with newsroom.database.write() as session:
        rule = Rule((Condition("field", "first_name", "is", "Cleo"),))
        segment = segments.save(session, "Cleos", rule, newsroom.now).id
        other = MailingList(slug="others", name="Others", created_at=newsroom.now)
        session.add(other)
        session.flush()
        elsewhere = other.id
    newsroom.add("tagged@inbox.example.org", tag="garden")
    newsroom.add("cleo@inbox.example.org", first_name="Cleo")
    newsroom.add("neither@inbox.example.org")
    newsroom.add("tagged-elsewhere@inbox.example.org", tag="garden", on=elsewhere)
    newsroom.add("out@inbox.example.org", tag="garden", first_name="Cleo")
    newsroom.add("out@inbox.example.org", tag="weary")
    with newsroom.database.write() as session:
        garden, weary = (tags.find_or_create(session, name).id for name in ("garden", "weary"))
    chosen = Audience((Part("tag", garden), Part("segment", segment)), (Part("tag", weary),))
    newsroom.send(audience=chosen)
    assert [to for to, _ in newsroom.received()] == ["cleo@inbox.example.org", "tagged@inbox.example.org"]


def test_r26_who_leaves_while_it_is_sent_is_left_alone(newsroom: Newsroom) -> None:
    ada = newsroom.add("ada@inbox.example.org")
    bea = newsroom.add("bea@inbox.example.org")
    issue = newsroom.draft()
    newsroom.schedule(issue)
    send_due(newsroom.database, newsroom.now)
    with newsroom.database.write() as session:
        wishes.unsubscribe(session, newsroom.list_id, ada, newsroom.now, Evidence())
        suppress(session, KEY, "bea@inbox.example.org", SuppressionReason.BOUNCED, newsroom.now)
    newsroom.school.mailer.work()
    assert newsroom.received() == []
    assert newsroom.got(issue) == {State.CANCELLED: 2}
    assert bea


def test_who_has_left_the_newsletter_gets_none_of_it_by_another_list(newsroom: Newsroom) -> None:
    with newsroom.database.write() as session:
        other = MailingList(slug="friends", name="Friends", created_at=newsroom.now)
        session.add(other)
        session.flush()
        friends = other.id
    ada = newsroom.add("ada@inbox.example.org")
    newsroom.add("ada@inbox.example.org", on=friends)
    with newsroom.database.write() as session:
        own = session.get_one(MailingList, newsroom.list_id)
        consent.withdraw(session, own, session.get_one(Subscriber, ada), Evidence(), newsroom.now)
    issue = newsroom.send(audience=Audience((Part("list", friends),)))
    assert newsroom.deliveries(issue) == []


def test_who_is_at_their_daily_cap_gets_it_at_that_hour_of_the_next_day(newsroom: Newsroom) -> None:
    ada = newsroom.add("ada@inbox.example.org")
    newsroom.add("bea@inbox.example.org")
    with newsroom.database.write() as session:
        session.get_one(Subscriber, ada).daily_cap = 1
    newsroom.send("First")
    second = newsroom.send("Second")
    newsroom.school.work()
    assert newsroom.received() == [
        ("ada@inbox.example.org", "First"),
        ("bea@inbox.example.org", "First"),
        ("bea@inbox.example.org", "Second"),
    ]
    began = newsroom.now
    newsroom.school.live()
    assert newsroom.received()[1] == ("ada@inbox.example.org", "Second")
    assert newsroom.deliveries(second)[-1].finished_at == began + timedelta(days=1)
    assert newsroom.issue(second).state == IssueState.SENT


def test_a_lesson_waits_where_an_issue_has_filled_the_day(newsroom: Newsroom) -> None:
    school = newsroom.school
    enrolment = school.enrol("ada@inbox.example.org")
    ada = newsroom.add("ada@inbox.example.org")
    with newsroom.database.write() as session:
        session.get_one(Subscriber, ada).daily_cap = 1
    school.work()  # the welcome goes at once, outside of the cap
    lesson_at = school.enrolment(enrolment).due_at
    assert lesson_at is not None
    newsroom.school.clock.move_to(lesson_at - HOUR)
    issue = newsroom.send()
    assert newsroom.got(issue) == {State.ACCEPTED: 1}
    school.clock.move_to(lesson_at)
    school.work()
    assert school.enrolment(enrolment).due_at == lesson_at + timedelta(days=1)


def test_r25_an_hour_missed_by_over_an_hour_waits_for_a_person(newsroom: Newsroom) -> None:
    newsroom.add("ada@inbox.example.org")
    issue = newsroom.draft(when=at(TOMORROW, 9))
    newsroom.schedule(issue)
    newsroom.school.clock.move_to(datetime(2026, 3, 12, 9, 1, tzinfo=UTC))
    newsroom.school.work()
    assert newsroom.received() == []
    assert (newsroom.issue(issue).state, newsroom.issue(issue).why) == (IssueState.PAUSED, writing.LATE)
    steering.resume(newsroom.database, issue, newsroom.now)
    newsroom.school.work()
    assert newsroom.received() == [("ada@inbox.example.org", "Frost")]


def test_r25_a_wave_that_was_cut_off_and_is_late_waits_for_a_person(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ended between two chunks of it, and nothing ran until the night."""
    monkeypatch.setattr(writing, "CHUNK", 3)
    for number in range(7):
        newsroom.add(f"reader{number}@inbox.example.org")
    issue = newsroom.draft(when=at(TOMORROW, 9))
    newsroom.schedule(issue)
    newsroom.school.clock.move_to(datetime(2026, 3, 12, 8, tzinfo=UTC))
    for _ in range(2):  # the beginning, and one chunk
        assert writing.step(newsroom.database, issue, newsroom.now, None, Counter())
    newsroom.school.mailer.work()
    newsroom.school.clock.move_to(datetime(2026, 3, 12, 23, tzinfo=UTC))
    newsroom.school.work()
    assert len(newsroom.received()) == 3
    assert (newsroom.issue(issue).state, newsroom.issue(issue).why) == (IssueState.PAUSED, writing.LATE)
    steering.resume(newsroom.database, issue, newsroom.now)
    newsroom.school.work()
    assert len(newsroom.received()) == len(set(newsroom.received())) == 7


def test_r13_complaints_stop_a_newsletter_as_they_do_a_course(newsroom: Newsroom) -> None:
    for number in range(4):
        newsroom.add(f"reader{number}@inbox.example.org")
    issue = newsroom.send()
    names = Names(KEY, ORIGIN.bounce_domain, ORIGIN.domain)
    intake = Intake(newsroom.database, newsroom.school.clock, names)
    for one in newsroom.deliveries(issue)[:3]:
        complaint = Report(Kind.COMPLAINT, names=(return_path(KEY, one.id, names.bounce_domain),))
        assert intake.take(complaint) is Effect.SUPPRESSED
    with newsroom.database.read() as session:
        assert session.get_one(Course, newsroom.newsletter_id).paused_at is not None
    later = newsroom.send("Thaw")
    assert newsroom.deliveries(later) == []


def test_pausing_calls_back_what_waits_and_going_on_sends_it_once(newsroom: Newsroom) -> None:
    for number in range(7):
        newsroom.add(f"reader{number}@inbox.example.org")
    issue = newsroom.draft()
    newsroom.schedule(issue)
    announced: list[int] = []
    sent = send_due(newsroom.database, newsroom.now, lambda _, queued: announced.append(queued))
    assert (sent["queued"], announced) == (7, [7])
    assert steering.pause(newsroom.database, issue, newsroom.now) == 7
    newsroom.school.work()
    assert newsroom.received() == []
    assert steering.resume(newsroom.database, issue, newsroom.now) == 7
    newsroom.school.work()
    assert len(newsroom.received()) == 7
    with pytest.raises(InvalidInput, match="cannot be resumed"):
        steering.resume(newsroom.database, issue, newsroom.now)


def test_a_pause_stops_also_what_is_claimed_and_no_other_issue(newsroom: Newsroom) -> None:
    """At once: the mark that lets a mail go asks, whether or not it has been called back yet."""
    newsroom.add("ada@inbox.example.org")
    paused, going = newsroom.draft("Paused"), newsroom.draft("Going")
    for issue in (paused, going):
        newsroom.schedule(issue)
    send_due(newsroom.database, newsroom.now)
    claims = claim(newsroom.database, newsroom.now, 10)
    assert {one.lesson_id for one in claims} == {paused, going}
    with newsroom.database.write() as session:
        session.get_one(Issue, paused).state = IssueState.PAUSED
    with newsroom.database.write() as session:
        allowed = open_window(session, claims, ["-", "-"], newsroom.now)
    assert [one.lesson_id for one in claims if one.delivery_id in allowed] == [going]


def test_what_was_claimed_before_a_pause_is_dated_and_written_anew_after_it(newsroom: Newsroom) -> None:
    ada = newsroom.add("ada@inbox.example.org")
    issue = newsroom.draft()
    newsroom.schedule(issue)
    send_due(newsroom.database, newsroom.now)
    assert len(claim(newsroom.database, newsroom.now, 10)) == 1
    steering.pause(newsroom.database, issue, newsroom.now)
    with newsroom.database.write() as session:
        session.get_one(Subscriber, ada).email = "ada@elsewhere.example.org"
    newsroom.school.clock.move_to(newsroom.now + timedelta(days=1))
    steering.resume(newsroom.database, issue, newsroom.now)
    newsroom.school.work()
    assert newsroom.received() == [("ada@elsewhere.example.org", "Frost")]
    (sent,) = newsroom.deliveries(issue)
    assert sent.dated_at == sent.first_attempt_at == newsroom.now


def test_a_cancelled_issue_goes_to_nobody_else(newsroom: Newsroom) -> None:
    newsroom.add("ada@inbox.example.org", zone="Asia/Tokyo")
    newsroom.add("bea@inbox.example.org")
    issue = newsroom.draft(when=at(TOMORROW, 9))
    newsroom.schedule(issue)
    newsroom.school.clock.move_to(TOMORROW)
    newsroom.school.work()
    assert steering.cancel(newsroom.database, issue, newsroom.now) == 0
    newsroom.school.live()
    assert [to for to, _ in newsroom.received()] == ["ada@inbox.example.org"]
    assert newsroom.issue(issue).state == IssueState.CANCELLED


def test_a_cancelling_taken_back_reaches_everybody_else_once(newsroom: Newsroom) -> None:
    newsroom.add("ada@inbox.example.org", zone="Asia/Tokyo")
    newsroom.add("bea@inbox.example.org")
    newsroom.add("cleo@inbox.example.org", zone="America/New_York")
    issue = newsroom.draft(when=at(TOMORROW, 9))
    newsroom.schedule(issue)
    newsroom.school.clock.move_to(datetime(2026, 3, 12, 0, 0, tzinfo=UTC))  # nine in Tokyo
    newsroom.school.work()
    newsroom.school.clock.move_to(datetime(2026, 3, 12, 8, 0, tzinfo=UTC))  # in Berlin: written, not sent
    send_due(newsroom.database, newsroom.now)
    assert steering.cancel(newsroom.database, issue, newsroom.now) == 1
    steering.bring_back(newsroom.database, issue, newsroom.now)
    newsroom.school.work()
    assert len(newsroom.received()) == 1  # it is paused until somebody lets it go on
    steering.resume(newsroom.database, issue, newsroom.now)
    newsroom.school.live()
    assert [to for to, _ in newsroom.received()] == [
        *("ada@inbox.example.org", "bea@inbox.example.org", "cleo@inbox.example.org")
    ]
    assert newsroom.issue(issue).state == IssueState.SENT
    with pytest.raises(InvalidInput, match="cannot be brought back"):
        steering.bring_back(newsroom.database, issue, newsroom.now)


@pytest.mark.parametrize("moment", ["before the last of the test", "while its clicks are waited for"])
def test_a_cancelled_test_taken_back_is_decided_as_it_was_to_be(newsroom: Newsroom, moment: str) -> None:
    for number in range(40):
        newsroom.add(f"reader{number}@inbox.example.org")
    issue = newsroom.draft(subjects=("Ice",), share=20, hours=4)
    newsroom.schedule(issue)
    if moment.startswith("while"):
        newsroom.school.work()
        assert newsroom.issue(issue).decide_at is not None
    steering.cancel(newsroom.database, issue, newsroom.now)
    steering.bring_back(newsroom.database, issue, newsroom.now)
    steering.resume(newsroom.database, issue, newsroom.now)
    begun = newsroom.now
    newsroom.school.live()
    decided = newsroom.issue(issue).decided_at
    assert decided is not None
    assert decided >= begun + 4 * HOUR
    assert len(newsroom.received()) == 40


def test_a_process_that_ends_between_chunks_leaves_nobody_out_and_nobody_twice(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHUNK", 3)
    for number in range(10):
        newsroom.add(f"reader{number}@inbox.example.org")
    issue = newsroom.draft()
    newsroom.schedule(issue)
    for written in (0, 3, 6):
        assert len(newsroom.deliveries(issue)) == written
        writing.step(newsroom.database, issue, newsroom.now, None, Counter())
        if not written:  # the first step is the beginning
            writing.step(newsroom.database, issue, newsroom.now, None, Counter())
    newsroom.school.work()
    assert len(newsroom.received()) == len(set(newsroom.received())) == 10


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_each_chunk_is_planned_for_its_own_people(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan for any chunk, which PostgreSQL makes after the tenth, once took a minute for one of 5,000."""
    monkeypatch.setattr(writing, "CHUNK", 3)
    modes: list[str] = []

    def look(connection: Connection, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO issue_people"):
            modes.append(str(connection.exec_driver_sql("SHOW plan_cache_mode").scalar()))

    event.listen(newsroom.database.engine, "before_cursor_execute", look)
    for number in range(4):
        newsroom.add(f"reader{number}@inbox.example.org")
    newsroom.send()
    event.remove(newsroom.database.engine, "before_cursor_execute", look)
    assert len(modes) > 1
    assert set(modes) == {"force_custom_plan"}


def test_a_scheduled_issue_is_frozen_and_can_be_taken_back(newsroom: Newsroom) -> None:
    newsroom.add("ada@inbox.example.org")
    issue = newsroom.draft(when=at(TOMORROW, 9))
    newsroom.schedule(issue)
    with newsroom.database.write() as session:
        found = drafting.find_issue(session, issue, to_write=True)
        found.lesson.subject = "Changed since"
        with pytest.raises(InvalidInput, match="take it back"):
            drafting.settle(session, found, drafting.Wishes.of(found), newsroom.now)
    newsroom.school.live()
    assert newsroom.received() == [("ada@inbox.example.org", "Frost")]


def test_what_the_checks_block_is_not_scheduled(newsroom: Newsroom) -> None:
    issue = newsroom.draft(body="![](https://notes.example.org/bed.png)\n")
    with pytest.raises(NotSendable, match="no alternative text"):
        newsroom.schedule(issue)
    assert newsroom.issue(issue).state == IssueState.DRAFT


def test_a_newsletter_to_nobody_is_sent_to_nobody(newsroom: Newsroom) -> None:
    issue = newsroom.send()
    newsroom.school.work()
    assert newsroom.issue(issue).state == IssueState.SENT
    assert newsroom.deliveries(issue) == []


def test_r27_an_issue_whose_audience_is_broken_waits_for_a_person_and_stops_no_other(
    newsroom: Newsroom,
) -> None:
    newsroom.add("ada@inbox.example.org")
    with newsroom.database.write() as session:
        session.add(CustomField(name="city", kind="text"))
        session.flush()
        rule = Rule((Condition("field", "city", "is", "Porto"),))
        segment = segments.save(session, "In Porto", rule, newsroom.now).id
    broken = newsroom.draft("Broken", audience=Audience((Part("segment", segment),)))
    newsroom.schedule(broken)
    with newsroom.database.write() as session:
        session.delete(session.get_one(CustomField, "city"))
    whole = newsroom.send("Whole")
    assert newsroom.received() == [("ada@inbox.example.org", "Whole")]
    assert newsroom.got(whole) == {State.ACCEPTED: 1}
    assert newsroom.issue(broken).state == IssueState.PAUSED
    assert "nobody has a field called “city”" in newsroom.issue(broken).why


def test_a_test_to_oneself_is_the_mail_as_readers_get_it(newsroom: Newsroom) -> None:
    issue = newsroom.draft("Frost", body="Dear {{ subscriber.first_name | default('reader') }}.")
    with newsroom.database.read() as session:
        lesson = drafting.find_issue(session, issue).lesson
        me = Somebody("mira@example.org", "Mira")
        compiled, context = sampled(session, lesson.course, lesson, me, BRAND, LINKS, newsroom.now, "[Test] ")
        mail = render(compiled, context)
    assert mail.subject == "[Test] Frost"
    assert "Dear Mira." in mail.text
    assert "You get this because you are on the list “Garden letter”." in mail.text


def test_while_its_newsletter_is_paused_nothing_is_written(newsroom: Newsroom) -> None:
    newsroom.add("ada@inbox.example.org")
    issue = newsroom.draft()
    newsroom.schedule(issue)
    with newsroom.database.write() as session:
        session.get_one(Course, newsroom.newsletter_id).paused_at = newsroom.now
    newsroom.school.work()
    assert newsroom.deliveries(issue) == []
