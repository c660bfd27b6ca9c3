"""A publish over a crowd under way: its plan and its chunks. `python -m benchmarks.publishing [PEOPLE]`.

Every reader's next lesson changes: a lesson is put before it, and those past it get it next. One in fifty has
a history that hardly anybody shares, so that there are thousands of different futures.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import text

from benchmarks import crowd
from benchmarks.databases import postgresql, sqlite
from campaigns.models import Course, Lesson
from campaigns.moving import Choices, Policy
from courseletter.clock import MovableClock
from courseletter.database import Database
from courseletter.ids import new_id
from courseletter.settling import settle_down
from sender import switching
from sender.switching import Draft

# Late to the second, each in their own way: what a slow relay leaves behind.
_LATE = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', last_at, '+' || (3600 + id % 200000) || ' seconds')",
    "postgresql": "last_at + (3600 + id % 200000) * interval '1 second'",
}


def measure(folder: Path, people: int = 1_000_000) -> dict[str, dict[str, float]]:
    """By database: seconds to plan and to apply, and the longest chunk; `cpu`: of this process alone."""
    found = {}
    for name, opened in (("sqlite", sqlite), ("postgresql", postgresql)):
        with opened(folder) as database:
            database.upgrade()
            course = crowd.gather(database, people)
            found[name] = _publish(database, course, _edit(database, course))
    return found


def _edit(database: Database, course_id: str) -> Draft:
    """Put a lesson into the draft after the first one. Returns what is to be published."""
    late = _LATE["sqlite" if database.is_sqlite else "postgresql"]
    with database.write() as session:
        session.execute(text(f"UPDATE enrolments SET last_at = {late} WHERE id % {crowd.ODD} = 1"))
        course = session.get_one(Course, course_id)
        for lesson in course.lessons[2:]:
            lesson.position += 1
        fresh = Lesson(id=new_id("les"), position=2, kind="lesson", title="New", subject="New", body="New.")
        fresh.course_id = course_id
        session.add(fresh)
        return Draft(crowd.BRAND, Choices({fresh.id: Policy.SEND_NEXT}))


def _publish(database: Database, course: str, draft: Draft) -> dict[str, float]:
    before_any_is_due = crowd.NOW.replace(hour=0)
    began, worked = perf_counter(), process_time()
    plan = switching.plan(database, course, draft, before_any_is_due)
    planned, planning = perf_counter() - began, process_time() - worked
    applying = switching.begin(database, course, draft, before_any_is_due)
    assert applying is not None
    settle_down()
    marks = [(perf_counter(), process_time())]
    applying.run(MovableClock(before_any_is_due), lambda _: marks.append((perf_counter(), process_time())))
    each, working = zip(
        *((end - start, done - before) for (start, before), (end, done) in pairwise(marks)), strict=True
    )
    return {
        "people": plan.people,
        "affected": plan.affected,
        "plan_s": planned,
        "plan_cpu_s": planning,
        "apply_s": sum(each),
        "chunks": len(each),
        "max_chunk_s": max(each),
        "median_chunk_cpu_s": median(working),
        "max_chunk_cpu_s": max(working),
    }


def main(people: int = 1_000_000) -> None:
    with TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), people), indent=2))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
