"""How long the workshop's pages take on the server: `python -m benchmarks.workshop [PEOPLE] [COURSES]`.

100,000 people on 50 courses if you say nothing, half of them on one course; each has a lesson due within the
next week, and each got a message in the last one. Prints the median time of each page, and the processor's
share of it, also as the 95th percentile: the one to go by on a machine that is busy otherwise.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from benchmarks.crowd import BRAND, NOW, ROWS, gather
from campaigns import drafting, publishing
from campaigns.models import Course, Enrolment
from courseletter.accounts import sessions
from courseletter.accounts.models import Role, User
from courseletter.clock import MovableClock
from courseletter.config import BrandSettings, Settings
from courseletter.database import Database
from courseletter.installation import open_installation
from courseletter.settling import settle_down
from courseletter.web.app import create_app
from sender.models import Delivery, State

TIMES = 100
HOST = "http://127.0.0.1:8000"


def measure(folder: Path, people: int, courses: int, address: str = "") -> dict[str, dict[str, float]]:
    """Milliseconds of server time, page by page."""
    settings = Settings(
        home=folder,
        database_url=address,
        secret_key="0123456789abcdef0123456789abcdef",
        brand=BrandSettings(name=BRAND.name, address=BRAND.address),
    )
    installation = open_installation(settings, MovableClock(NOW - timedelta(minutes=30)))
    database = installation.database
    database.upgrade()
    busiest = gather(database, people)
    _spread(database, busiest, people, courses)
    client = TestClient(create_app(installation), base_url=HOST)
    client.cookies.set("courseletter", signed_in(database), domain="127.0.0.1")
    with database.write() as session:
        edited = session.get_one(Course, busiest).lessons[1]
        edited.body, lesson = f"{edited.body}\n\nOne more line.", edited.id
    editor = f"/courses/{busiest}/lessons/{lesson}/edit"
    pages = {
        "home": "/",
        "courses": "/courses",
        "busiest course": f"/courses/{busiest}",
        "its settings": f"/courses/{busiest}/settings",
        "its checks": f"/courses/{busiest}/checks",
        "its plan": f"/courses/{busiest}/plan",
        "its revisions": f"/courses/{busiest}/revisions",
        "a lesson's editor": editor,
        "its mail": f"{editor}/mail",
        "its readers": f"{editor}/readers?q=reader",
        "subscribers": "/subscribers",
        "found by address": "/subscribers?q=reader4",
        "found by name": "/subscribers?q=ad",
        "why": "/subscribers/1000",
        "a delivery": f"/deliveries/{_some_delivery(database)}",
        "brands": "/settings/brands",
        "brand": "/settings/brands/first",
        "settings": "/settings",
    }
    for path in pages.values():
        client.get(path)
    settle_down()
    found = {name: timed(client, path) for name, path in pages.items()}
    database.close()
    return found


def _some_delivery(database: Database) -> int:
    with database.read() as session:
        return session.scalars(select(Delivery.id).where(Delivery.subscriber_id == 1000).limit(1)).one()


def timed(client: TestClient, path: str) -> dict[str, float]:
    taken, worked = [], []
    for _ in range(TIMES + 1):
        start, cpu = perf_counter(), process_time()
        answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        taken.append(1000 * (perf_counter() - start))
        worked.append(1000 * (process_time() - cpu))
    return {
        "median": round(median(taken[1:]), 1),
        "cpu": round(median(worked[1:]), 1),
        "p95 of cpu": round(quantiles(worked[1:], n=20)[-1], 1),
    }


def _spread(database: Database, busiest: str, people: int, courses: int) -> None:
    """Half of the people on other courses, their lessons over the week, and what they got last week."""
    with database.write() as session:
        course = session.get_one(Course, busiest)
        for number in range(1, courses):
            _move(session, course, number, courses)
        for hour in range(7 * 24):
            moved = update(Enrolment).where(Enrolment.id % (7 * 24) == hour)
            session.execute(moved.values(due_at=NOW + timedelta(hours=hour)))
    for start in range(1, people + 1, ROWS):
        with database.write() as session:
            numbers = range(start, min(start + ROWS, people + 1))
            session.execute(insert(Delivery), list(_deliveries(numbers, busiest)))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _move(session: Session, course: Course, number: int, courses: int) -> None:
    """Give one more course its share of the people."""
    copy = drafting.copy_course(session, course, NOW)
    publishing.publish(session, copy, BRAND, NOW)
    share = (Enrolment.id % (2 * courses)) == number
    for old, new in zip(course.lessons, copy.lessons, strict=True):
        moved = update(Enrolment).where(share, Enrolment.next_lesson == old.id)
        session.execute(moved.values(course_id=copy.id, next_lesson=new.id))


def _deliveries(numbers: Sequence[int], course_id: str) -> Iterator[dict[str, object]]:
    for number in numbers:
        at = NOW - timedelta(minutes=number % 10_000)
        yield {
            "kind": "lesson",
            "subscriber_id": number,
            "course_id": course_id,
            "enrolment_id": number,
            "lesson_id": "les_0000000000",
            "state": State.FAILED if number % 97 == 0 else State.ACCEPTED,
            "due_at": at,
            "created_at": at,
            "finished_at": at,
            "facts": {"email": f"reader{number}@inbox.example.org", "zone": "Europe/London"},
        }


def signed_in(database: Database) -> str:
    with database.write() as session:
        user = User(
            email="owner@example.org",
            email_key="owner@example.org",
            name="Owner",
            role=Role.OWNER,
            password_hash="",
            created_at=NOW,
        )
        session.add(user)
        session.flush()
        return sessions.begin(session, user, NOW)


def main(people: int = 100_000, courses: int = 50) -> None:
    with TemporaryDirectory() as folder:
        for page, times in measure(Path(folder), people, courses).items():
            print(f"{page:16}" + "".join(f"   {name} {ms:7.1f} ms" for name, ms in times.items()))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
