"""The send's breaker: a course whose messages are refused for what they are waits for a person."""

from datetime import timedelta

import pytest
from school import School
from sqlalchemy import select

from campaigns.models import Course
from sender import pausing
from sender.models import Event, Reception, State
from sender.refusals import is_unwelcome
from sender.transport import Attempt, Phase, Reply
from subscribers.models import Suppression

REFUSED = Attempt(Phase.DOT, reply=Reply.of(554, "5.7.1 looks like spam"))


@pytest.mark.parametrize(
    ("recent", "unwelcome"),
    [
        ("", False),
        ("r" * 9, False),
        ("r" * 10, True),
        ("r" * 9 + "a" + "r", False),
        ("a" * 190 + "r" * 10, True),
        (("r" + "a" * 18) * 10 + "a" * 10, False),  # 10 of 200 are 5 %
        (("r" + "a" * 17) * 11, True),  # 11 are more
    ],
)
def test_ten_in_a_row_or_over_five_percent_of_the_last_200(recent: str, unwelcome: bool) -> None:
    assert is_unwelcome(recent) is unwelcome


def readers(school: School, number: int, *, start: int = 0) -> None:
    for place in range(start, start + number):
        school.enrol(f"reader{place}@inbox.example.org", "")


def course(school: School) -> Course:
    with school.database.read() as session:
        return session.get_one(Course, school.course_id)


def test_ten_refusals_in_a_row_pause_the_course_and_suppress_nobody(school: School) -> None:
    school.memory.usual = REFUSED
    readers(school, 30)
    school.work()
    found = course(school)
    assert found.paused_at == school.clock.now()
    assert found.paused_why is not None
    assert found.paused_why.endswith("refused, at last with: 554 5.7.1 looks like spam")
    states = [one.state for one in school.deliveries()]
    assert 10 <= states.count(State.FAILED) <= 15, "what was on its way, and nothing after it"
    assert states.count(State.READY) == 30 - states.count(State.FAILED)
    with school.database.read() as session:
        assert session.scalars(select(Suppression)).all() == []
        (event,) = session.scalars(select(Event).where(Event.kind == "refusals_paused")).all()
    assert event.course_id == school.course_id


def test_two_nodes_count_together(school: School) -> None:
    school.memory.usual = REFUSED
    other = school.new_mailer()
    readers(school, 6)
    school.work()
    readers(school, 6, start=6)
    assert course(school).paused_at is None
    school.mailer = other
    school.work()
    assert course(school).paused_at is not None


def test_what_is_taken_in_between_counts(school: School) -> None:
    for start in (0, 9):
        school.memory.usual = REFUSED
        readers(school, 9, start=2 * start)
        school.work()
        school.memory.usual = Attempt(Phase.DOT, reply=Reply(250, None, "ok"))
        readers(school, 9, start=2 * start + 9)
        school.work()
        if start == 0:
            assert course(school).paused_at is None
            with school.database.read() as session:
                assert session.scalars(select(Reception)).one().recent == "r" * 9
    found = course(school)
    assert found.paused_why is not None
    assert found.paused_why.startswith("1"), "over 5 % of the last 200, though never ten in a row"


def test_a_person_who_resumes_gives_it_a_new_chance(school: School) -> None:
    school.memory.usual = REFUSED
    readers(school, 12)
    school.work()
    school.memory.usual = Attempt(Phase.DOT, reply=Reply(250, None, "ok"))
    pausing.resume_course(school.database, school.course_id, school.clock.now())
    assert (course(school).paused_at, course(school).paused_why) == (None, None)
    school.memory.answer("reader0@inbox.example.org", REFUSED)
    school.clock.move_to(school.clock.now() + timedelta(days=1))
    school.work()
    assert course(school).paused_at is None
