"""The clockwork of a running installation: APScheduler's ticks. It decides nothing; the sender does.

In memory only: the database knows what is due, so a tick that is missed or doubled changes nothing (DESIGN:
never one job a subscriber, never a shared job store). Of several processes one ticks (courseletter/role.py);
what is ready then travels through the engine.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Lock

from apscheduler.schedulers.background import BackgroundScheduler

from courseletter import acts, lists, uploads
from courseletter.engine import Engine
from courseletter.installation import Installation
from courseletter.logs import log, told
from courseletter.role import Role
from sender.doctor.lookups import Dns
from sender.instance import recognise
from sender.newsletters import digesting
from sender.newsletters.writing import send_due
from sender.planning import tick
from sender.results import bring_up_to_date
from sender.sweeping import sweep
from sender.switching import carry_on
from sender.triggering import pull
from subscribers import custom_fields

TICK_SECONDS = 5
MINUTE = 60  # between two looks whether the database is still the one we know
COUNT_SECONDS = 5 * 60  # between two counts of the results
LATE_SECONDS = 30  # a tick delayed by less than this still runs, once
HOUR = 3600  # between two visits of the doctor
TICK_PATIENCE = 3  # seconds that a tick under way gets when the process is told to end
PATIENCE = 25  # and what is being sent: 30 with that of the pages (REQUIREMENTS 28)


class Worker:
    """Ticks every few seconds on a thread of its own, from start() to stop()."""

    def __init__(self, installation: Installation, engine: Engine, role: Role) -> None:
        self._installation = installation
        self._engine = engine
        self._role = role
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._one_at_a_time = Lock()

    def start(self, seconds: float = TICK_SECONDS) -> None:
        self._beat()  # before the first tick: a copy of the database must send nothing
        with self._one_at_a_time:
            self._engine.keep_up()
        minutely = (self._beat, self._tidy, self._carry_on, self._pull, self._digest)
        acts = (
            (self._tick, seconds),
            *((one, MINUTE) for one in minutely),
            (self._examine, HOUR),
            (self._count, COUNT_SECONDS),
        )
        for act, every in acts:
            self._scheduler.add_job(
                act,
                "interval",
                seconds=every,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=LATE_SECONDS,
            )
        self._scheduler.start()

    def stop(self, patience: float = PATIENCE) -> bool:
        """Let what is on its way finish, then end; what is claimed is given back.

        False: something did not end in time. It is in the ledger, and the process may end as if it crashed.
        """
        if self._scheduler.running:
            self._scheduler.pause()
        self._engine.stop()
        ended = self._one_at_a_time.acquire(timeout=TICK_PATIENCE)
        if ended:
            ended = self._engine.close(patience)
            self._role.release()
            self._one_at_a_time.release()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=ended)
        return ended

    def tick(self) -> Counter[str]:
        """Do now what a tick does, if it is us who tick. Returns what became of the enrolments."""
        with self._one_at_a_time:
            self._engine.keep_up()
            if not self._role.held():
                return Counter()
            opened, now = self._installation, self._installation.clock.now()
            planned = tick(opened.database, now, self._engine.announce)
            planned += send_due(opened.database, now, self._engine.announce)
            sweep(opened.database, now, opened.settings.sender.unknown)
            return planned + self._engine.send(now)

    def _tick(self) -> None:
        told(self.tick)

    def _tidy(self) -> None:
        told(self._tidied)

    def _tidied(self) -> Counter[str]:
        with self._one_at_a_time:
            return self._engine.tidy() if self._role.held() else Counter()

    def _carry_on(self) -> None:
        """Finish publishes, imports and acts upon many whose process has ended half-way, and forget what
        fields said that were removed long ago. What cannot be finished stops none of the others.
        """
        opened = self._installation
        left: dict[str, Callable[[], int]] = {
            "publishes finished": lambda: carry_on(opened.database, opened.clock),
            "imports finished": lambda: lists.carry_on(opened),
            "acts finished": lambda: acts.carry_on(opened),
            "fields forgotten": lambda: custom_fields.purge(opened.database, opened.clock.now()),
        }
        for what, finish in left.items():
            told(partial(_counted, what, finish))
        uploads.tidy(opened)

    def _is_ours(self) -> bool:
        """Whether it is us who tick; for what takes so long that it must hold up no tick."""
        with self._one_at_a_time:
            return self._role.held()

    def _count(self) -> None:
        told(self.count)

    def count(self) -> Counter[str]:
        """Bring the results up to date, if it is us who tick: it reads a day's mail."""
        if not self._is_ours():
            return Counter()
        opened = self._installation
        keep = timedelta(days=opened.settings.clicks.keep_days)
        return bring_up_to_date(opened.database, opened.clock.now(), keep)

    def _examine(self) -> None:
        told(self._examined)

    def _examined(self) -> Counter[str]:
        """Look whether mail providers will believe us. It takes a while."""
        if not self._is_ours():
            return Counter()
        why = self._installation.note(list(self._installation.examine(Dns())))
        if why is not None:
            log.warning("no mail is sent: %s See `courseletter doctor`.", why)
        return Counter()

    def _pull(self) -> None:
        told(self.pull)

    def pull(self) -> Counter[str]:
        """Let tags and finished courses lead people on, if it is us who tick: they may be a whole list."""
        if not self._is_ours():
            return Counter()
        opened = self._installation
        return pull(opened.database, opened.clock.now(), opened.settings.key)

    def _digest(self) -> None:
        told(self.digest)

    def digest(self) -> Counter[str]:
        """Look at the feeds that are due, if it is us who tick: one may be slow."""
        if not self._is_ours():
            return Counter()
        opened = self._installation
        now, key = opened.clock.now(), opened.settings.key
        return digesting.look(opened.database, opened.brands, opened.fetcher, key, now)

    def _beat(self) -> None:
        opened = self._installation
        why = recognise(opened.database, opened.settings.home, opened.clock.now())
        if why is not None:
            log.warning("no mail is sent: %s. Look, then run `courseletter db release`.", why)


def _counted(what: str, finish: Callable[[], int]) -> Counter[str]:
    return +Counter({what: finish()})  # none: nothing to tell
