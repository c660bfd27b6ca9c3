"""What a batch leaves behind that the database, or anything else, has interrupted half-way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from school import KEY, School
from sqlalchemy import event, update
from sqlalchemy.exc import OperationalError

from campaigns.models import Course
from sender.claiming import DOT_LEASE, Claim, claim
from sender.doubts import doubts
from sender.models import Delivery, State
from sender.outcomes import record_window
from sender.planning import tick
from sender.replies import Outcome, Verdict
from sender.retrying import UNKNOWN_REST, Retrying
from sender.sweeping import sweep
from sender.windows import open_window
from subscribers.models import Membership, MemberStatus, SuppressionReason
from subscribers.suppression import address_hash, suppress

NAMES = [f"reader{number}@inbox.example.org" for number in range(8)]


class Fails:
    """Lets the statements that contain some words fail, once, while it is in force."""

    def __init__(self, school: School, words: str, error: Callable[[], Exception]) -> None:
        self._engine = school.database.engine
        self._words, self._error = words, error
        self.failed = 0

    def __enter__(self) -> "Fails":
        event.listen(self._engine, "before_cursor_execute", self._hear)
        return self

    def __exit__(self, *exc: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._hear)

    def _hear(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if self._words in statement and not self.failed:
            self.failed += 1
            raise self._error()


def lost() -> Exception:
    return OperationalError("", {}, Exception("server closed the connection"))


def test_r23_a_database_lost_right_after_a_claim_costs_nobody_their_place(school: School) -> None:
    """What was claimed and not read for falls to its lease; the next batch knows nothing of it."""
    for name in NAMES[:4]:
        school.enrol(name, "")
    tick(school.database, school.clock.now())
    with Fails(school, "revision_lessons", lost) as fails, pytest.raises(OperationalError):
        school.mailer.work()
    assert fails.failed
    assert {one.state for one in school.deliveries()} == {State.CLAIMED}
    for name in NAMES[4:]:
        school.enrol(name, "")
    school.work()
    school.clock.move_to(school.clock.now() + timedelta(minutes=11))
    school.work()
    assert sorted(one.envelope.recipient for one in school.memory.delivered) == NAMES
    assert {one.state for one in school.deliveries()} == {State.ACCEPTED}
    assert {school.enrolment(number).state for number in range(1, 9)} == {"active"}


@pytest.mark.parametrize("kind", ["lesson", "confirmation"])
def test_r23_a_database_lost_while_a_mail_is_prepared_fails_no_delivery_of_it(
    school: School, kind: str
) -> None:
    """A lesson that is broken stays so as long as the process lives; a database is back in a minute."""
    for name in NAMES[:2]:
        school.enrol(name, "")
    tick(school.database, school.clock.now())
    if kind == "confirmation":
        school.change(lambda session: session.execute(update(Delivery).values(kind=kind)))
        pending = update(Membership).values(status=MemberStatus.PENDING)
        school.change(lambda session: session.execute(pending))
    words = {"lesson": "ORDER BY revision_lessons.position", "confirmation": "FROM brands"}[kind]
    with Fails(school, words, lost) as fails, pytest.raises(OperationalError):
        school.mailer.work()
    assert fails.failed
    school.clock.move_to(school.clock.now() + timedelta(minutes=11))
    school.mailer.work()
    assert {one.state for one in school.deliveries()} == {State.ACCEPTED}


def test_what_the_relay_took_in_two_batches_is_recorded_together(school: School) -> None:
    """Of an interrupted batch an answer may come while the next is under way, under another fence."""
    for name in NAMES[:2]:
        school.enrol(name, "")
    tick(school.database, school.clock.now())
    held = [_claimed(school), _claimed(school)]
    assert all(_may_go(school, one) for one in held)
    _record(school, dict.fromkeys(held, Verdict(Outcome.ACCEPTED, "250")))
    assert [one.state for one in school.deliveries()] == [State.ACCEPTED] * 2
    assert [school.enrolment(number).queued_lesson for number in (1, 2)] == [None, None]


def test_an_answer_that_is_heard_after_the_lease_settles_the_doubt(school: School) -> None:
    """As by a process that was stopped for half an hour, or whose clock was set forward by one."""
    school.enrol(NAMES[0], "")
    tick(school.database, school.clock.now())
    held = _claimed(school)
    assert _may_go(school, held)
    school.clock.move_to(school.clock.now() + DOT_LEASE)
    assert sweep(school.database, school.clock.now()) == {"unknown": 1}
    _record(school, {held: Verdict(Outcome.ACCEPTED, "250")})
    (row,) = school.deliveries()
    assert (row.state, row.fence) == (State.ACCEPTED, None)
    assert school.enrolment(1).queued_lesson is None
    assert len(school.change(doubts)) == 1, "it is listed all the same"
    school.clock.move_to(school.clock.now() + UNKNOWN_REST)
    school.work()
    assert school.memory.delivered == []


def test_an_answer_that_is_heard_after_the_second_try_has_begun_changes_nothing(school: School) -> None:
    school.enrol(NAMES[0], "")
    tick(school.database, school.clock.now())
    stale = _claimed(school)
    assert _may_go(school, stale)
    for rest in (DOT_LEASE, UNKNOWN_REST):
        school.clock.move_to(school.clock.now() + rest)
        sweep(school.database, school.clock.now())
    fresh = _claimed(school)
    assert _may_go(school, fresh)
    _record(school, {stale: Verdict(Outcome.ACCEPTED, "250")})
    assert [one.state for one in school.deliveries()] == [State.IN_DOUBT]


def test_who_was_stopped_by_a_pause_that_is_over_stays_in_the_course(school: School) -> None:
    school.enrol(NAMES[0], "")
    tick(school.database, school.clock.now())
    held = _claimed(school)
    _flag(school, paused=True)
    assert not _may_go(school, held)
    _flag(school, paused=False)
    _record(school, {held: Verdict(Outcome.ABANDONED, "called back")})
    assert school.enrolment(1).state == "active"
    school.mailer.work()
    assert len(school.memory.delivered) == 1


def test_who_was_suppressed_before_the_dot_leaves(school: School) -> None:
    school.enrol(NAMES[0], "")
    tick(school.database, school.clock.now())
    held, now = _claimed(school), school.clock.now()
    school.change(lambda session: suppress(session, KEY, NAMES[0], SuppressionReason.MANUAL, now))
    assert not _may_go(school, held)
    _record(school, {held: Verdict(Outcome.ABANDONED, "called back")})
    assert [one.state for one in school.deliveries()] == [State.CANCELLED]
    assert school.enrolment(1).state == "left"


def _claimed(school: School) -> Claim:
    (held,) = claim(school.database, school.clock.now(), 1)
    return held


def _may_go(school: School, held: Claim) -> bool:
    hashes = [address_hash(KEY, held.facts["email"])]
    now = school.clock.now()
    return bool(school.change(lambda session: open_window(session, [held], hashes, now)))


def _record(school: School, verdicts: dict[Claim, Verdict]) -> None:
    now = school.clock.now()
    how: dict[str, Any] = {"jitter": lambda: 0.0, "wait": timedelta(), "deadline": Retrying().deadline}
    school.change(lambda session: record_window(session, verdicts, now, key=KEY, **how))


def _flag(school: School, *, paused: bool) -> None:
    at = school.clock.now() if paused else None
    school.change(lambda session: session.execute(update(Course).values(paused_at=at)))
