"""What takes reports in while the installation runs: the bounce listener, and looks into the mailbox."""

import logging
import threading
from collections import Counter
from contextlib import ExitStack
from typing import Self

from courseletter.errors import CourseletterError
from courseletter.installation import Installation
from sender.bounces.intake import Intake
from sender.bounces.mailboxes import Mailbox
from sender.bounces.recording import Effect
from sender.instance import recognise

log = logging.getLogger(__name__)


class Mailroom:
    """Open from __enter__ to __exit__; without settings for it, it does nothing."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._intake = installation.intake()
        self._listener = installation.bounce_listener(self._intake)
        self._mailbox = installation.bounce_mailbox()
        self._seconds = 60 * installation.settings.mailbox.minutes
        self._closing = threading.Event()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._listener is not None:
            self._open.enter_context(self._listener)
        if self._mailbox is not None:
            looking = threading.Thread(target=self._look, args=(self._mailbox,), name="mailbox", daemon=True)
            looking.start()
        return self

    def __exit__(self, *exc: object) -> None:
        # A look under way is not waited for: what it has not deleted, the next process reads again.
        self._closing.set()
        self._open.close()

    def _look(self, mailbox: Mailbox) -> None:
        while not self._closing.is_set():
            look_once(self._installation, mailbox, self._intake)
            self._closing.wait(self._seconds)


def poll(installation: Installation, mailbox: Mailbox, intake: Intake) -> Counter[Effect]:
    """Take in what is new. A copy of the database must not: it would delete what the original waits for.

    Raises CourseletterError where the mailbox cannot be read, or sends are held.
    """
    why = recognise(installation.database, installation.settings.home, installation.clock.now())
    if why is not None:
        hint = "Look, then run `courseletter db release`."
        raise CourseletterError(f"The bounce mailbox is left alone: {why}. {hint}")
    return mailbox.poll(intake)


def look_once(installation: Installation, mailbox: Mailbox, intake: Intake) -> None:
    """Poll, and log what came of it: the next look is in a few minutes, whatever happens in this one."""
    try:
        effects = poll(installation, mailbox, intake)
    except CourseletterError as error:
        log.warning("%s", error)
    except Exception:  # the database may be down for a minute
        log.exception("the bounce mailbox was not read to its end; the next look goes on")
    else:
        if effects:
            log.info("bounce mailbox: %s", dict(effects))
