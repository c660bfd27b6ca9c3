"""How long a funnel takes after ten million events.

`python -m benchmarks.results [EVENTS] [PEOPLE] [DATABASE]`. First its numbers are held against a recount:
PEOPLE people (100,000 if you say nothing) receive a lesson a week, some click and some leave, all of it set
by set in the ledger, and the ticker counts it. Then the rows that so many events leave behind, three years of
days in twelve lessons, are written as the ticker would, and the funnel is timed: the median and the 95th
percentile of the wall clock, and the processor’s share. Last, as many rows are those of fifty courses, and
the list of all of them is timed.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from benchmarks.crowd import LESSON, gather
from benchmarks.mailer import NOW
from campaigns.links import track_clicks
from campaigns.models import Course, Enrolment, Lesson, Link, Revision, RevisionLesson
from courseletter.database import Database, UtcDateTime
from sender.funnel import NUMBERS, Funnel, funnel, glances
from sender.models import Click, Delivery, Event, Result, State
from sender.results import bring_up_to_date, count_day
from subscribers.models import MailingList

TIMES, COURSES = 50, 50
DAYS, LESSONS, PACES = 3 * 365, 12, 4  # on each day four weeks' people receive each lesson
KEEP = timedelta(days=36_500)
BEGUN = NOW - timedelta(weeks=8)


def measure(folder: Path, events: int, people: int, address: str = "") -> dict[str, float | int]:
    database = Database(address or f"sqlite:///{folder / 'results.db'}")
    database.upgrade()
    course_id = gather(database, people)
    live(database, course_id)
    cpu, started = process_time(), perf_counter()
    bring_up_to_date(database, NOW, KEEP)
    found: dict[str, float | int] = {
        "counted_people": people,
        "counting_s": round(perf_counter() - started, 2),
        "counting_cpu_s": round(process_time() - cpu, 2),
    }
    with database.read() as session:
        cpu = process_time()
        count_day(session, (BEGUN + timedelta(weeks=1)).date())
        found["busiest_day_cpu_s"] = round(process_time() - cpu, 2)
        course = session.get_one(Course, course_id)
        kept, counted = summed(funnel(session, course)), recount(session, course_id)
    assert kept == counted, f"kept {kept}, counted {counted}"
    found |= fill(database, course_id, events)
    found |= timed(database, course_id)
    found |= timed_at_a_glance(database, events)
    database.close()
    return found


def live(database: Database, course_id: str) -> None:
    """A lesson a week for everybody; a third clicks, every thirteenth leaves after the second lesson."""
    with database.write() as session:
        course = session.get_one(Course, course_id)
        track_clicks(session, course, True)
        revision = course.revision
        assert revision is not None
        lessons = select(RevisionLesson.lesson_id).where(RevisionLesson.revision_id == revision.id)
        for place, lesson_id in enumerate(session.scalars(lessons.order_by(RevisionLesson.position))):
            moment = BEGUN + timedelta(weeks=place)
            values = {
                "kind": literal("lesson"),
                "subscriber_id": Enrolment.subscriber_id,
                "course_id": Enrolment.course_id,
                "enrolment_id": Enrolment.id,
                "run": literal(1),
                "lesson_id": literal(lesson_id),
                "copy": literal(0),
                "revision_id": literal(revision.id),
                "by": literal("schedule"),
                "state": literal(State.ACCEPTED),
                "attempts": literal(1),
                "reply": literal("250 OK"),
                "retried_unknown": literal(False),
                **{name: literal(moment, UtcDateTime()) for name in ("due_at", "created_at", "finished_at")},
            }
            stays = Enrolment.subscriber_id % 13 != 0
            people = select(*values.values()).where(stays) if place > 1 else select(*values.values())
            session.execute(insert(Delivery).from_select(list(values), people))
            _follow(session, lesson_id, moment + timedelta(hours=3))
        leaving = select(
            literal(BEGUN + timedelta(weeks=1, hours=5), UtcDateTime()),
            literal("left"),
            Enrolment.subscriber_id,
            Enrolment.course_id,
            literal({}, Event.data.type),
        ).where(Enrolment.subscriber_id % 13 == 0)
        session.execute(
            insert(Event).from_select(["at", "kind", "subscriber_id", "course_id", "data"], leaving)
        )


def _follow(session: Session, lesson_id: str, moment: object) -> None:
    """The first link of the lesson: by a third of its readers, and by a scanner for every seventh."""
    link = select(func.min(Link.id)).where(Link.lesson_id == lesson_id).scalar_subquery()
    for one_in, seconds in ((3, 10_800), (7, 1)):
        values = {
            "at": literal(moment, UtcDateTime()),
            "delivery_id": Delivery.id,
            "link_id": link,
            "seconds": literal(seconds),
            "mark": literal(""),
        }
        which = (Delivery.lesson_id == lesson_id, Delivery.subscriber_id % one_in == 0)
        session.execute(insert(Click).from_select(list(values), select(*values.values()).where(*which)))


def recount(session: Session, course_id: str) -> Counter[str]:
    """Straight from the ledger and the clicks, by other queries than the ticker's."""
    sent = select(Delivery.subscriber_id, func.count()).where(Delivery.course_id == course_id)
    lessons = dict(session.execute(sent.group_by(Delivery.subscriber_id)).all())
    most = max(lessons.values())
    clicks = session.execute(select(Click.delivery_id, Click.seconds)).all()
    return Counter(
        received=sum(lessons.values()),
        finished=sum(number == most for number in lessons.values()),
        stopped=sum(number < most for number in lessons.values()),
        unsubscribed=sum(number < most for number in lessons.values()),
        clicked=len({mail for mail, seconds in clicks if seconds > 60}),
        scanner_clicks=sum(seconds <= 60 for _, seconds in clicks),
    )


def summed(found: Funnel) -> Counter[str]:
    totals: Counter[str] = Counter()
    for step in found.steps:
        totals.update({name: getattr(step.numbers, name) for name in NUMBERS})
    return +totals


def fill(database: Database, course_id: str, events: int) -> dict[str, int]:
    """What so many events leave behind. Returns how many rows, and the events in them."""
    rows = _rows(course_id, [f"les_{place:010}" for place in range(LESSONS)], range(DAYS), events)
    with database.write() as session:
        session.execute(delete(Result))
        session.execute(insert(Result), rows)
        holding = sum(getattr(Result, name) for name in ("received", "clicked", "scanner_clicks"))
        return {"rows": len(rows), "events": session.scalar(select(func.sum(holding))) or 0}


def _rows(course_id: str, lessons: Sequence[str], days: range, events: int) -> list[dict[str, object]]:
    each = events // (DAYS * LESSONS * PACES)
    return [
        {
            "course_id": course_id,
            "cohort": day - timedelta(days=day.weekday()) - timedelta(weeks=place + pace),
            "day": day,
            "lesson_id": lesson_id,
            "received": each * 6 // 10,
            "clicked": each * 2 // 10,
            "scanner_clicks": each - each * 6 // 10 - each * 2 // 10,
        }
        for day in (NOW.date() - timedelta(days=number) for number in days)
        for place, lesson_id in enumerate(lessons)
        for pace in range(PACES)
    ]


def timed(database: Database, course_id: str) -> dict[str, float]:
    taken, worked = [], []
    for _ in range(TIMES + 1):
        started, cpu = perf_counter(), process_time()
        with database.read() as session:
            found = funnel(session, session.get_one(Course, course_id))
        taken.append(1000 * (perf_counter() - started))
        worked.append(1000 * (process_time() - cpu))
        assert len(found.weeks) > 150
    return {
        "funnel_ms": round(median(taken[1:]), 1),
        "funnel_p95_ms": round(quantiles(taken[1:], n=20)[-1], 1),
        "funnel_cpu_ms": round(median(worked[1:]), 1),
    }


def timed_at_a_glance(database: Database, events: int) -> dict[str, float | int]:
    """As many rows, of many courses, whose list is then read again and again."""
    with database.write() as session:
        session.execute(delete(Result))
        first = session.scalars(select(Course)).one()
        for number in range(1, COURSES):
            course_id, lessons = _like(session, first, number)
            days = range(number * DAYS // COURSES, (number + 1) * DAYS // COURSES)
            session.execute(insert(Result), _rows(course_id, lessons, days, events))
    taken, worked = [], []
    for _ in range(TIMES + 1):
        started, cpu = perf_counter(), process_time()
        with database.read() as session:
            found = glances(session)
        taken.append(1000 * (perf_counter() - started))
        worked.append(1000 * (process_time() - cpu))
        assert len(found) == COURSES
        assert sum(one.everybody.joined > 0 for one in found) == COURSES - 1
    return {
        "courses": COURSES,
        "all_courses_ms": round(median(taken[1:]), 1),
        "all_courses_cpu_ms": round(median(worked[1:]), 1),
        "all_courses_cpu_p95_ms": round(quantiles(worked[1:], n=20)[-1], 1),
    }


def _like(session: Session, first: Course, number: int) -> tuple[str, list[str]]:
    """One more published course; returns its id and its lessons'."""
    about = {name: getattr(first, name) for name in ("language", "zone", "cadence")}
    name = f"course-{number}"
    mailing_list = MailingList(slug=name, name=name, created_at=NOW)
    course = Course(
        id=f"crs_{number:010}", slug=name, title=name, mailing_list=mailing_list, created_at=NOW, **about
    )
    session.add(course)
    session.flush()
    revision = Revision(
        course_id=course.id, number=1, title=name, disclosures=[], disclaimers=[], published_at=NOW, **about
    )
    lessons = [f"les_{number:05}{place:05}" for place in range(LESSONS)]
    for place, lesson_id in enumerate(lessons):
        said = {"position": place, "kind": "lesson", "title": lesson_id, "subject": lesson_id, "body": LESSON}
        session.add(Lesson(id=lesson_id, course_id=course.id, **said))
        session.flush()
        frozen = RevisionLesson(lesson_id=lesson_id, number=place, compiled=LESSON, **said)
        revision.lessons.append(frozen)
    session.add(revision)
    session.flush()
    course.revision = revision
    return course.id, lessons


def main(events: int = 10_100_000, people: int = 100_000, address: str = "") -> None:
    with TemporaryDirectory() as folder:
        for name, number in measure(Path(folder), events, people, address).items():
            print(f"{name:20}{number:>14,}")


if __name__ == "__main__":
    main(*(int(one) if one.isdigit() else one for one in sys.argv[1:]))  # type: ignore[arg-type]
