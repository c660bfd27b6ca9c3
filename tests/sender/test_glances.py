"""All courses at a glance: the numbers of each one's own results, in as many queries as one course takes."""

from datetime import date, timedelta
from random import Random

from school import School
from sqlalchemy import event
from sqlalchemy.orm import Session

from campaigns.models import Course, Lesson, Revision, RevisionLesson
from sender.funnel import funnel, glances
from sender.models import Result
from subscribers.models import MailingList

MONDAY = date(2026, 3, 2)


def plant(session: Session, school: School, name: str, random: Random) -> None:
    """A published course whose first lesson has been taken out, with results at random."""
    now = school.clock.now()
    course = Course(
        id=f"crs_{name}", slug=name, title=name, language="en", zone="UTC", cadence={}, created_at=now,
        mailing_list=MailingList(slug=name, name=name, created_at=now),
    )  # fmt: skip
    session.add(course)
    session.flush()
    revision = Revision(
        course_id=course.id, number=1, title=name, language="en", zone="UTC", cadence={}, disclosures=[],
        disclaimers=[], published_at=now,
    )  # fmt: skip
    for place in range(4):
        said = {"position": place, "kind": "lesson", "title": f"{name} {place}", "subject": "s", "body": ""}
        lesson_id = f"les_{name}_{place}"
        session.add(Lesson(id=lesson_id, course_id=course.id, removed=place == 0, **said))
        session.flush()
        if place:
            revision.lessons.append(RevisionLesson(lesson_id=lesson_id, number=place, compiled="{}", **said))
        for week in range(3):
            numbers = {one: random.randint(0, 40) for one in ("received", "clicked")}
            numbers |= {"stopped": random.randint(-3, 9), "finished": random.randint(0, 9) * (place == 3)}
            day = MONDAY + timedelta(weeks=week + place)
            cohort = MONDAY + timedelta(weeks=week)
            if random.random() < 0.7:
                session.add(
                    Result(course_id=course.id, cohort=cohort, lesson_id=lesson_id, day=day, **numbers)
                )
    session.add(revision)
    session.flush()
    course.revision = revision


def test_each_glance_is_what_the_courses_own_results_say(school: School) -> None:
    random = Random(7)
    with school.database.write() as session:
        for number in range(12):
            plant(session, school, f"c{number:02}", random)
    with school.database.read() as session:
        found = glances(session)
        assert [one.course.title for one in found] == sorted(one.course.title for one in found)
        assert len(found) == 13
        alone = {one.id: funnel(session, one) for one in session.query(Course)}
        seen = [(one.everybody, one.loses_most and one.loses_most.title) for one in found]
        wanted = [alone[one.course.id] for one in found]
        assert seen == [(one.everybody, one.loses_most and one.loses_most.title) for one in wanted]
        assert any(one.loses_most and one.loses_most.number is None for one in found)  # one that is no more


def test_more_courses_ask_no_more_queries(school: School) -> None:
    asked: list[str] = []
    with school.database.write() as session:
        plant(session, school, "first", Random(1))
    event.listen(school.database.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    with school.database.read() as session:
        glances(session)
    one_course = len(asked)
    with school.database.write() as session:
        for number in range(20):
            plant(session, school, f"c{number:02}", Random(number))
    asked.clear()
    with school.database.read() as session:
        assert len(glances(session)) == 22
    assert len(asked) == one_course
