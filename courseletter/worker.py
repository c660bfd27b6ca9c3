"""The clockwork of a running installation: APScheduler's ticks. It decides nothing; the sender does.

One tick at a time and in memory only: the database knows what is due, so a tick that is missed or doubled
changes nothing (DESIGN: never one job a subscriber, never a shared job store).
"""

import logging
from collections import Counter
from threading import Lock

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import DBAPIError

from courseletter.installation import Installation
from sender.instance import recognise
from sender.planning import tick
from sender.run import Mailer

TICK_SECONDS = 5
BEAT_SECONDS = 60  # between two looks whether the database is still the one we know
LATE_SECONDS = 30  # a tick delayed by less than this still runs, once

log = logging.getLogger(__name__)


def work_once(installation: Installation, mailer: Mailer) -> Counter[str]:
    """Promote what is due and send what is ready. Returns the counts of both."""
    planned = tick(installation.database, installation.clock.now())
    return planned + mailer.work()


class Worker:
    """Runs `work_once` every few seconds on a thread of its own, from start() to stop()."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._mailer = installation.mailer()
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._one_at_a_time = Lock()

    def start(self, seconds: float = TICK_SECONDS) -> None:
        self._beat()  # before the first tick: a copy of the database must send nothing
        for act, every in ((self._tick, seconds), (self._beat, BEAT_SECONDS)):
            self._scheduler.add_job(
                act,
                "interval",
                seconds=every,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=LATE_SECONDS,
            )
        self._scheduler.start()

    def stop(self, patience: float = -1) -> bool:
        """Let the message under way finish, then end; what is claimed is given back.

        False: a relay kept silent for `patience` seconds (negative: wait for as long as SMTP allows). Its
        message is in the ledger, and the process may end as if it had crashed.
        """
        self._mailer.stop()
        ended = self._one_at_a_time.acquire(timeout=patience)
        if ended:
            self._mailer.close()
            self._one_at_a_time.release()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=ended)
        return ended

    def tick(self) -> Counter[str]:
        """Do now what a tick does. Ticks never overlap: the mailer's connection serves one at a time."""
        with self._one_at_a_time:
            return work_once(self._installation, self._mailer)

    def _tick(self) -> None:
        try:
            counts = self.tick()
        except DBAPIError as error:  # the database may be down for a minute
            reason = str(error.orig).partition("\n")[0]
            log.error("the database cannot be used: %s; the next tick tries again", reason)
        except Exception:
            log.exception("a tick failed; the next one tries again")
        else:
            if counts:
                log.info("%s", ", ".join(f"{number} {outcome}" for outcome, number in counts.items()))

    def _beat(self) -> None:
        opened = self._installation
        why = recognise(opened.database, opened.settings.home, opened.clock.now())
        if why is not None:
            log.warning("no mail is sent: %s. Look, then run `courseletter db release`.", why)
