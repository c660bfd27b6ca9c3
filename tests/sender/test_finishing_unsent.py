"""Who finishes without the last mail is finished everywhere: in the results as on Home and in the course."""

from datetime import timedelta

from school import School
from sqlalchemy import select, update

from campaigns import counting
from campaigns.models import Course, Enrolment, Revision, RevisionLesson
from sender import wishes
from sender.funnel import Crowd, funnel
from sender.models import Delivery, State
from sender.past import past
from sender.planning import tick
from sender.results import bring_up_to_date
from subscribers.models import Subscriber

KEEP = timedelta(days=90)


def results(school: School) -> Crowd:
    """As they are counted by now, and equal to what the other pages say of who has finished."""
    bring_up_to_date(school.database, school.clock.now(), KEEP)
    with school.database.read() as session:
        found = funnel(session, session.get_one(Course, school.course_id)).everybody
        elsewhere = counting.crowd_of(session, school.course_id)
    assert found.finished == elsewhere.completed
    return found


def up_to_the_last(school: School, enrolment: int, *, on_its_way: bool = False) -> str:
    """Receive all lessons but the last one, or have the one before on its way; returns the last one's id."""
    with school.database.read() as session:
        revision = session.get_one(Revision, session.get_one(Enrolment, enrolment).revision_id)
        last = max(revision.lessons, key=lambda one: one.position).lesson_id
    while True:
        tick(school.database, school.clock.now())
        if on_its_way and school.enrolment(enrolment).next_lesson == last:
            return last
        school.work()
        if school.enrolment(enrolment).next_lesson == last:
            return last
        moment = school.next_moment()
        assert moment is not None
        school.clock.move_to(moment)


def unskip(school: School, enrolment: int, lesson: str) -> None:
    school.wish(enrolment, lambda session, row, now: wishes.unskip(session, row, lesson, now))


def test_who_skips_the_last_lesson_has_finished_in_the_results(school: School) -> None:
    ada, bo = school.enrol(), school.enrol("bo@inbox.example.org")
    up_to_the_last(school, ada)
    assert results(school) == Crowd(joined=2)
    school.wish(ada, wishes.skip)
    assert results(school) == Crowd(joined=2, finished=1)
    school.live()
    assert school.enrolment(bo).state == "completed"
    assert results(school) == Crowd(joined=2, finished=2)


def test_the_story_of_a_person_says_so(school: School) -> None:
    ada = school.enrol()
    last = up_to_the_last(school, ada)
    school.wish(ada, wishes.skip)
    unskip(school, ada, last)
    with school.database.read() as session:
        reader = session.get_one(Enrolment, ada).subscriber
        told = [entry.title for entry in past(session, reader, open_to_mail=True)]
    assert "Finished the course, without its last lesson" in told
    assert "The course goes on" in told


def test_a_skip_that_is_taken_back_is_no_end_and_the_lesson_then_counts_once(school: School) -> None:
    ada = school.enrol()
    last = up_to_the_last(school, ada)
    for _ in range(2):
        school.wish(ada, wishes.skip)
        unskip(school, ada, last)
        assert results(school) == Crowd(joined=1)
    school.wish(ada, wishes.skip)
    school.clock.move_to(school.clock.now() + timedelta(days=3))
    assert results(school) == Crowd(joined=1, finished=1)  # and that day is settled
    unskip(school, ada, last)
    assert results(school) == Crowd(joined=1)
    school.live()
    assert results(school) == Crowd(joined=1, finished=1)


def test_who_rests_before_they_skip_the_end_has_not_stopped(school: School) -> None:
    ada = school.enrol()
    last = up_to_the_last(school, ada)
    school.wish(ada, wishes.pause, school.clock.now().date() + timedelta(days=9))
    assert results(school) == Crowd(joined=1, stopped=1)
    school.wish(ada, wishes.skip)
    assert results(school) == Crowd(joined=1, finished=1)
    unskip(school, ada, last)
    school.wish(ada, wishes.pause, None)
    assert results(school) == Crowd(joined=1, stopped=1)


def test_whose_last_lessons_are_not_meant_for_them_has_finished_and_all_who_are_alike(school: School) -> None:
    people = [school.enrol(f"reader{number}@inbox.example.org") for number in range(3)]
    last = up_to_the_last(school, people[0])
    only_some = update(RevisionLesson).where(RevisionLesson.lesson_id == last)
    school.change(lambda session: session.execute(only_some.values(only_if='subscriber.team == "red"')))
    school.live()
    assert [school.enrolment(one).state for one in people] == ["completed"] * 3
    assert results(school) == Crowd(joined=3, finished=3)


def test_who_differs_in_what_a_lesson_asks_for_goes_a_way_of_their_own(school: School) -> None:
    red = school.enrol("red@inbox.example.org")
    blue = school.enrol("blue@inbox.example.org")
    last = up_to_the_last(school, red)
    only_some = update(RevisionLesson).where(RevisionLesson.lesson_id == last)
    school.change(lambda session: session.execute(only_some.values(only_if='subscriber.team == "red"')))
    with school.database.write() as session:
        for person in session.scalars(select(Subscriber)):
            person.fields = {"team": person.email.partition("@")[0]}
    school.live()
    got = select(Delivery.enrolment_id).where(Delivery.lesson_id == last, Delivery.state == State.ACCEPTED)
    with school.database.read() as session:
        assert session.scalars(got).all() == [red]
    assert [school.enrolment(one).state for one in (red, blue)] == ["completed"] * 2


def test_who_skips_the_last_lesson_while_the_one_before_is_on_its_way(school: School) -> None:
    """They have finished once that one has arrived."""
    ada = school.enrol()
    last = up_to_the_last(school, ada, on_its_way=True)
    assert school.enrolment(ada).queued_lesson is not None
    school.wish(ada, wishes.skip)
    assert school.enrolment(ada).state == "active"
    assert results(school).finished == 0
    school.work()
    assert school.enrolment(ada).state == "completed"
    assert results(school) == Crowd(joined=1, finished=1)
    assert last not in {one.lesson_id for one in school.deliveries()}
