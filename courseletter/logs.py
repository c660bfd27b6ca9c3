"""What long-running processes write to standard error: a line for each thing that happened."""

import logging
from collections import Counter
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

log = logging.getLogger("courseletter")


def log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that takes longer is no news
    logging.getLogger("procrastinate").setLevel(logging.WARNING)


def told(act: Callable[[], Counter[str]]) -> Counter[str]:
    """Act, and log what came of it. What goes wrong is logged and tried again at the next occasion."""
    try:
        counts = act()
    except DBAPIError as error:  # the database may be down for a minute
        reason = str(error.orig).partition("\n")[0]
        log.error("the database cannot be used: %s; the next tick tries again", reason)
    except Exception:
        log.exception("this failed; the next tick tries again")
    else:
        if counts:
            log.info("%s", ", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
        return counts
    return Counter()
