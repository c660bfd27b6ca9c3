"""What `serve` and `worker` have in common: a worker that runs until the process is told to end."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from courseletter.engine import engine_of
from courseletter.installation import Installation
from courseletter.logs import log, log_to_stderr
from courseletter.role import role_of
from courseletter.worker import TICK_SECONDS, Worker


@contextmanager
def until_told_to_end() -> Iterator[None]:
    """A block that SIGTERM ends as Ctrl+C does, and without a trace."""
    log_to_stderr()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        log.info("ended")


@contextmanager
def working(opened: Installation, seconds: float = TICK_SECONDS) -> Iterator[None]:
    """Tick every so many seconds and send while the block lasts, then let what is on its way finish."""
    worker = Worker(opened, engine_of(opened), role_of(opened.database))
    try:
        worker.start(seconds)
        yield
    finally:
        if not worker.stop():
            log.warning("not all has ended in time; it is left to the ledger, which knows how far it came")
            sys.stdout.flush()
            os._exit(0)  # the interpreter would wait for threads that wait
