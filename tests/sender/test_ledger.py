"""The delivery ledger: what each answer, crash and change of mind makes of a delivery."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from memory_relay import MemoryRelay
from school import KEY, School
from sqlalchemy import Update, select, update

from campaigns.models import Enrolment, ProfileRecord, Revision, RevisionLesson
from sender import pausing, sweeping, wishes
from sender.claiming import DOT_LEASE, LEASE, Claim, claim, finish, give_back, hold_back
from sender.models import State
from sender.planning import tick
from sender.relay import Timeouts
from sender.retrying import UNKNOWN_REST, Retrying
from sender.sweeping import sweep
from sender.transport import Attempt, Envelope, Phase, Reply
from sender.windows import open_window
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.models import MailingList, Subscriber, SuppressionReason
from subscribers.suppression import address_hash, is_suppressed, suppress

ADA = "ada@inbox.example.org"


def refused(phase: Phase, code: int, text: str = "") -> Attempt:
    return Attempt(phase, reply=Reply.of(code, text))


def states(school: School) -> list[str]:
    return [one.state for one in school.deliveries()]


def goes(school: School, held: Claim) -> bool:
    """Open a window for one claim: whether its message may go out."""
    open_one = lambda session: open_window(session, [held], [address_hash(KEY, ADA)], school.clock.now())  # noqa: E731
    return school.change(open_one) == {held.delivery_id}


def test_each_lesson_arrives_once_in_order(school: School) -> None:
    enrolment = school.enrol()
    school.live()
    assert school.subjects() == [
        "Three Small Habits",
        "1/3: Start small",
        "2/3: Choose a cue",
        "3/3: Forgive a bad day",
    ]
    assert states(school) == [State.ACCEPTED] * 4
    assert school.enrolment(enrolment).state == "completed"


def test_a_tick_repeated_plans_nothing_twice(school: School) -> None:
    school.enrol()
    first = school.work()
    again = school.work()
    assert (first["queued"], again["queued"]) == (1, 0)


def test_r15_nothing_goes_without_a_confirmed_consent(school: School) -> None:
    enrolment = school.enrol()

    def withdraw(session):  # type: ignore[no-untyped-def]
        row = session.get_one(Enrolment, enrolment)
        consent.withdraw(session, row.course.mailing_list, row.subscriber, Evidence(), school.clock.now())

    school.change(withdraw)
    school.work()
    assert school.memory.delivered == []
    assert states(school) == [State.CANCELLED]
    assert school.enrolment(enrolment).state == "left"


def test_r26_an_unsubscribe_during_the_send_stops_what_is_not_past_the_dot(school: School) -> None:
    enrolment = school.enrol()
    school.work()
    held = _next_lesson_claimed(school)
    school.wish(enrolment, wishes.leave, Evidence())
    assert not goes(school, held)
    assert states(school) == [State.ACCEPTED, State.CANCELLED]


def test_suppression_is_checked_in_the_statement_before_the_dot(school: School) -> None:
    school.enrol()
    school.work()
    held = _next_lesson_claimed(school)
    now = school.clock.now()
    school.change(lambda session: suppress(session, KEY, ADA, SuppressionReason.MANUAL, now))
    assert not goes(school, held)


def test_r22_a_worker_past_its_lease_cannot_send(school: School) -> None:
    school.enrol()
    school.work()
    held = _next_lesson_claimed(school)
    school.clock.move_to(school.clock.now() + LEASE)
    assert not goes(school, held)


def test_r22_a_stale_fence_changes_nothing(school: School) -> None:
    stale, fresh = _claimed_twice(school)
    assert fresh.delivery_id == stale.delivery_id
    now = school.clock.now()
    assert not goes(school, stale)
    assert not school.change(lambda session: finish(session, stale, now, State.FAILED, "late"))
    assert goes(school, fresh)


def test_r22_what_a_stale_claim_has_no_room_for_stays_with_its_new_holder(school: School) -> None:
    stale, fresh = _claimed_twice(school)
    school.change(lambda session: hold_back(session, {stale: None}))
    give_back(school.database, [stale])
    assert states(school)[-1] == State.CLAIMED
    assert goes(school, fresh)


def test_r22_a_lease_that_ran_out_during_the_conversation_sends_nothing_and_cancels_nobody(
    school: School,
) -> None:
    school.enrol()
    school.memory = Slow(school)
    school.mailer = school.new_mailer()
    school.work()
    assert school.memory.delivered == []
    assert states(school) == [State.READY]
    school.memory = MemoryRelay()
    school.mailer = school.new_mailer()
    school.work()
    assert states(school) == [State.ACCEPTED]


class Slow(MemoryRelay):
    """A relay that takes longer than the lease to say 354."""

    def __init__(self, school: School) -> None:
        super().__init__()
        self._school = school

    def take(self, envelope: Envelope, message: bytes, may_send: Callable[[], bool]) -> Attempt:
        self._school.mailer.stop()
        self._school.clock.move_to(self._school.clock.now() + LEASE)
        return super().take(envelope, message, may_send)


def test_r28_a_sender_told_to_stop_gives_back_what_it_has_claimed(school: School) -> None:
    for number in range(3):
        school.enrol(f"reader{number}@inbox.example.org", "")
    tick(school.database, school.clock.now())
    school.mailer.stop()
    school.mailer.work()
    assert school.memory.delivered == []
    assert states(school) == [State.READY] * 3
    assert {one.attempts for one in school.deliveries()} == {0}


def test_a_crash_before_the_dot_is_ready_again(school: School) -> None:
    school.enrol()
    school.work()
    _next_lesson_claimed(school)
    school.mailer = school.new_mailer()
    school.clock.move_to(school.clock.now() + LEASE)
    school.work()
    assert states(school) == [State.ACCEPTED, State.ACCEPTED]
    assert len(school.memory.delivered) == 2


def test_a_crash_past_the_dot_is_unknown_then_tried_once_with_the_same_bytes(school: School) -> None:
    school.enrol()
    school.work()
    crash = Attempt(Phase.DOT, error="connection lost")
    school.memory.answer(ADA, crash, arrives=True)
    school.clock.move_to(school.next_moment() or school.clock.now())
    school.work()
    assert states(school)[-1] == State.UNKNOWN
    school.change(lambda session: session.execute(update(Subscriber).values(first_name="Changed")))
    school.clock.move_to(school.clock.now() + UNKNOWN_REST)
    school.work()
    assert states(school)[-1] == State.ACCEPTED
    first, second = school.memory.delivered[-2:]
    assert first == second


def test_a_delivery_unknown_twice_is_never_sent_again(school: School) -> None:
    enrolment = school.enrol()
    school.work()
    for _ in range(2):
        school.memory.answer(ADA, Attempt(Phase.DOT, error="silence"), arrives=True)
    school.live()
    assert school.subjects().count("1/3: Start small") == 2
    assert states(school) == [State.ACCEPTED, State.UNKNOWN, State.ACCEPTED, State.ACCEPTED]
    assert school.enrolment(enrolment).state == "completed"


def test_a_lease_that_ends_in_doubt_is_never_blindly_resent(school: School) -> None:
    school.enrol()
    school.work()
    held = _next_lesson_claimed(school)
    assert goes(school, held)
    school.clock.move_to(school.clock.now() + DOT_LEASE)
    moved = sweep(school.database, school.clock.now())
    assert moved["unknown"] == 1
    assert claim(school.database, school.clock.now(), 10) == []


def test_r22_while_the_answer_to_the_dot_may_come_nobody_else_decides(school: School) -> None:
    """The dot may go out at the end of the lease, and the relay may take ten minutes to answer it."""
    school.enrol()
    school.work()
    held = _next_lesson_claimed(school)
    school.clock.move_to(school.clock.now() + LEASE - timedelta(seconds=1))
    assert goes(school, held)
    school.clock.move_to(school.clock.now() + timedelta(seconds=Timeouts().dot + Timeouts().block))
    assert sweep(school.database, school.clock.now())["unknown"] == 0
    now = school.clock.now()
    assert school.change(lambda session: finish(session, held, now, State.ACCEPTED, "250"))


def test_a_sweep_of_more_than_one_transaction_moves_all(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "CHUNK", 2)
    for number in range(5):
        school.enrol(f"reader{number}@inbox.example.org", "")
    tick(school.database, school.clock.now())
    assert len(claim(school.database, school.clock.now(), 10)) == 5
    school.clock.move_to(school.clock.now() + LEASE)
    assert sweep(school.database, school.clock.now())["released"] == 5
    assert states(school) == [State.READY] * 5


def test_a_long_list_leaves_the_tick_its_turn(school: School) -> None:
    for number in range(120):
        school.enrol(f"reader{number}@inbox.example.org", "")
    tick(school.database, school.clock.now())
    school.memory = Leisurely(school)
    school.mailer = school.new_mailer()
    school.mailer.work()
    assert 0 < len(school.memory.delivered) < 120
    for _ in range(3):
        school.mailer.work()
    assert len(school.memory.delivered) == 120


class Leisurely(MemoryRelay):
    """A relay that takes two seconds for each message."""

    def __init__(self, school: School) -> None:
        super().__init__()
        self._school = school

    def take(self, envelope: Envelope, message: bytes, may_send: Callable[[], bool]) -> Attempt:
        self._school.clock.move_to(self._school.clock.now() + timedelta(seconds=2))
        return super().take(envelope, message, may_send)


def test_a_refusal_for_now_is_tried_again_and_arrives(school: School) -> None:
    school.enrol()
    school.memory.answer(ADA, refused(Phase.RCPT, 450, "4.2.1 busy"))
    school.work()
    assert states(school) == [State.DEFERRED]
    school.clock.move_to(school.next_moment() or school.clock.now())
    school.work()
    assert states(school)[0] == State.ACCEPTED


def test_a_mailbox_that_does_not_exist_is_suppressed_and_leaves(school: School) -> None:
    enrolment = school.enrol()
    school.memory.answer(ADA, refused(Phase.RCPT, 550, "5.1.1 no such user"))
    school.work()
    assert states(school) == [State.FAILED]
    assert school.change(lambda session: is_suppressed(session, KEY, ADA))
    assert school.enrolment(enrolment).state == "left"


def test_a_refusal_for_policy_is_due_again_at_most_three_times(school: School) -> None:
    enrolment = school.enrol()
    for _ in range(10):
        school.memory.answer(ADA, refused(Phase.DATA, 554, "5.7.1 we do not like it"))
    school.live()
    row = school.enrolment(enrolment)
    assert (row.state, row.due_at) == ("active", None)
    assert school.deliveries()[0].state == State.FAILED
    assert not school.change(lambda session: is_suppressed(session, KEY, ADA))


def test_a_lesson_that_arrives_after_it_failed_begins_a_new_count(school: School) -> None:
    """Else four failures of different lessons, a year apart, would hold the next for a person."""
    enrolment = school.enrol()
    school.memory.answer(ADA, refused(Phase.DATA, 554, "5.7.1 we do not like it"))
    school.work()
    assert school.enrolment(enrolment).failures == 1
    school.clock.move_to(school.next_moment() or school.clock.now())
    school.work()
    assert (states(school), school.enrolment(enrolment).failures) == ([State.ACCEPTED], 0)


def test_r26_what_is_called_back_after_its_claim_is_nobodys_any_more(school: School) -> None:
    enrolment = school.enrol()
    now = school.clock.now()
    tick(school.database, now)
    assert len(claim(school.database, now, 10)) == 1
    school.wish(enrolment, wishes.pause, None)
    (row,) = school.deliveries()
    assert (row.state, row.fence, row.lease_until) == (State.CANCELLED, None, None)


@pytest.mark.parametrize("hours", [48, 6])
def test_what_is_refused_until_the_deadline_expires(school: School, hours: int) -> None:
    school.retrying = Retrying(deadline=timedelta(hours=hours))
    school.mailer = school.new_mailer()
    school.enrol()
    for _ in range(60):
        school.memory.answer(ADA, refused(Phase.RCPT, 450, "4.2.1 busy"))
    start = school.clock.now()
    for _ in range(30):
        school.work()
        if states(school) == [State.EXPIRED]:
            break
        school.clock.move_to(school.next_moment() or school.clock.now())
    assert states(school) == [State.EXPIRED]
    assert timedelta(hours=hours / 2) < school.clock.now() - start <= timedelta(hours=hours)


def test_a_relay_in_trouble_is_left_alone_and_no_message_is_charged(school: School) -> None:
    for number in range(5):
        school.enrol(f"reader{number}@inbox.example.org", "")
        if number < 3:  # as many as there are connections
            refusal = Attempt(Phase.CONNECT, error="refused")
            school.memory.answer(f"reader{number}@inbox.example.org", refusal)
    school.work()
    assert school.memory.delivered == []
    assert {one.attempts for one in school.deliveries()} == {0}
    school.clock.move_to(school.clock.now() + timedelta(minutes=1))
    school.work()
    assert len(school.memory.delivered) == 5


@pytest.mark.parametrize(
    "damage",
    [
        update(Subscriber)
        .where(Subscriber.id == 1)
        .values(email="ada@inbox.example.org\r\nBcc: x@evil.test"),
        update(ProfileRecord).where(ProfileRecord.id == 1).values(zone="Mars/Base"),
        update(Enrolment).where(Enrolment.id == 1).values(planned_at=None, next_lesson=None),
    ],
    ids=["address", "zone", "standing"],
)
def test_r27_one_bad_row_does_not_stop_the_others(school: School, damage: Update) -> None:
    school.enrol("ada@inbox.example.org")
    bob = school.enrol("bob@inbox.example.org", "Bob", zone="Europe/Lisbon")
    school.change(lambda session: session.execute(damage))
    while (moment := school.enrolment(bob).due_at) is not None:
        school.clock.move_to(moment)
        school.work()
    assert sum("bob@" in one.envelope.recipient for one in school.memory.delivered) == 4
    assert not any(b"evil" in one.message for one in school.memory.delivered)


def test_r27_one_course_that_cannot_be_promoted_stops_no_other(school: School) -> None:
    other = School(school.database, school.clock.now(), memory=school.memory)
    for one in sorted((school, other), key=lambda one: one.course_id):
        one.enrol()
    first = min(school.course_id, other.course_id)
    of_first = select(Revision.id).where(Revision.course_id == first)
    broken = update(RevisionLesson).where(RevisionLesson.revision_id.in_(of_first)).values(only_if="((")
    school.change(lambda session: session.execute(broken))
    school.work()
    assert [one.course_id == first for one in school.deliveries()] == [False]
    assert len(school.memory.delivered) == 1


def test_a_paused_course_sends_nothing_and_loses_nobody(school: School) -> None:
    school.enrol()
    school.work()
    held = _next_lesson_claimed(school)
    pausing.pause_course(school.database, school.course_id, school.clock.now())
    assert not goes(school, held)
    school.clock.move_to(school.clock.now() + timedelta(days=5))
    school.work()
    assert len(school.memory.delivered) == 1
    pausing.resume_course(school.database, school.course_id, school.clock.now())
    school.live()
    assert len(school.subjects()) == len(set(school.subjects())) == 4


def test_r25_an_outage_never_becomes_a_flood(school: School) -> None:
    school.enrol()
    school.work()
    school.clock.move_to(school.clock.now() + timedelta(days=30))
    school.work()
    assert len(school.memory.delivered) == 1
    days = set()
    while (moment := school.next_moment()) is not None:
        school.clock.move_to(moment)
        school.work()
        days.add(school.clock.now().date())
    assert len(days) == 3


def test_s16_no_more_than_the_cap_a_day_over_all_courses(school: School) -> None:
    school.enrol()
    others = [School(school.database, school.clock.now(), memory=school.memory) for _ in range(4)]
    for other in others:
        other.enrol()
    school.work()
    welcomes = len(school.memory.delivered)
    assert welcomes == 5
    school.clock.move_to(school.next_moment() or school.clock.now())
    school.work()
    assert len(school.memory.delivered) - welcomes == 3


def test_s16_what_was_planned_earlier_goes_first_so_that_no_course_starves(school: School) -> None:
    school.enrol()
    for _ in range(4):
        other = School(school.database, school.clock.now(), memory=school.memory)
        other.enrol()
    school.work()
    for _ in range(2):  # days
        school.clock.move_to(school.next_moment() or school.clock.now())
        school.work()
    courses = Counter(one.course_id for one in school.deliveries() if one.state == State.ACCEPTED)
    assert sorted(courses.values()) == [2, 2, 2, 2, 3], "each its welcome and one lesson, one course two"


@pytest.mark.parametrize("pause", [True, False])
def test_s12_what_is_queued_comes_back_on_a_pause(school: School, pause: bool) -> None:
    enrolment = school.enrol()
    school.work()
    _next_lesson_claimed(school)
    if pause:
        school.wish(enrolment, wishes.pause, None)
        school.wish(enrolment, wishes.resume)
    else:
        school.wish(enrolment, wishes.pause, school.clock.now().date() + timedelta(days=10))
    school.live()
    assert school.subjects() == list(dict.fromkeys(school.subjects()))
    assert len(school.subjects()) == 4


def test_s14_next_now_goes_at_once_and_only_once(school: School) -> None:
    enrolment = school.enrol()
    school.work()
    assert school.wish(enrolment, wishes.next_now)
    assert not school.wish(enrolment, wishes.next_now)
    school.work()
    assert school.subjects()[-1] == "1/3: Start small"


def test_the_day_of_joining_is_the_readers_own(school: School) -> None:
    school.clock.move_to(datetime(2026, 3, 11, 23, 30, tzinfo=UTC))
    school.enrol(zone="Asia/Tokyo")
    school.work()
    text = message_from_bytes(school.memory.delivered[0].message, policy=policy.default)
    assert "12 March 2026" in text.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_two_lists_do_not_share_consent(school: School) -> None:
    """Leaving one course leaves the other alone."""
    enrolment = school.enrol()
    other = School(school.database, school.clock.now(), memory=school.memory)
    other.enrol()
    school.wish(enrolment, wishes.leave, Evidence())
    school.live()
    assert len(school.memory.delivered) == 4
    with school.database.read() as session:
        assert session.query(MailingList).count() == 2


def _claimed_twice(school: School) -> tuple[Claim, Claim]:
    """A lesson's claim whose lease has ended, and the one that came after it."""
    school.enrol()
    school.work()
    stale: Claim = _next_lesson_claimed(school)
    school.clock.move_to(school.clock.now() + LEASE)
    sweep(school.database, school.clock.now())
    (fresh,) = claim(school.database, school.clock.now(), 10)
    return stale, fresh


def _next_lesson_claimed(school: School):  # type: ignore[no-untyped-def]
    """Move to the next lesson's moment, plan it, and claim it as a worker would."""
    school.clock.move_to(school.next_moment() or school.clock.now())
    tick(school.database, school.clock.now())
    (held,) = claim(school.database, school.clock.now(), 10)
    return held
