"""An installation that is sending: its database, its clock, the relay it sends to, and its processes."""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from campaigns.models import Enrolment
from courseletter import config
from courseletter.database import Database
from courseletter.installation import Installation, open_installation
from faults.node import is_work_left, work
from faults.process import Fork, Process, Program
from faults.school_of_many import found
from faults.shared_clock import SharedClock
from faults.sink import Sink
from sender.models import Delivery, State
from sender.planning import tick
from sender.sweeping import UnknownPolicy

CONNECTIONS = 8
COMMAND = "from courseletter.cli import main; main()"


class Site:
    """One course with learners who are all due at once. Its processes are told of it by their environment."""

    def __init__(
        self,
        database: Database,
        home: Path,
        folder: Path,
        now: datetime,
        *,
        people: int,
        lessons: int = 3,
        unknown: UnknownPolicy = "retry_once",
        sink: Sink | None = None,
    ) -> None:
        self.database = database
        self.home = home
        self.people = people
        self.unknown = unknown
        self.address = database.engine.url.render_as_string(hide_password=False)
        self.clock = SharedClock.start(folder / "clock", now)
        self.sink = sink or Sink()
        self._doors: dict[str, int] = {}
        smtp = {"host": "127.0.0.1", "port": self.port("the test"), "security": "none"}
        self.settings = config.load(
            home, database_url=self.address, smtp=smtp, sender={"unknown": unknown}
        )
        self._processes: list[Process] = []
        found(database, people, lessons, now)

    # --- Its processes

    def start(self, name: str, *roles: str) -> Fork:
        """Start a node (faults/node.py) that plans (`tick`), sends (`send`), or both."""
        fork = Fork(name, work, (self.clock.path, *roles), self._environment(name))
        self._processes.append(fork)
        return fork

    def command(self, *arguments: object) -> Program:
        """Start `courseletter ...`."""
        program = Program("command", ("-c", COMMAND, *arguments), self._environment("command"))
        self._processes.append(program)
        return program

    def port(self, name: str) -> int:
        """Where the sink takes the mail of the process of this name."""
        if name not in self._doors:
            self._doors[name] = self.sink.open(name)
        return self._doors[name]

    def close(self) -> None:
        for process in self._processes:
            process.end()
        self.sink.close()

    def _environment(self, name: str) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith("COURSELETTER_")}
        return others | {
            "COURSELETTER_HOME": str(self.home),
            "COURSELETTER_DATABASE_URL": self.address,
            "COURSELETTER_SMTP_HOST": "127.0.0.1",
            "COURSELETTER_SMTP_PORT": str(self.port(name)),
            "COURSELETTER_SMTP_SECURITY": "none",
            "COURSELETTER_SMTP_CONNECTIONS": str(CONNECTIONS),
            "COURSELETTER_SENDER_UNKNOWN": self.unknown,
        }

    # --- Its time

    def is_work_left(self) -> bool:
        with self.database.read() as session:
            return is_work_left(session, self.clock.now())

    def next_moment(self) -> datetime | None:
        """When anything happens again by itself: a lesson, another try, the end of a lease or of a rest."""
        waiting = [State.READY, State.DEFERRED, *([State.UNKNOWN] if self.unknown == "retry_once" else [])]
        questions = (
            select(func.min(Enrolment.due_at)).where(
                Enrolment.state == "active", Enrolment.queued_lesson.is_(None)
            ),
            select(func.min(Delivery.due_at)).where(
                Delivery.state.in_(waiting), Delivery.finished_at.is_(None)
            ),
            select(func.min(Delivery.lease_until)),
        )
        with self.database.read() as session:
            moments = [session.scalar(question) for question in questions]
        return min((moment for moment in moments if moment is not None), default=None)

    def live(self, until: datetime | None = None) -> None:
        """Let the calendar run, undisturbed and in this process, until the course is over (or that moment)."""
        opened = self.opened()
        mailer = opened.mailer()
        while (moment := self.next_moment()) is not None and (until is None or moment <= until):
            self.clock.move_to(moment)
            tick(self.database, self.clock.now())
            mailer.work()
        mailer.close()
        opened.database.close()

    def opened(self) -> Installation:
        return open_installation(self.settings, self.clock)

    # --- What its people see

    def doubts(self) -> Sequence[dict[str, Any]]:
        """What `courseletter delivery in-doubt` lists."""
        command = self.command("delivery", "in-doubt", "--json")
        command.wait()
        found: list[dict[str, Any]] = json.loads(command.said)
        return found
