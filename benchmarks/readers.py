"""How long the pages take that readers open, with 100,000 people: `python -m benchmarks.readers [PEOPLE]`.

Milliseconds of server time, as benchmarks/workshop.py has them, and the size of each page as it is sent.
"""

import gzip
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.testclient import TestClient

from benchmarks.crowd import BRAND, NOW, gather
from benchmarks.workshop import HOST, timed
from campaigns.models import Course
from courseletter.clock import MovableClock
from courseletter.config import BrandSettings, Settings
from courseletter.database import Database
from courseletter.installation import open_installation
from courseletter.web.app import create_app
from sender.links import Links
from sender.models import Delivery, State
from subscribers.tokens import Tokens

PERSON = 1_003  # somebody under way, whom any of 100,000 may be


def measure(folder: Path, people: int, address: str = "") -> dict[str, dict[str, float]]:
    """By page: milliseconds, and KB as compressed."""
    settings = Settings(
        home=folder,
        database_url=address,
        secret_key="0123456789abcdef0123456789abcdef",
        base_url=HOST,
        brand=BrandSettings(name=BRAND.name, address=BRAND.address),
    )
    installation = open_installation(settings, MovableClock(NOW - timedelta(minutes=30)))
    database = installation.database
    database.upgrade()
    course_id = gather(database, people)
    with database.read() as session:
        course = session.get_one(Course, course_id)
        slug, list_id, lesson_id = course.slug, course.list_id, course.lessons[0].id
    _receive(database, course, lesson_id)
    links = Links("", Tokens(settings.key))
    learn, leave = links.learn(PERSON), links.unsubscribe(list_id, PERSON)
    pages = {
        "sign-up": f"/c/{slug}",
        "confirm": links.confirm(list_id, PERSON),
        "my course": learn,
        "pause": f"{learn}/pause",
        "next": f"{learn}/next",
        "a lesson": f"{learn}/lessons/{lesson_id}",
        "my data": f"{learn}/data",
        "leave": leave,
        "leave everything": f"{leave}/everything",
    }
    client = TestClient(create_app(installation), base_url=HOST)
    found = {name: timed(client, path) | {"KB": _kilobytes(client, path)} for name, path in pages.items()}
    database.close()
    return found


def _receive(database: Database, course: Course, lesson_id: str) -> None:
    """Let the person have had a lesson, which they may read again."""
    with database.write() as session:
        session.add(
            Delivery(
                kind="lesson",
                subscriber_id=PERSON,
                course_id=course.id,
                revision_id=course.revision_id,
                enrolment_id=PERSON,
                run=1,
                lesson_id=lesson_id,
                state=State.ACCEPTED,
                due_at=NOW - timedelta(days=7),
                created_at=NOW - timedelta(days=7),
                finished_at=NOW - timedelta(days=7),
            )
        )


def _kilobytes(client: TestClient, path: str) -> float:
    return round(len(gzip.compress(client.get(path).content)) / 1000, 1)


def main(people: int = 100_000) -> None:
    with TemporaryDirectory() as folder:
        for page, numbers in measure(Path(folder), people).items():
            print(f"{page:17}" + "".join(f"   {name} {number:6.1f}" for name, number in numbers.items()))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
