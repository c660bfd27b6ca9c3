"""How long it takes to write the deliveries of an issue to a million people.

`python -m benchmarks.newsletters [PEOPLE] [sqlite|postgresql]`. Each has confirmed the
newsletter's list and is in one of ten zones; one in ten had a lesson yesterday. Told are the sum, the longest
transaction and the median, on the wall clock, and the processor's share, of the whole audience at once and of
a test of two subjects on a fifth of it.
"""

import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from benchmarks import databases
from benchmarks.crowd import ZONES
from benchmarks.mailer import BRAND, NOW
from campaigns.links import track_clicks
from campaigns.newsletters import drafting, scheduling
from campaigns.newsletters.drafting import Wishes
from courseletter.database import Database
from sender.models import Delivery, State
from sender.newsletters import foreseeing, writing
from subscribers.models import Membership, MemberStatus, Subscriber

KEY = b"a secret for benchmarks, 32 long"
ROWS = 50_000


def measure(database: Database, people: int) -> dict[str, float | int]:
    database.upgrade()
    newsletter = found(database, people)
    figures: dict[str, float | int] = {"people": people}
    for name, wishes in (("all", {}), ("test", {"subjects": ("Another subject",)})):
        issue = scheduled(database, newsletter, name, wishes)
        figures |= timed(database, issue, name)
    return figures


def found(database: Database, people: int) -> str:
    with database.write() as session:
        newsletter = drafting.create_newsletter(session, "News", NOW, language="en", zone="UTC")
        track_clicks(session, newsletter, True)
        list_id, newsletter_id = newsletter.list_id, newsletter.id
    for start in range(0, people, ROWS):
        with database.write(durable=False) as session:
            fill(session, range(start + 1, min(start + ROWS, people) + 1), list_id, newsletter_id)
    with database.write() as session:
        session.execute(text("ANALYZE"))
    return newsletter_id


def fill(session: Session, ids: range, list_id: int, newsletter_id: str) -> None:
    joined = NOW - timedelta(weeks=4)
    zones = [*ZONES, None]
    session.execute(
        insert(Subscriber),
        [
            {
                "id": one,
                "email": f"reader{one}@inbox.example.org",
                "address_key": f"reader{one}@inbox.example.org",
                "zone": zones[one % len(zones)],
                "created_at": joined,
            }
            for one in ids
        ],
    )
    session.execute(
        insert(Membership),
        [
            {
                "list_id": list_id,
                "subscriber_id": one,
                "status": MemberStatus.CONFIRMED,
                "changed_at": joined,
            }
            for one in ids
        ],
    )
    session.execute(
        insert(Delivery),
        [
            {
                "kind": "lesson",
                "subscriber_id": one,
                "course_id": newsletter_id,
                "enrolment_id": one,
                "lesson_id": "les_before",
                "state": State.ACCEPTED,
                "due_at": NOW - timedelta(hours=20),
                "created_at": NOW - timedelta(hours=20),
                "finished_at": NOW - timedelta(hours=20),
            }
            for one in ids[::10]
        ],
    )


def scheduled(database: Database, newsletter: str, title: str, wishes: dict[str, tuple[str, ...]]) -> str:
    with database.write() as session:
        issue = drafting.create_issue(session, drafting.find_newsletter(session, newsletter), title, NOW)
        issue.lesson.body = "What is new."
        drafting.settle(session, issue, Wishes(Wishes.of(issue).audience, **wishes), NOW)
        scheduling.schedule(session, issue, BRAND, KEY, NOW)
        return issue.lesson_id


def timed(database: Database, issue: str, name: str) -> dict[str, float | int]:
    started = perf_counter()
    with database.read() as session:
        row = drafting.find_issue(session, issue)
        foreseen = foreseeing.foresee(session, row, Wishes.of(row), KEY, NOW)
    counted = perf_counter() - started
    done: Counter[str] = Counter()
    steps: list[float] = []
    going, cpu, started = True, process_time(), perf_counter()
    while going:
        began = perf_counter()
        going = writing.step(database, issue, NOW, None, done)
        steps.append(perf_counter() - began)
    with database.read() as session:
        written = session.scalars(select(Delivery.id).where(Delivery.lesson_id == issue)).all()
    assert len(written) == done["queued"], (len(written), done)
    return {
        f"{name}_reached": foreseen.count.reached,
        f"{name}_counting_s": round(counted, 2),
        f"{name}_written": done["queued"],
        f"{name}_s": round(sum(steps), 2),
        f"{name}_cpu_s": round(process_time() - cpu, 2),
        f"{name}_longest_s": round(max(steps), 3),
        f"{name}_median_s": round(median(steps), 3),
    }


if __name__ == "__main__":
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    kind = getattr(databases, sys.argv[2]) if len(sys.argv) > 2 else databases.sqlite
    with TemporaryDirectory() as folder, kind(Path(folder)) as database:
        for key, value in measure(database, people).items():
            print(f"{key:20} {value}")
