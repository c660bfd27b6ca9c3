"""Real processes that send: started, watched and ended; and many learners whose first lesson is due."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from school import BRAND, DAILY, habits
from sqlalchemy import insert, select

from campaigns import drafting, enrolling, publishing
from campaigns.models import Course, Enrolment
from courseletter.clock import SystemClock
from courseletter.database import Database
from sender.models import Delivery
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.models import Membership, MemberStatus, Subscriber
from subscribers.people import Details, find_or_create

# `courseletter worker`, with ticks in quick succession.
WORKER = """
from threading import Event
from courseletter.cli.output import installation
from courseletter.cli.running import until_told_to_end, working
with installation() as opened, until_told_to_end(), working(opened, seconds=0.2):
    Event().wait()
"""

DEADLINE = 120.0  # seconds: far more than anything here takes


class Process:
    """A running worker, and what it has said."""

    def __init__(self, log: Path, script: str = WORKER, *arguments: str, **settings: object) -> None:
        self.log = log
        variables = {f"COURSELETTER_{name.upper()}": str(value) for name, value in settings.items()}
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", script, *arguments],
                env=os.environ | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.pid = self._process.pid

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def children(self) -> list[int]:
        """The processes that send for it."""
        found = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for file in found for pid in file.read_text().split()]

    def terminate(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self._process.terminate()
        return self._process.wait(DEADLINE)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Leave nothing behind, whatever the test has come to."""
        children = self.children()
        self.kill()
        for pid in children:
            if runs(pid):
                os.kill(pid, signal.SIGKILL)


def runs(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Nodes:
    """Workers of one data folder, on its database."""

    def __init__(self, database: Database, logs: Path, **settings: object) -> None:
        self.database = database
        self._logs = logs
        self._settings = settings
        self._started: list[Process] = []

    def start(self, script: str = WORKER, *arguments: str, **settings: object) -> Process:
        log = self._logs / f"node-{len(self._started)}.log"
        node = Process(log, script, *arguments, **(self._settings | settings))
        self._started.append(node)
        return node

    def end(self) -> None:
        for node in self._started:
            node.end()

    def enrol(self, count: int, first: int = 0) -> None:
        """Enrol so many learners; their welcome is due at once."""
        enrol_many(self.database, range(first, first + count))

    def states(self) -> dict[str, int]:
        """How many deliveries stand in each state."""
        with self.database.read() as session:
            return dict(Counter(str(state) for state in session.scalars(select(Delivery.state))))


@contextmanager
def nodes(database: Database, logs: Path, **settings: object) -> Iterator[Nodes]:
    running = Nodes(database, logs, **settings)
    found_school(database)
    try:
        yield running
    finally:
        running.end()


def found_school(database: Database) -> None:
    """Publish the one course."""
    now = SystemClock().now()
    article, lessons = habits()
    with database.write() as session:
        row = drafting.add_article(session, article, now)
        course = drafting.create_course(session, row, lessons, cadence=DAILY, zone="UTC", now=now)
        publishing.publish(session, course, BRAND, now)


def enrol_many(database: Database, numbers: range) -> None:
    """Enrol the first as anybody is enrolled, and the others as copies of that row."""
    now = SystemClock().now()
    with database.write() as session:
        course = session.scalars(select(Course)).one()
        first, _ = find_or_create(session, address(numbers[0]), Details("Robin"), now)
        consent.add(session, course.mailing_list, first, Evidence(), now)
        enrolment = enrolling.enrol(session, course, first, now)
        session.flush()
        columns = [column.key for column in Enrolment.__mapper__.column_attrs if column.key != "id"]
        copied = {name: getattr(enrolment, name) for name in columns}
        people = [
            {
                "id": first.id + 1 + place,
                "email": address(number),
                "address_key": address(number),
                "first_name": "Robin",
                "last_name": "",
                "fields": {},
                "daily_cap": first.daily_cap,
                "created_at": now,
            }
            for place, number in enumerate(numbers[1:])
        ]
        if not people:
            return
        member = {"list_id": course.list_id, "status": MemberStatus.CONFIRMED, "changed_at": now}
        session.execute(insert(Subscriber), people)
        session.execute(insert(Membership), [member | {"subscriber_id": one["id"]} for one in people])
        session.execute(insert(Enrolment), [copied | {"subscriber_id": one["id"]} for one in people])


def address(number: int) -> str:
    return f"reader{number}@inbox.example.org"
