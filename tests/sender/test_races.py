"""Two at once: a learner's wish, a tick, a sender and a paused course meet on one enrolment."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from school import KEY, School
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment, ProfileRecord
from courseletter.database import Database
from sender import pausing, planning, wishes
from sender.calling_back import call_back
from sender.claiming import Claim, claim, give_back
from sender.models import State
from sender.outcomes import record_window
from sender.planning import tick
from sender.replies import Outcome, Verdict
from sender.retrying import Retrying
from sender.transport import Attempt, Phase

ADA = "ada@inbox.example.org"
NO_WAIT = timedelta()


def states(school: School) -> list[str]:
    return [one.state for one in school.deliveries()]


def due(school: School) -> None:
    """Ada's welcome has come; move to the moment of lesson 1."""
    school.enrol()
    school.work()
    school.clock.move_to(school.next_moment() or school.clock.now())


def in_between(school: School, act: Callable[[], Any], wish: Callable[[Session, Enrolment], Any]) -> Any:
    """Let `act` happen after the wish's page was read and before the wish is granted.

    On SQLite nobody comes in between a writer's reading and its writing: there it happens just before.
    """
    if school.database.is_sqlite:
        act()
    with school.database.write() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        assert enrolment.progress
        assert enrolment.profile
        if not school.database.is_sqlite:
            act()
        return wish(session, enrolment)


def while_open(database: Database, first: Callable[[Session], Any], second: Callable[[], Any]) -> None:
    """Start `second` while the transaction of `first` is open; it is committed once `second` waits for it."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            second()
        except Exception as error:
            raised.append(error)

    thread = Thread(target=run)
    with database.write() as session:
        first(session)
        thread.start()
        while thread.is_alive() and not _waits(database):
            thread.join(0.01)
        # What `first` does after the other has come to wait for it.
        call_back_all(session)
    thread.join()
    assert raised == []


def _waits(database: Database) -> bool:
    if database.is_sqlite:
        return True  # in BEGIN IMMEDIATE, or it will in a moment
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with database.engine.connect() as connection:
        return bool(connection.exec_driver_sql(waiting).scalar())


def call_back_all(session: Session) -> None:
    for enrolment in session.scalars(select(Enrolment)):
        call_back(session, enrolment, enrolment.joined_at)


@pytest.mark.parametrize("until", [None, timedelta(days=10)])
def test_r26_a_pause_calls_back_what_a_tick_has_queued_meanwhile(
    school: School, until: timedelta | None
) -> None:
    due(school)
    now = school.clock.now()
    day = until and now.date() + until
    in_between(
        school,
        lambda: tick(school.database, now),
        lambda session, enrolment: wishes.pause(session, enrolment, now, day),
    )
    assert states(school) == [State.ACCEPTED, State.CANCELLED]
    row = school.enrolment(1)
    assert (row.state, row.queued_lesson) == ("paused" if until is None else "active", None)
    school.mailer.work()
    assert len(school.memory.delivered) == 1


def test_a_changed_rhythm_keeps_what_a_tick_has_queued_meanwhile(school: School) -> None:
    due(school)
    now = school.clock.now()
    wish = {"zone": "Asia/Tokyo", "minute": None, "weekdays": None, "pace": "slower"}
    in_between(
        school,
        lambda: tick(school.database, now),
        lambda session, enrolment: wishes.change_rhythm(session, enrolment, now, **wish),  # type: ignore[arg-type]
    )
    school.live()
    assert len(school.subjects()) == len(set(school.subjects())) == 4


def test_s14_next_now_pressed_twice_at_once_sends_one_lesson(school: School) -> None:
    school.enrol()
    school.work()
    now = school.clock.now()

    def press(session: Session, enrolment: Enrolment) -> bool:
        return wishes.next_now(session, enrolment, now)

    def pressed_elsewhere() -> None:
        with school.database.write() as session:
            assert press(session, session.scalars(select(Enrolment)).one())

    assert not in_between(school, pressed_elsewhere, press)
    school.work()
    assert school.subjects() == ["Three Small Habits", "1/3: Start small"]


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.FAILED, Outcome.ACCEPTED])
def test_a_wish_and_the_answer_to_a_delivery_do_not_wait_for_each_other(
    school: School, outcome: Outcome
) -> None:
    due(school)
    now = school.clock.now()
    tick(school.database, now)
    (held,) = claim(school.database, now, 10)
    while_open(
        school.database,
        lambda session: session.scalars(select(Enrolment).with_for_update()).all(),
        lambda: _record(school, held, outcome),
    )
    assert states(school) == [State.ACCEPTED, State.CANCELLED]


def test_what_was_queued_while_the_course_was_being_paused_is_dated_anew(school: School) -> None:
    due(school)
    now = school.clock.now()
    with school.database.write() as session:
        session.execute(update(Course).values(paused_at=now))
    with school.database.write() as session:  # a tick that had begun before
        course = session.get_one(Course, school.course_id)
        course.paused_at = None
        session.flush()
        enrolment = session.scalars(select(Enrolment)).one()
        assert wishes.next_now(session, enrolment, now)
        course.paused_at = now
    school.clock.move_to(now + timedelta(days=3, hours=15))
    pausing.resume_course(school.database, school.course_id, school.clock.now())
    school.work()
    assert len(school.memory.delivered) == 1, "nothing at this hour"
    school.live()
    assert len(school.subjects()) == len(set(school.subjects())) == 4


def test_r21_five_schedulers_and_senders_on_one_database_send_nothing_twice(school: School) -> None:
    for number in range(12):
        school.enrol(f"reader{number}@inbox.example.org", "")

    def work() -> None:
        mailer = school.new_mailer()
        tick(school.database, school.clock.now())
        mailer.work()

    for _ in range(3):
        threads = [Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        school.mailer.work()
        school.clock.move_to(school.next_moment() or school.clock.now())
    arrived = [(one.envelope.recipient, one.message) for one in school.memory.delivered]
    assert len(arrived) == len(set(arrived)) == 12 * 3


@pytest.mark.parametrize("silences", [0, 2], ids=["answered", "never answered"])
def test_r27_a_row_damaged_while_its_lesson_is_under_way_stops_nobody(school: School, silences: int) -> None:
    school.enrol(ADA, "", zone="Europe/Paris")
    bob = school.enrol("bob@inbox.example.org", "", zone="Europe/Lisbon")
    tick(school.database, school.clock.now())
    for _ in range(silences):
        school.memory.answer(ADA, Attempt(Phase.DOT, error="silence"), arrives=True)
    claims = claim(school.database, school.clock.now(), 10)  # an attempt freezes what the mail says
    give_back(school.database, claims, school.clock.now())
    damage = update(ProfileRecord).where(ProfileRecord.zone == "Europe/Paris").values(zone="Mars/Base")
    school.change(lambda session: session.execute(damage))
    for _ in range(12):
        school.work()
        school.clock.move_to(school.next_moment() or school.clock.now())
    assert sum("bob@" in one.envelope.recipient for one in school.memory.delivered) == 4
    assert school.enrolment(bob).state == "completed"
    assert school.enrolment(1).due_at is None
    assert sum("ada@" in one.envelope.recipient for one in school.memory.delivered) == max(1, silences)


def test_r27_a_lesson_that_was_sent_is_never_queued_by_a_damaged_row(school: School) -> None:
    ada = school.enrol()
    bob = school.enrol("bob@inbox.example.org", "Bob")
    school.work()
    welcome = school.deliveries()[0].lesson_id
    damage = update(Enrolment).where(Enrolment.id == ada).values(next_lesson=welcome)
    school.change(lambda session: session.execute(damage))
    school.live()
    assert school.enrolment(bob).state == "completed"
    assert school.enrolment(ada).due_at is None
    assert sum("ada@" in one.envelope.recipient for one in school.memory.delivered) == 1


def test_a_tick_reads_no_more_often_for_more_learners(school: School) -> None:
    """Else the tick's time would be that of a question and answer for each of a million people."""
    counts = []
    for size in (3, 12):
        for number in range(size):
            school.enrol(f"reader{size}-{number}@inbox.example.org", "")
        counts.append(_reads(school.database, lambda: tick(school.database, school.clock.now())))
        with school.database.read() as session:
            assert session.scalar(select(func.count()).where(Enrolment.queued_lesson.is_(None))) == 0
    assert counts[0] == counts[1]


def _reads(database: Database, act: Callable[[], Any]) -> int:
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        act()
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    return sum(one.lstrip().upper().startswith("SELECT") for one in said)


def _record(school: School, held: Claim, outcome: Outcome) -> None:
    with school.database.write() as session:
        verdicts = {held: Verdict(outcome, "told")}
        record_window(
            session,
            verdicts,
            school.clock.now(),
            jitter=lambda: 0.0,
            wait=NO_WAIT,
            deadline=Retrying().deadline,
            key=KEY,
        )


def test_r21_what_takes_many_chunks_is_promoted_once_whoever_promotes(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL several hands take chunk after chunk of one course, at once."""
    monkeypatch.setattr(planning, "CHUNK", 3)
    monkeypatch.setattr(planning, "HANDS", 4)
    for number in range(40):
        school.enrol(f"reader{number}@inbox.example.org")
    announced: list[int] = []
    told = tick(school.database, school.clock.now(), lambda _, queued: announced.append(queued))
    assert told == {"queued": 40}
    assert sum(announced) == 40
    assert len({one.enrolment_id for one in school.deliveries()}) == len(school.deliveries()) == 40
    assert tick(school.database, school.clock.now()) == {}
