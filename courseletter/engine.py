"""How what is ready reaches a sender: in this process, in child processes on SQLite, on nodes on PostgreSQL.

Whoever sends claims from the ledger (sender/claiming.py). What travels here are hints that there is something
to claim: one that is lost costs a tick, one too many costs a look.
"""

import math
from collections import Counter
from datetime import datetime
from typing import Protocol

from sqlalchemy import event
from sqlalchemy.orm import Session

from courseletter.database import Database
from courseletter.installation import Installation
from courseletter.processes import Processes
from sender.claiming import count_ready
from sender.run import BATCH, Mailer

MOST_HINTS = 200  # at once for what became ready by itself: 100,000 messages


class Engine(Protocol):
    """What the worker asks of it, from one thread at a time; stop() may be called from any."""

    def keep_up(self) -> None:
        """See that whoever is to send here runs. Called at each tick, whoever ticks."""

    def announce(self, session: Session, queued: int) -> None:
        """So many deliveries are queued in this transaction: with its commit, senders hear of it."""

    def send(self, now: datetime) -> Counter[str]:
        """Called by the ticker: let be sent whatever is ready, however it became so. Returns what came of it,
        as far as that is known already.
        """

    def tidy(self) -> Counter[str]:
        """Called by the ticker once a minute: clear away what processes that died have left."""

    def stop(self) -> None:
        """Begin to end: what is on its way is finished, what is claimed given back."""

    def close(self, patience: float) -> bool:
        """Wait until all has ended, for so many seconds. False: something had to be left to the ledger."""


def engine_of(installation: Installation) -> Engine:
    """The engine for this database. Raises CourseletterError where it could not send at all."""
    installation.dkim_keys()  # a process of our own could only say so in the log, again and again
    settings = installation.settings
    connections = min(relay.connections for relay in settings.routes.values())  # each process needs one
    most = min(settings.sender.processes, connections)
    processes = Processes(installation.outfit(most), most)
    if installation.database.is_sqlite:
        return Children(installation.database, processes)
    return Node(installation.database, processes)


class InProcess:
    """Sends within the tick, for the demo, whose clock no other process could see move."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def keep_up(self) -> None:
        pass

    def announce(self, session: Session, queued: int) -> None:
        pass

    def send(self, now: datetime) -> Counter[str]:  # noqa: ARG002 - the mailer reads the same clock
        return self._mailer.send()

    def tidy(self) -> Counter[str]:
        return Counter()

    def stop(self) -> None:
        self._mailer.stop()

    def close(self, patience: float) -> bool:  # noqa: ARG002 - the mailer has its own
        self._mailer.close()
        return True


class Children:
    """SQLite: the ticking process has children, as many as there is work for, and nudges them."""

    def __init__(self, database: Database, processes: Processes) -> None:
        self._database = database
        self._processes = processes

    def keep_up(self) -> None:
        pass  # a child that has died is replaced when there is work for it

    def announce(self, session: Session, queued: int) -> None:
        event.listen(session, "after_commit", lambda _: self._nudge(queued), once=True)

    def send(self, now: datetime) -> Counter[str]:
        with self._database.read() as session:
            ready = count_ready(session, now, MOST_HINTS * BATCH)
        if ready:
            self._nudge(ready)
        return Counter()

    def tidy(self) -> Counter[str]:
        return Counter()

    def stop(self) -> None:
        self._processes.stop()

    def close(self, patience: float) -> bool:
        return self._processes.close(patience)

    def _nudge(self, ready: int) -> None:
        self._processes.run(_batches(ready))
        self._processes.nudge()


class Node:
    """PostgreSQL: each node has its children all the time; they hear of jobs through Procrastinate."""

    def __init__(self, database: Database, processes: Processes) -> None:
        from courseletter import jobs  # on SQLite nobody pays for it

        jobs.check(database)
        self._database = database
        self._processes = processes
        self._jobs = jobs.Jobs(database)

    def keep_up(self) -> None:
        self._processes.run(self._processes.most)

    def announce(self, session: Session, queued: int) -> None:
        self._jobs.defer(session, _batches(queued))

    def send(self, now: datetime) -> Counter[str]:
        """Defer what jobs are missing. No queueing lock: a refused INSERT would undo its transaction."""
        with self._database.write() as session:
            ready = count_ready(session, now, MOST_HINTS * BATCH)
            missing = _batches(ready) - self._jobs.waiting(session) if ready else 0
            if missing > 0:
                self._jobs.defer(session, missing)
        return Counter()

    def tidy(self) -> Counter[str]:
        return +Counter({"jobs of dead nodes cleared away": self._jobs.sweep()})

    def stop(self) -> None:
        self._processes.stop()

    def close(self, patience: float) -> bool:
        return self._processes.close(patience)


def _batches(deliveries: int) -> int:
    return math.ceil(deliveries / BATCH)
