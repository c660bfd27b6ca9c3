"""Why: what a person got, what comes next and by which rule, or which rule keeps it from them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from school import KEY, School
from sqlalchemy import select

from campaigns.enrolling import calendar
from campaigns.models import Course, Enrolment, RevisionLesson
from campaigns.reasons import RULES
from courseletter.errors import InvalidInput
from sender import pausing, wishes
from sender.bounces.recording import record as record_report
from sender.bounces.report import Kind
from sender.bounces.report import Report as Bounced
from sender.models import Delivery, State
from sender.transport import Attempt, Phase, Reply
from sender.why import Answer, WhatIf, why
from subscribers.consent import Evidence
from subscribers.models import Subscriber

ADA = "ada@inbox.example.org"
GREYLISTED = Attempt(Phase.RCPT, reply=Reply(450, "4.2.0", "Greylisted, come back later"))
NO_MAILBOX = Attempt(Phase.RCPT, reply=Reply(550, "5.1.1", "No such user here"))
REFUSED = Attempt(Phase.RCPT, reply=Reply(554, "5.5.0", "Not today"))


def ask(school: School, what_if: WhatIf = WhatIf(), email: str = ADA) -> Answer:
    with school.database.read() as session:
        person = session.scalars(select(Subscriber).where(Subscriber.email == email)).one()
        return why(session, person, school.clock.now(), KEY, what_if)


def reasons(answer: Answer) -> list[str]:
    """Everything that stands in the way."""
    return [one.text for one in (*answer.obstacles, *(one for c in answer.courses for one in c.obstacles))]


@pytest.fixture
def ada(school: School) -> int:
    """Ada's enrolment, once the welcome has arrived."""
    enrolment = school.enrol(zone="Europe/Lisbon")
    school.work()
    return enrolment


def test_past_and_future_of_an_ordinary_learner(school: School, ada: int) -> None:
    answer = ask(school)
    assert [one.title.partition(":")[0] for one in answer.past] == ["Added by somebody here", "Welcome"]
    assert answer.past[1].outcome == "Delivered"
    assert [one.title.partition(":")[0] for one in answer.coming] == ["Lesson 1", "Lesson 2", "Lesson 3"]
    first, second, last = answer.coming
    assert (first.text, first.rules) == (
        "The first permitted day at 9:00 in Lisbon after the welcome.",
        ("S8",),
    )
    assert second.text.startswith("Every day at 9:00 in Lisbon, a day after the last lesson was due.")
    assert last.text.endswith("then they count as finished.")
    assert reasons(answer) == []


def test_the_simulation_is_the_calendar_and_the_calendar_is_lived(school: School, ada: int) -> None:
    with school.database.read() as session:
        told = calendar(session, session.get_one(Enrolment, ada), school.clock.now())
    shown = [one.at for one in ask(school).coming]
    assert shown == [at for _, at in told]
    school.live()
    sent = [one.finished_at for one in school.deliveries()[1:]]
    assert sent == shown


def test_every_rule_that_is_named_is_explained(school: School, ada: int) -> None:
    assert set(ask(school).rules) <= set(RULES)


def test_what_if_redraws_the_simulation_and_touches_nothing(school: School, ada: int) -> None:
    before = ask(school)
    slower = ask(school, WhatIf(pace="slower"))
    assert "at their slower pace: 2 days after" in slower.coming[1].text
    assert "S7" in slower.coming[1].rules
    resting = ask(school, WhatIf(paused_until=date(2027, 1, 4)))
    assert all(one.at >= datetime(2027, 1, 4, tzinfo=UTC) for one in resting.coming)
    assert "after the pause that ends on Mon 4 January" in resting.coming[0].text
    tokyo = ask(school, WhatIf(zone="Asia/Tokyo"))
    assert {one.at.hour for one in tokyo.coming} == {0}
    assert ask(school) == before


def test_a_reply_by_smtp_and_the_next_try_are_told(school: School) -> None:
    school.memory.answer(ADA, GREYLISTED)
    school.enrol()
    school.work()
    answer = ask(school)
    assert answer.past[-1].outcome == "Waits for another try"
    assert "450 4.2.0 Greylisted" in answer.past[-1].text
    (reason,) = answer.courses[0].obstacles
    assert reason.rules == ("S11",)
    assert "Greylisted" in reason.text


@pytest.mark.parametrize(
    ("act", "rule", "said"),
    [
        (lambda school, one: school.wish(one, wishes.pause, None), "S12", "They pause, until they go on."),
        (lambda school, one: school.wish(one, wishes.pause, date(2027, 1, 4)), "S12", "until 4 January"),
        (
            lambda school, one: pausing.pause_course(school.database, school.course_id, school.clock.now()),
            "S13",
            "The course is paused since",
        ),
        (lambda school, one: school.wish(one, wishes.leave, Evidence()), "S17", "They left the course"),
    ],
)
def test_the_rule_that_keeps_the_next_lesson_back(school: School, ada: int, act, rule, said) -> None:
    act(school, ada)
    found = [one for one in ask(school).courses[0].obstacles if rule in one.rules]
    assert len(found) == 1
    assert said in found[0].text


def test_who_left_everything_gets_nothing_and_no_future_is_drawn(school: School, ada: int) -> None:
    school.change(
        lambda session: wishes.leave_everything(
            session, session.get_one(Subscriber, 1), school.clock.now(), Evidence(), KEY
        )
    )
    answer = ask(school)
    assert "they left everything" in answer.obstacles[0].text
    assert "No consent: they unsubscribed." in reasons(answer)
    assert answer.coming == []
    assert not any(one.can_be_sent_again for one in answer.past)


def test_a_bounce_stands_at_its_delivery_and_suppresses(school: School, ada: int) -> None:
    def bounce(session):
        report = Bounced(Kind.HARD, "5.1.1", "550 5.1.1 No such user")
        record_report(session, session.get_one(Delivery, 1), report, school.clock.now(), KEY)

    school.change(bounce)
    answer = ask(school)
    (sent,) = [one for one in answer.past if one.delivery == 1]
    assert (sent.outcome, sent.level) == ("Came back", "bad")
    assert "No such user" in sent.text
    assert "the address takes no mail" in answer.obstacles[0].text


def test_the_cap_is_named(school: School, ada: int) -> None:
    def hold(session):
        enrolment = session.get_one(Enrolment, ada)
        enrolment.held_until = school.clock.now().date() + timedelta(days=3)
        enrolment.subscriber.daily_cap = 1
        place = wishes.place_of(session, enrolment)
        wishes.store(
            session, enrolment, place.standing.changed(place.timetable, place.profile, school.clock.now())
        )

    school.change(hold)
    answer = ask(school)
    assert any("as many as they want" in text for text in reasons(answer))
    assert "S16" in answer.coming[0].rules


def test_a_lesson_that_fails_again_and_again_is_held_and_can_be_released(school: School, ada: int) -> None:
    for _ in range(4):
        school.memory.answer(ADA, REFUSED)
        school.clock.move_to(school.next_moment())
        school.work()
    answer = ask(school)
    assert "failed 4 times and is held until you release or skip it" in " ".join(reasons(answer))
    assert {"release", "skip"} <= set(answer.courses[0].acts)
    assert answer.coming == []
    assert school.wish(ada, wishes.release) is True
    assert len(ask(school).coming) == 3
    assert school.wish(ada, wishes.release) is False, "nothing is held any more"


def test_a_skip_gives_its_place_to_the_next_lesson(school: School, ada: int) -> None:
    before = ask(school)
    assert school.wish(ada, wishes.skip) is True
    after = ask(school)
    assert [one.title for one in after.coming] == [one.title for one in before.coming[1:]]
    assert after.coming[0].at == before.coming[0].at
    assert after.courses[0].left_out[0].text.endswith("skipped, because it was asked for.")


def test_another_copy_arrives_and_changes_no_date(school: School, ada: int) -> None:
    before = ask(school)
    school.change(
        lambda session: wishes.send_again(session, session.get_one(Delivery, 1), school.clock.now(), KEY)
    )
    with pytest.raises(InvalidInput, match="on its way"):
        school.change(
            lambda session: wishes.send_again(session, session.get_one(Delivery, 1), school.clock.now(), KEY)
        )
    school.work()
    subjects = school.subjects()
    assert subjects == [subjects[0]] * 2
    after = ask(school)
    assert after.coming == before.coming
    assert after.past[-1].text.startswith("Another copy, asked for.")


def test_no_copy_goes_to_who_left(school: School, ada: int) -> None:
    school.wish(ada, wishes.leave, Evidence())
    with pytest.raises(InvalidInput, match="gets no mail"):
        school.change(
            lambda session: wishes.send_again(session, session.get_one(Delivery, 1), school.clock.now(), KEY)
        )


def test_what_was_asked_for_can_be_taken_back_before_it_leaves(school: School, ada: int) -> None:
    before = ask(school)
    assert school.wish(ada, wishes.next_now) is True
    assert "take-back" in ask(school).courses[0].acts
    school.wish(ada, wishes.take_back)
    assert ask(school).coming == before.coming
    assert school.deliveries()[1].state == State.CANCELLED


def test_a_lesson_whose_condition_fails_is_left_out_of_the_future(school: School, ada: int) -> None:
    def condition(session):
        revision = session.get_one(Course, school.course_id).revision_id
        lesson = session.scalars(
            select(RevisionLesson).where(RevisionLesson.revision_id == revision, RevisionLesson.number == 2)
        ).one()
        lesson.only_if = 'subscriber.plan == "pro"'

    school.change(condition)
    answer = ask(school)
    assert [one.title.partition(":")[0] for one in answer.coming] == ["Lesson 1", "Lesson 3"]
    assert 'only where subscriber.plan == "pro"' in answer.courses[0].left_out[0].text
    shown = [one.at for one in answer.coming]
    school.live()
    assert [one.finished_at for one in school.deliveries()[1:]] == shown


def test_an_overdue_lesson_is_dated_anew(school: School, ada: int) -> None:
    school.clock.move_to(school.next_moment() + timedelta(hours=5))
    answer = ask(school)
    assert any("dated anew" in text for text in reasons(answer))
    assert answer.coming[0].rules[:2] == ("S9", "S10")
