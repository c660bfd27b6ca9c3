"""An installation that is sending: its database, its clock, the relay it sends to, and its processes."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from faults.node import LEASED, is_work_left, work
from faults.process import Fork, Process, Program
from faults.shared_clock import SharedClock
from faults.sink import Sink
from sqlalchemy import func, select

from campaigns.models import Enrolment
from courseletter import config
from courseletter.database import Database
from courseletter.installation import open_installation
from sender.doubts import doubts, settle
from sender.instance import recognise
from sender.message import message_id
from sender.models import Delivery, State
from sender.planning import tick
from sender.retrying import UnknownPolicy

CONNECTIONS = 8
MOST_TURNS = 1000
COMMAND = "from courseletter.cli import main; main()"


class Site:
    """A course with so many learners, all due at once. Its processes are told of it by their environment."""

    def __init__(
        self,
        database: Database,
        home: Path,
        now: datetime,
        *,
        people: int,
        unknown: UnknownPolicy = "retry_once",
        sink: Sink | None = None,
    ) -> None:
        self.database = database
        self.home = home
        self.people = people
        self.unknown = unknown
        self.address = database.engine.url.render_as_string(hide_password=False)
        self.clock = SharedClock.start(home / "clock", now)
        self.sink = sink or Sink()
        self._doors: dict[str, int] = {}
        smtp = {"host": "127.0.0.1", "port": self.port("the test"), "security": "none"}
        self.settings = config.load(home, database_url=self.address, smtp=smtp, sender={"unknown": unknown})
        self._processes: list[Process] = []

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

    def said_by(self, *arguments: object) -> str:
        """Run `courseletter ...` to its end."""
        command = self.command(*arguments)
        command.wait()
        return command.said

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
            "COURSELETTER_SENDER_PROCESSES": "1",  # which has all the connections
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
            select(func.min(Delivery.lease_until)).where(Delivery.state.in_(LEASED)),
        )
        with self.database.read() as session:
            moments = [session.scalar(question) for question in questions]
        return min((moment for moment in moments if moment is not None), default=None)

    def live(self, until: datetime | None = None) -> None:
        """Let the calendar run, undisturbed and in this process, to the end of the course, or that moment."""
        for _ in range(MOST_TURNS):
            moment = self.next_moment()
            if moment is None or (until is not None and moment > until):
                return
            self.clock.move_to(moment)
            self.work()
        raise AssertionError("the course does not come to an end")

    def work(self) -> Counter[str]:
        """Plan and send at this moment, in this process. Returns what came of it."""
        opened = open_installation(self.settings, self.clock)
        mailer = opened.mailer()
        counts = tick(opened.database, self.clock.now()) + mailer.work()
        mailer.close()
        opened.database.close()
        return counts

    # --- Its ledger

    def recognise(self) -> str | None:
        """What `courseletter serve` looks at before it sends: why nothing may be sent."""
        return recognise(self.database, self.home, self.clock.now())

    def doubts(self) -> Sequence[dict[str, Any]]:
        """What `courseletter delivery in-doubt` lists."""
        found: list[dict[str, Any]] = json.loads(self.said_by("delivery", "in-doubt", "--json"))
        return found

    def decide(self) -> None:
        """Let somebody who has read the relay's book settle what is in doubt."""
        arrived = {one.message_id for one in self.sink.taken}
        now = self.clock.now()
        with self.database.write() as session:
            for one in {doubt.delivery for doubt in doubts(session) if doubt.undecided}:
                settle(session, one, now, arrived=self.message_id(one) in arrived)

    def states(self) -> dict[str, str]:
        """The state of each delivery by its Message-ID."""
        with self.database.read() as session:
            rows = session.execute(select(Delivery.id, Delivery.state)).all()
        return {self.message_id(one): state for one, state in rows}

    def message_id(self, delivery_id: int) -> str:
        return message_id(self.settings.key, delivery_id, self.settings.sender.domain)
