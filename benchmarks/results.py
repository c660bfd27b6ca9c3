"""How long a funnel takes after ten million events.

`python -m benchmarks.results [EVENTS] [PEOPLE] [DATABASE]`. First its numbers are held against a recount:
PEOPLE people (100,000 if you say nothing) receive a lesson a week, some click and some leave, all of it set
by set in the ledger, and the ticker counts it. Then the rows that so many events leave behind, three years of
days in twelve lessons, are written as the ticker would, and the funnel is timed: the median and the 95th
percentile of the wall clock, and the processor’s share.
"""

import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from benchmarks.crowd import gather
from benchmarks.mailer import NOW
from campaigns.links import track_clicks
from campaigns.models import Course, Enrolment, Link, RevisionLesson
from courseletter.database import Database, UtcDateTime
from sender.funnel import NUMBERS, Funnel, funnel
from sender.models import Click, Delivery, Event, Result, State
from sender.results import bring_up_to_date, count_day

TIMES = 50
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
    each = events // (DAYS * LESSONS * PACES)
    rows = [
        {
            "course_id": course_id,
            "cohort": day - timedelta(days=day.weekday()) - timedelta(weeks=place + pace),
            "day": day,
            "lesson_id": f"les_{place:010}",
            "received": each * 6 // 10,
            "clicked": each * 2 // 10,
            "scanner_clicks": each - each * 6 // 10 - each * 2 // 10,
        }
        for day in (NOW.date() - timedelta(days=number) for number in range(DAYS))
        for place in range(LESSONS)
        for pace in range(PACES)
    ]
    with database.write() as session:
        session.execute(delete(Result))
        session.execute(insert(Result), rows)
        holding = sum(getattr(Result, name) for name in ("received", "clicked", "scanner_clicks"))
        return {"rows": len(rows), "events": session.scalar(select(func.sum(holding))) or 0}


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


def main(events: int = 10_100_000, people: int = 100_000, address: str = "") -> None:
    with TemporaryDirectory() as folder:
        for name, number in measure(Path(folder), events, people, address).items():
            print(f"{name:20}{number:>14,}")


if __name__ == "__main__":
    main(*(int(one) if one.isdigit() else one for one in sys.argv[1:]))  # type: ignore[arg-type]
