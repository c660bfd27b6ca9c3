"""A course goes over to another revision while people are under way: held, interrupted, contended, undone."""

import subprocess
import sys
from datetime import timedelta
from threading import Thread

import pytest
from school import BRAND, School
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from campaigns import history, publishing
from campaigns.applying import Applying
from campaigns.cadence import Cadence
from campaigns.enrolling import place_of, standing_of
from campaigns.history import PublishUnderWay
from campaigns.models import Course, Enrolment, Lesson, ProfileRecord, Publish, Revision
from campaigns.moving import Choices, Effect, Policy
from campaigns.plans import Place, Plan
from campaigns.standing import Standing
from courseletter.clock import MovableClock
from courseletter.errors import InvalidInput, NotFound
from courseletter.ids import new_id
from sender import switching, wishes
from sender.pausing import pause_course, resume_course
from sender.planning import tick
from sender.switching import Draft, Drifted, Former

READERS = 23


def fill(school: School, readers: int = READERS) -> list[int]:
    """Learners of whom each had the welcome, and every second one lesson 1 as well."""
    made = [school.enrol(f"reader{number}@inbox.example.org", f"R{number}") for number in range(readers)]
    school.work()
    for enrolment in made[::2]:
        school.wish(enrolment, wishes.next_now)
    school.work()
    return made


def insert(school: School, place: int, title: str = "A new lesson") -> str:
    """Put a lesson into the draft, at this place among its mails. Returns its id."""

    def edit(session: Session) -> str:
        course = session.get_one(Course, school.course_id)
        for lesson in course.lessons[place:]:
            lesson.position += 1
        fresh = Lesson(
            id=new_id("les"),
            course_id=course.id,
            position=place,
            kind="lesson",
            title=title,
            subject=title,
            body="Something new.",
        )
        session.add(fresh)
        return fresh.id

    return str(school.change(edit))


def remove(school: School, place: int) -> str:
    def edit(session: Session) -> str:
        lesson = session.get_one(Course, school.course_id).lessons[place]
        lesson.removed = True
        return lesson.id

    return str(school.change(edit))


def lesson_ids(school: School) -> list[str]:
    with school.database.read() as session:
        return [one.id for one in session.get_one(Course, school.course_id).lessons]


def plan(school: School, target: switching.Target | None = None) -> Plan:
    return switching.plan(school.database, school.course_id, target or Draft(BRAND), school.clock.now())


def begin(school: School, target: switching.Target | None = None, **options: Plan) -> int:
    """Put it in force. Returns the publish that is to be applied."""
    wanted = target or Draft(BRAND)
    switching.begin(school.database, school.course_id, wanted, school.clock.now(), **options)
    with school.database.read() as session:
        publish = history.unfinished(session, school.course_id)
        assert publish is not None
        return publish.id


def go_over(school: School, target: switching.Target | None = None) -> None:
    Applying(school.database, begin(school, target)).run(school.clock)


def standings(school: School) -> dict[int, Standing]:
    with school.database.read() as session:
        return {row.id: standing_of(row) for row in session.scalars(select(Enrolment))}


def numbers(school: School) -> dict[int, int]:
    """The number of the revision that each enrolment lives by."""
    with school.database.read() as session:
        return {row.id: row.revision.number for row in session.scalars(select(Enrolment))}


def expected(school: School, publish_id: int) -> dict[int, Standing]:
    """What the plain function makes of everybody now."""
    with school.database.read() as session:
        publish = session.get_one(Publish, publish_id)
        move = history.move_of(session, publish)
        places = {row.id: place_of(session, row) for row in session.scalars(select(Enrolment))}
        return {row: move.moved(one.standing, one.profile, publish.at) for row, one in places.items()}


KILLED = """
import os, signal, sys
from courseletter.clock import SystemClock
from courseletter.database import Database
from campaigns.applying import Applying
chunks = []
def watch(moved):
    chunks.append(moved)
    if len(chunks) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
Applying(Database(sys.argv[1]), int(sys.argv[2]), size=4).run(SystemClock(), watch)
"""


def test_r20_a_publish_that_is_killed_between_chunks_goes_on(school: School) -> None:
    fill(school)
    insert(school, 1)
    publish_id = begin(school)
    wanted = expected(school, publish_id)
    address = school.database.engine.url.render_as_string(hide_password=False)
    ended = subprocess.run([sys.executable, "-c", KILLED, address, str(publish_id)], timeout=60, check=False)
    assert ended.returncode == -9
    assert sorted(numbers(school).values()) == [1] * (READERS - 12) + [2] * 12
    with school.database.read() as session:
        stopped = session.get_one(Publish, publish_id)
        assert (stopped.moved, stopped.people, stopped.finished_at) == (12, READERS, None)
    later = MovableClock(max(stopped.touched_at, school.clock.now()) + timedelta(minutes=1))
    assert switching.carry_on(school.database, later) == 1
    assert set(numbers(school).values()) == {2}
    assert standings(school) == wanted
    assert switching.carry_on(school.database, later) == 0


def test_r27_a_publish_that_cannot_be_finished_stops_no_other(school: School) -> None:
    other = School(school.database, school.clock.now())
    for one in (school, other):
        fill(one, 3)
        insert(one, 1)
    broken, whole = begin(school), begin(other)
    cut = update(Publish).where(Publish.id == broken).values(before_id=None)
    school.change(lambda session: session.execute(cut))
    later = MovableClock(school.clock.now() + timedelta(minutes=1))
    assert switching.carry_on(school.database, later) == 1
    with school.database.read() as session:
        assert [session.get_one(Publish, one).finished_at is None for one in (broken, whole)] == [True, False]


def test_what_somebody_is_applying_is_left_to_them(school: School) -> None:
    fill(school, 5)
    insert(school, 1)
    begin(school)
    assert switching.carry_on(school.database, school.clock) == 0
    assert switching.carry_on(school.database, school.clock, school.course_id) == 1


def test_s18_nothing_is_promoted_until_everybody_lives_by_one_revision(school: School) -> None:
    made = fill(school)
    insert(school, 1)
    publish_id = begin(school)
    Applying(school.database, publish_id, size=5).chunk(school.clock.now())
    school.clock.move_to(school.next_moment() or school.clock.now())
    assert tick(school.database, school.clock.now()) == {}
    Applying(school.database, publish_id).run(school.clock)
    due_tomorrow = len(made[1::2])  # the others had one today
    assert sum(tick(school.database, school.clock.now()).values()) == due_tomorrow


def test_who_was_not_moved_yet_lives_by_the_revision_before(school: School) -> None:
    """Wishes in the middle of a publish: the one already moved gets the new lesson, the other the old one."""
    made = [school.enrol(f"reader{number}@inbox.example.org") for number in range(6)]
    school.work()
    old = lesson_ids(school)[1]
    new = insert(school, 1)
    publish_id = begin(school)
    applying = Applying(school.database, publish_id, size=3)
    applying.chunk(school.clock.now())
    for enrolment in (made[0], made[5]):
        school.wish(enrolment, wishes.next_now)
    assert [school.enrolment(one).queued_lesson for one in (made[0], made[5])] == [new, old]
    school.mailer.work()
    applying.run(school.clock)
    assert school.subjects()[-2:] == ["A new lesson", "1/3: Start small"]
    # Past it now, so that a new lesson is not pushed on them.
    assert school.enrolment(made[5]).next_lesson == lesson_ids(school)[3]
    assert school.enrolment(made[4]).next_lesson == new


def test_who_signs_up_meanwhile_lives_by_the_new_one(school: School) -> None:
    fill(school, 4)
    insert(school, 1)
    publish_id = begin(school)
    late = school.enrol("late@inbox.example.org")
    assert numbers(school)[late] == 2
    Applying(school.database, publish_id).run(school.clock)
    assert set(numbers(school).values()) == {2}


def test_what_is_queued_goes_out_as_it_was(school: School) -> None:
    """A publish during a send."""
    enrolment = school.enrol()
    school.work()
    removed = lesson_ids(school)[1]
    school.wish(enrolment, wishes.next_now)
    remove(school, 1)
    planned = plan(school)
    assert planned.edits[0].reach == {Place.IN_FLIGHT: 1}
    go_over(school)
    assert school.enrolment(enrolment).queued_lesson == removed
    school.mailer.work()
    assert school.subjects()[-1] == "1/3: Start small"
    school.live()
    assert [one.lesson_id for one in school.deliveries() if one.state == "accepted"] == [
        lesson_ids(school)[0],
        removed,
        *lesson_ids(school)[1:],
    ]


def test_two_publishes_at_once_the_second_is_refused_until_all_are_moved(school: School) -> None:
    fill(school)
    insert(school, 1)
    publish_id = begin(school)
    Applying(school.database, publish_id, size=10).chunk(school.clock.now())
    insert(school, 1, "Another one")
    for act in (plan, begin):
        with pytest.raises(PublishUnderWay, match=r"Revision 2 of .* 10 of 23 people have been moved\. Wait"):
            act(school)
    with pytest.raises(PublishUnderWay):
        plan(school, Former(1))
    Applying(school.database, publish_id).run(school.clock)
    go_over(school)
    assert set(numbers(school).values()) == {3}


def test_r21_of_processes_that_publish_at_the_same_moment_one_wins(school: School) -> None:
    fill(school, 3)
    insert(school, 1)
    ended: list[object] = []

    def one() -> None:
        try:
            switching.begin(school.database, school.course_id, Draft(BRAND), school.clock.now())
            ended.append("begun")
        except PublishUnderWay:
            ended.append("refused")

    threads = [Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(str(one) for one in ended) == ["begun", "refused", "refused", "refused"]
    with school.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Revision)) == 2


def test_r21_two_who_apply_one_publish_take_turns(school: School) -> None:
    fill(school)
    insert(school, 1)
    publish_id = begin(school)
    wanted = expected(school, publish_id)
    threads = [
        Thread(target=Applying(school.database, publish_id, size=3).run, args=(school.clock,))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert standings(school) == wanted
    with school.database.read() as session:
        assert session.get_one(Publish, publish_id).moved == READERS


def test_who_is_held_by_somebody_else_is_moved_afterwards(school: School) -> None:
    """PostgreSQL only: SQLite has one writer at a time anyhow."""
    if school.database.is_sqlite:
        return
    made = fill(school, 5)
    insert(school, 1)
    applying = Applying(school.database, begin(school), size=10)
    with school.database.write() as session:
        session.get_one(Enrolment, made[2], with_for_update=True)
        assert applying.chunk(school.clock.now()).moved == 4
        assert not applying.chunk(school.clock.now()).finished
    assert applying.run(school.clock).moved == 5
    assert set(numbers(school).values()) == {2}


def test_r27_what_cannot_be_dated_is_held_and_stops_nobody(school: School) -> None:
    made = fill(school, 6)
    nowhere = {"zone": "Mars/Base", "minute": None, "weekdays": None, "pace": "normal"}

    def damage(session: Session) -> None:
        session.get_one(Enrolment, made[1]).profile = ProfileRecord(digest="broken", **nowhere)

    school.change(damage)
    insert(school, 1)
    planned = plan(school)
    assert planned.numbers[Effect.HELD] == 1
    assert [one.email for one in planned.names[Effect.HELD]] == ["reader1@inbox.example.org"]
    go_over(school)
    assert set(numbers(school).values()) == {2}
    assert school.enrolment(made[1]).due_at is None
    assert all(school.enrolment(one).due_at is not None for one in made if one != made[1])


def test_the_plan_says_whom_an_edit_reaches_and_names_them(school: School) -> None:
    made = fill(school)
    new = insert(school, 1)
    planned = plan(school, Draft(BRAND, Choices({new: Policy.SEND_NEXT})))
    inserted = next(one for one in planned.edits if one.edit.lesson_id == new)
    behind = len(made[::2])
    assert inserted.reach == {Place.NEXT: READERS - behind, Place.BEHIND: behind}
    assert inserted.policy is Policy.SEND_NEXT
    assert inserted.at is not None
    assert planned.numbers == {Effect.ANOTHER_NEXT: READERS}
    person = planned.names[Effect.ANOTHER_NEXT][0]
    assert (person.name, person.email) == ("R0", "reader0@inbox.example.org")
    assert person.before is not None
    assert person.after is not None
    assert (person.before.title, person.after.title) == ("Choose a cue", "A new lesson")
    assert person.finishes_before is not None
    assert person.finishes_after == person.finishes_before + timedelta(days=1)
    with school.database.read() as session:
        looking = Draft(BRAND).outlook(session, session.get_one(Course, school.course_id), school.clock.now())
        assert [one.name for one in looking.people(session, like="READER1@")] == ["R1"]
        assert [one.enrolment_id for one in looking.people(session, after=made[3], limit=2)] == made[4:6]


@pytest.mark.parametrize(
    ("policy", "lessons"),
    [
        (None, ["Choose a cue", "Forgive a bad day"]),
        (Policy.SEND_NEXT, ["A new lesson", "Choose a cue", "Forgive a bad day"]),
        (Policy.APPEND_AT_END, ["Choose a cue", "Forgive a bad day", "A new lesson"]),
    ],
)
def test_s20_who_is_past_an_inserted_lesson_gets_it_by_its_policy(
    school: School, policy: Policy | None, lessons: list[str]
) -> None:
    enrolment = fill(school, 1)[0]
    new = insert(school, 1)
    go_over(school, Draft(BRAND, Choices({} if policy is None else {new: policy})))
    came = len(school.subjects())
    school.live()
    assert [subject.partition(": ")[2] or subject for subject in school.subjects()[came:]] == lessons
    assert school.enrolment(enrolment).state == "completed"


def test_s17_a_named_lesson_reopens_the_course_and_rolling_back_closes_it(school: School) -> None:
    enrolment = school.enrol()
    school.live()
    assert school.enrolment(enrolment).state == "completed"
    new = insert(school, 4)
    assert plan(school).numbers == {Effect.NOTHING: 1}
    go_over(school, Draft(BRAND, Choices(reopen=frozenset([new]))))
    assert (school.enrolment(enrolment).state, school.enrolment(enrolment).next_lesson) == ("active", new)
    go_over(school, Former(1))
    assert (school.enrolment(enrolment).state, school.enrolment(enrolment).next_lesson) == ("completed", None)


def test_s23_rolling_back_leaves_every_future_as_it_was(school: School) -> None:
    fill(school)
    before = standings(school)
    insert(school, 1)
    remove(school, 3)
    go_over(school)
    assert standings(school) != before
    planned = plan(school, Former(1))
    assert (planned.kind, planned.before, planned.after) == ("roll_back", 2, 1)
    go_over(school, Former(1))
    assert standings(school) == before
    with school.database.read() as session:
        past = history.revisions(session, session.get_one(Course, school.course_id))
    assert [(one.number, one.in_force, one.taken_back) for one in past] == [
        (2, False, True),
        (1, True, False),
    ]


def test_what_was_taken_back_can_be_published_once_more(school: School) -> None:
    fill(school, 3)
    new = insert(school, 1)
    go_over(school)
    go_over(school, Former(1))
    go_over(school, Former(2))
    assert set(numbers(school).values()) == {3}
    with school.database.read() as session:
        revision = session.get_one(Course, school.course_id).revision
        assert revision is not None
        assert new in [one.lesson_id for one in revision.lessons]


def test_there_is_no_rolling_back_to_what_is_not_there_or_in_force(school: School) -> None:
    with pytest.raises(NotFound, match=r"no revision 7.*course revisions"):
        plan(school, Former(7))
    with pytest.raises(InvalidInput, match="in force already"):
        plan(school, Former(1))


def test_s24_numbers_that_drifted_are_shown_before_anything_happens(school: School) -> None:
    made = fill(school)
    insert(school, 1)
    confirmed = plan(school)
    school.wish(made[0], wishes.pause, None)
    school.wish(made[1], wishes.next_now)
    with pytest.raises(Drifted) as caught:
        begin(school, confirmed=confirmed.fingerprint)
    assert caught.value.plan.numbers != confirmed.numbers
    assert set(numbers(school).values()) == {1}
    begin(school, confirmed=caught.value.plan.fingerprint)


def test_a_cohort_does_not_become_evergreen(school: School) -> None:
    def edit(session: Session) -> None:
        start = school.clock.now().date()
        session.get_one(Course, school.course_id).cadence = Cadence(gap=1, cohort_start=start).to_json()

    school.change(edit)
    with pytest.raises(publishing.NotPublishable, match="course copy"):
        plan(school)


def test_choices_about_lessons_that_are_not_there_are_refused(school: School) -> None:
    with pytest.raises(InvalidInput, match="les_nothing is no lesson"):
        plan(school, Draft(BRAND, Choices({"les_nothing": Policy.SKIP})))


def test_s13_a_course_can_be_paused_while_it_is_published(school: School) -> None:
    """Pausing never drops or floods people, a publish in the middle of it included."""
    made = fill(school)
    pause_course(school.database, school.course_id, school.clock.now())
    insert(school, 1)
    go_over(school)
    school.clock.move_to(school.clock.now() + timedelta(days=10))
    school.work()
    came = len(school.subjects())
    resume_course(school.database, school.course_id, school.clock.now())
    school.live()
    per_day = len(school.subjects()) - came
    assert per_day == sum(3 if number % 2 else 2 for number in range(len(made))) + len(made[1::2])
    assert {one.state for one in standings(school).values()} == {"completed"}
