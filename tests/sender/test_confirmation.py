"""The confirmation mail: who gets it, and who does not."""

from datetime import timedelta

from school import KEY, School, subject_of
from sqlalchemy.orm import Session

from campaigns.brands import FIRST, TYPED
from campaigns.models import BrandRecord, Course
from sender import wishes
from sender.models import State
from sender.queueing import queue_confirmation
from subscribers import signing_up
from subscribers.consent import Evidence
from subscribers.signing_up import SignUpForm

ADA = "ada@inbox.example.org"


def sign_up(school: School) -> None:
    """What the sign-up page does."""

    def ask(session: Session) -> None:
        course, now = session.get_one(Course, school.course_id), school.clock.now()
        asked = signing_up.sign_up(session, course.mailing_list, SignUpForm(ADA), Evidence(), now, KEY)
        assert asked.subscriber is not None
        queue_confirmation(session, course, asked.subscriber, now)

    school.change(ask)


def test_a_stranger_is_asked(school: School) -> None:
    sign_up(school)
    school.work()
    assert [subject_of(one.message) for one in school.memory.delivered] == ["Please confirm: is it you?"]


def test_who_has_left_and_signs_up_again_is_asked_again(school: School) -> None:
    enrolment = school.enrol()
    school.work()
    school.wish(enrolment, wishes.leave, Evidence())
    school.clock.move_to(school.clock.now() + timedelta(days=2))
    sign_up(school)
    school.work()
    assert [one.envelope.recipient for one in school.memory.delivered] == [ADA, ADA]
    assert school.deliveries()[-1].kind == "confirmation"


def test_r15_who_leaves_while_the_confirmation_waits_is_not_asked(school: School) -> None:
    enrolment = school.enrol()
    school.work()
    sign_up(school)
    school.wish(enrolment, wishes.leave, Evidence())
    school.work()
    assert [one.state for one in school.deliveries()] == [State.ACCEPTED, State.CANCELLED]


def test_who_is_a_member_already_is_not_asked(school: School) -> None:
    school.enrol()
    school.work()
    sign_up(school)
    school.work()
    assert [one.state for one in school.deliveries()] == [State.ACCEPTED, State.CANCELLED]


def test_r27_a_brand_that_cannot_send_stops_its_own_confirmations_alone(school: School) -> None:
    def break_brand(session: Session) -> None:
        values = dict.fromkeys(TYPED, "") | {"accent": "#17604f", "accent_dark": "#86d3bb"}
        session.add(BrandRecord(id=FIRST, logo="", **{**values, "name": "No address"}))

    school.change(break_brand)
    sign_up(school)
    school.enrol("bob@inbox.example.org")
    school.work()
    states = {one.kind: one.state for one in school.deliveries()}
    assert states == {"confirmation": State.FAILED, "lesson": State.ACCEPTED}
