"""A wish that comes while a message is past the dot: that attempt goes on, and no further one is made."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from memory_relay import ACCEPTED, MemoryRelay
from school import School
from sqlalchemy import update
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of, store
from campaigns.models import Enrolment
from sender import wishes
from sender.doubts import settle
from sender.models import State
from sender.planning import tick
from sender.retrying import UNKNOWN_REST, Retrying
from sender.transport import Attempt, Envelope, Phase, Reply

GREYLISTED = Attempt(Phase.RCPT, reply=Reply.of(450, "4.2.0 greylisted"))
SILENCE = Attempt(Phase.DOT, error="silence")


class Meanwhile(MemoryRelay):
    """A relay that lets something happen before it answers, each time; then it is as always."""

    def __init__(self, *acts_and_attempts: Any) -> None:
        super().__init__()
        self._acts = list(zip(acts_and_attempts[::2], acts_and_attempts[1::2], strict=True))

    def take(self, envelope: Envelope, message: bytes, may_send: Callable[[], bool]) -> Attempt:
        if not self._acts:
            return super().take(envelope, message, may_send)
        act, attempt = self._acts.pop(0)
        act()
        return attempt


def end_course(school: School, enrolment: int) -> None:
    row = school.enrolment(enrolment)
    now = school.clock.now()
    school.change(lambda session: wishes.end_course(session, row.subscriber_id, row.course_id, now, "a tag"))


def pause(school: School, enrolment: int) -> None:
    school.wish(enrolment, wishes.pause, None)


def pause_until(school: School, enrolment: int) -> None:
    school.wish(enrolment, wishes.pause, school.clock.now().date() + timedelta(days=10))


@pytest.mark.parametrize("attempt", [GREYLISTED, SILENCE], ids=["greylisted", "no answer"])
@pytest.mark.parametrize("wish", [pause, pause_until, end_course])
def test_r26_what_is_past_the_dot_when_a_reader_stops_is_not_tried_again(
    school: School, wish: Callable[[School, int], None], attempt: Attempt
) -> None:
    enrolment = school.enrol()
    school.memory = Meanwhile(lambda: wish(school, enrolment), attempt)
    school.mailer = school.new_mailer()
    school.work()
    for _ in range(10):
        school.clock.move_to(school.clock.now() + UNKNOWN_REST)
        school.work()
    assert school.subjects() == []
    assert [one.state for one in school.deliveries()] == [State.CANCELLED]
    assert school.enrolment(enrolment).queued_lesson is None
    if wish is end_course:
        assert school.enrolment(enrolment).state == "left"
        return
    school.wish(enrolment, wishes.resume)
    school.live()
    assert len(school.subjects()) == len(set(school.subjects())) == 4, "nothing is lost by a pause"


def test_what_a_person_sends_again_waits_for_a_reader_who_has_paused(school: School) -> None:
    school.retrying = Retrying("hold")
    enrolment = school.enrol()
    school.memory = Meanwhile(lambda: pause(school, enrolment), SILENCE)
    school.mailer = school.new_mailer()
    school.work()
    (delivery,) = school.deliveries()
    school.change(lambda session: settle(session, delivery.id, school.clock.now(), arrived=False))
    school.work()
    assert school.subjects() == []
    school.wish(enrolment, wishes.resume)
    school.live()
    assert len(school.subjects()) == len(set(school.subjects())) == 4


def test_a_lesson_of_an_earlier_run_is_not_tried_again_in_the_next(school: School) -> None:
    enrolment = school.enrol()

    def start_over() -> None:
        end_course(school, enrolment)
        school.change(lambda session: _begin_again(session, enrolment, school))

    school.memory = Meanwhile(start_over, SILENCE)
    school.mailer = school.new_mailer()
    school.live()
    assert [(one.run, one.state) for one in school.deliveries()] == [
        (1, State.CANCELLED),
        *[(2, State.ACCEPTED)] * 4,
    ]
    assert len(school.subjects()) == len(set(school.subjects())) == 4


def test_an_answer_to_an_earlier_run_says_nothing_of_the_next(school: School) -> None:
    enrolment = school.enrol()
    waits: list[str | None] = []

    def start_over() -> None:
        end_course(school, enrolment)
        school.change(lambda session: _begin_again(session, enrolment, school))
        tick(school.database, school.clock.now())

    def stop() -> None:
        waits.append(school.enrolment(enrolment).queued_lesson)
        pause(school, enrolment)

    school.memory = Meanwhile(start_over, ACCEPTED, stop, ACCEPTED)
    school.mailer = school.new_mailer()
    school.work()
    assert waits == [school.deliveries()[0].lesson_id]


def _begin_again(session: Session, enrolment: int, school: School) -> None:
    row, now = session.get_one(Enrolment, enrolment), school.clock.now()
    place = place_of(session, row)
    store(session, row, place.standing.rejoined(place.timetable, place.profile, now, start_over=True))


def test_what_was_called_back_of_another_run_leaves_the_present_lesson_alone(school: School) -> None:
    """An earlier run's lesson waits for its second try while the first of the new one is past the dot."""
    enrolment = school.enrol()
    tick(school.database, school.clock.now())
    school.change(lambda session: session.execute(update(Enrolment).values(run=2)))
    school.wish(enrolment, wishes.pause, None)
    assert school.enrolment(enrolment).queued_lesson is not None


def test_what_is_skipped_while_a_lesson_is_past_the_dot_stays_skipped(school: School) -> None:
    enrolment = school.enrol()
    school.memory = Meanwhile(lambda: school.wish(enrolment, wishes.skip), ACCEPTED)
    school.mailer = school.new_mailer()
    school.live()
    assert school.subjects() == ["2/3: Choose a cue", "3/3: Forgive a bad day"]
    assert school.enrolment(enrolment).state == "completed"
