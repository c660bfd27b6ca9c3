"""One process of a sender, for the crash tests to kill, to stop and to starve.

It is set up by the environment, as an installation is, and works until nothing is left to do at the clock's
moment, or until the test has gone.
"""

import logging
from datetime import datetime
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path

from faults.shared_clock import SharedClock
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaigns.models import Enrolment
from courseletter import config
from courseletter.installation import open_installation
from sender.models import Delivery, State
from sender.planning import tick

LEASED = (State.CLAIMED, State.IN_DOUBT)
PAUSE = 0.02  # seconds between two turns at most: another process has to do something first

log = logging.getLogger(__name__)


def work(clock_path: Path, *roles: str) -> None:
    """Plan (`tick`), send (`send`), or both."""
    logging.basicConfig(level="WARNING", format="%(levelname)s %(message)s")
    clock = SharedClock(clock_path)
    installation = open_installation(config.load(), clock)
    mailer = installation.mailer()
    test = parent_process()
    assert test is not None
    working = True
    while working and not wait([test.sentinel], PAUSE):
        try:
            if "tick" in roles:
                tick(installation.database, clock.now())
            if "send" in roles:
                mailer.work()
            with installation.database.read() as session:
                working = is_work_left(session, clock.now())
        except DBAPIError as error:  # as courseletter/worker.py does: the next turn tries again
            log.error("the database cannot be used: %s", str(error.orig).partition("\n")[0])
    mailer.close()


def is_work_left(session: Session, now: datetime) -> bool:
    """Whether there is anything to plan, to send or to sweep at this moment."""
    due = exists().where(
        Enrolment.state == "active", Enrolment.due_at <= now, Enrolment.queued_lesson.is_(None)
    )
    ready = and_(Delivery.state.in_((State.READY, State.DEFERRED)), Delivery.due_at <= now)
    over = and_(Delivery.state.in_(LEASED), Delivery.lease_until <= now)
    return session.scalar(select(or_(due, exists().where(or_(ready, over))))) or False
