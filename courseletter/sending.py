"""A process that sends, a child of courseletter/processes.py: `python -m courseletter.sending`.

Its standard input is its parent: first comes how to send (sender/outfit.py), then an octet whenever something
is ready, and the end when the parent has gone. Then, and on SIGTERM, what is on its way is finished, and what
is claimed is given back (REQUIREMENTS 28).
"""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread, Timer

from courseletter.clock import SystemClock
from courseletter.database import SENDING_CACHE, Database
from courseletter.logs import log, log_to_stderr, told
from courseletter.settling import settle_down
from sender.outfit import Outfit
from sender.run import PATIENCE, Mailer


def main() -> None:
    """Send until the parent has gone."""
    log_to_stderr()
    outfit: Outfit = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    database = Database(outfit.database, cache=SENDING_CACHE)
    mailer = outfit.mailer(database, SystemClock())
    settle_down()
    if database.is_sqlite:
        follow_nudges(mailer)
    else:
        asyncio.run(follow_jobs(database, mailer))
    mailer.close()
    database.close()


def follow_nudges(mailer: Mailer) -> None:
    life = Life(mailer.stop)
    while life.goes_on():
        while told(mailer.send):
            pass


async def follow_jobs(database: Database, mailer: Mailer) -> None:
    from courseletter import jobs  # on SQLite nobody pays for it

    loop = asyncio.get_running_loop()
    following = loop.create_task(jobs.run_jobs(database, lambda: told(mailer.send_batch)))

    def end() -> None:
        mailer.stop()
        loop.call_soon_threadsafe(following.cancel)

    Life(end)
    with suppress(asyncio.CancelledError):
        await following


class Life:
    """From the start until the parent has gone or SIGTERM comes; in between the parent may nudge."""

    def __init__(self, on_end: Callable[[], object]) -> None:
        self._on_end = on_end
        self._over = False
        self._news: SimpleQueue[None] = SimpleQueue()  # unlike an Event, a signal's handler may use it
        self._news.put(None)  # a nudge may have been read along with how to send
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        Thread(target=self._listen, name="parent", daemon=True).start()

    def goes_on(self) -> bool:
        """Wait for the parent's next nudge. False: it is over."""
        self._news.get()
        return not self._over

    def _listen(self) -> None:
        while os.read(sys.stdin.fileno(), 4096):
            self._news.put(None)
        self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            last = Timer(PATIENCE + 2, _leave)
            last.daemon = True
            last.start()
            self._on_end()
            self._news.put(None)


def _leave() -> None:
    """End at once: something does not let go, and nobody may be there to end us."""
    log.warning("the relay is silent; its message is left to the ledger, which knows how far it came")
    os._exit(1)


if __name__ == "__main__":
    main()
