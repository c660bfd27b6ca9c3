"""That nothing sends is seen: since when something is due that nobody has taken."""

from datetime import datetime, timedelta

from school import School

from courseletter.clock import MovableClock
from sender.models import Instance
from sender.pausing import pause_course
from sender.planning import tick
from sender.troubles import STALLED, troubles

LITTLE = timedelta(minutes=1)


def overdue(school: School) -> datetime | None:
    with school.database.read() as session:
        return troubles(session, school.clock.now()).overdue


def wait(clock: MovableClock, time: timedelta) -> None:
    clock.move_to(clock.now() + time)


def test_a_lesson_that_no_tick_takes_is_overdue_after_a_while(school: School) -> None:
    school.enrol()
    since = school.clock.now()
    wait(school.clock, STALLED - LITTLE)
    assert overdue(school) is None
    wait(school.clock, LITTLE)
    assert overdue(school) == since
    school.work()
    assert overdue(school) is None


def test_a_message_that_no_sender_takes_is_overdue(school: School) -> None:
    school.enrol()
    since = school.clock.now()
    tick(school.database, since)
    wait(school.clock, STALLED)
    assert overdue(school) == since
    school.mailer.work()
    assert overdue(school) is None


def test_what_a_person_stopped_or_is_held_is_not_overdue(school: School) -> None:
    school.enrol()
    wait(school.clock, STALLED)
    assert overdue(school) is not None
    pause_course(school.database, school.course_id, school.clock.now())
    assert overdue(school) is None


def test_what_is_held_is_told_as_held_alone(school: School) -> None:
    school.enrol()
    wait(school.clock, STALLED)
    row = Instance(id=1, identity="-", place="-", beat=1, held_why="it was restored")
    school.change(lambda session: session.add(row))
    assert overdue(school) is None
