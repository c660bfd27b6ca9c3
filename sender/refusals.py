"""The send's breaker: a course whose messages are refused for what they are is paused for a person.

Only refusals write. What a sender saw accepted since its last refusal is written along with the next.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaigns.models import Course
from courseletter.database import Database
from sender import events
from sender.claiming import Claim
from sender.models import Reception
from sender.replies import Outcome, Verdict
from sender.stopping import stop_course

IN_A_ROW: Final = 10
OF_LATE: Final = 200
MOST_REFUSED: Final = 0.05 * OF_LATE  # of the last 200, be there fewer

log = logging.getLogger(__name__)


def is_unwelcome(recent: str) -> bool:
    """Whether a send must stop, by how its last messages were received: `a` taken, `r` refused. Pure."""
    return recent.endswith("r" * IN_A_ROW) or recent.count("r") > MOST_REFUSED


class Watch:
    """What one sender has seen of each course's reception since it last wrote it down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._taken: Counter[str] = Counter()
        self._refused: dict[str, list[str]] = {}  # with what words

    def saw(self, ended: Mapping[Claim, Verdict]) -> bool:
        """Take in how messages were received. Returns whether there is something to write down."""
        for claim, verdict in ended.items():
            if verdict.outcome is Outcome.ACCEPTED:
                self._taken[claim.course_id] += 1
            elif verdict.policy:
                self._refused.setdefault(claim.course_id, []).append(verdict.reason)
        return bool(self._refused)

    def write_down(self, now: datetime) -> None:
        """Tell all senders of the refusals, and pause a course whose messages are unwelcome.

        A database that will not have them is no reason to stop: the next refusals tell it.
        """
        refused, self._refused = self._refused, {}
        for course_id, reasons in refused.items():
            signs = "a" * min(self._taken.pop(course_id, 0), OF_LATE) + "r" * len(reasons)
            try:
                with self._database.write() as session:
                    _note(session, course_id, signs, reasons[-1], now)
            except DBAPIError as error:
                log.warning("refusals of %s are not counted: %s", course_id, str(error.orig).strip())


def _note(session: Session, course_id: str, signs: str, reason: str, now: datetime) -> None:
    course = session.get_one(
        Course, course_id, with_for_update=True
    )  # one at a time, see bounces/complaints.py
    row = session.get(Reception, course_id)
    if row is None:
        row = Reception(course_id=course_id, recent="")
        session.add(row)
    row.recent = (row.recent + signs)[-OF_LATE:]
    if not is_unwelcome(row.recent):
        return
    refused, of_late = row.recent.count("r"), len(row.recent)
    row.recent = ""  # whoever resumes the course gives it a new chance
    why = f"{refused} of its last {of_late} messages were refused, at last with: {reason}"
    if stop_course(session, course, why, now):
        events.record(session, "refusals_paused", now, course=course, why=why)
        log.error("course %s is paused: %s", course.slug, why)
