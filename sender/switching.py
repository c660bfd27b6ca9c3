"""A course with people under way goes over to another revision: ticked once, held, moved, released (S18).

The tick is why this stands above campaigns/: who is due now gets what was promised.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaigns import history, outlook, publishing
from campaigns.applying import Applying, Moved
from campaigns.drafting import find_course
from campaigns.models import Course, Publish, Revision
from campaigns.moving import Choices
from campaigns.outlook import Outlook
from campaigns.plans import Plan
from courseletter.clock import Clock
from courseletter.database import Database
from courseletter.errors import InvalidInput
from sender.planning import tick
from templates.brand import Brand

ABANDONED = timedelta(seconds=30)  # without a chunk: who applied the publish has ended

log = logging.getLogger(__name__)

Watch = Callable[[Moved], None]


class Drifted(InvalidInput):
    """What was confirmed is no longer what would happen. `plan` is the new one."""

    def __init__(self, plan: Plan) -> None:
        why = "People moved on, or the draft was changed, while you read the plan."
        super().__init__(f"{why} Look at the new one.", field="course")
        self.plan = plan


class Target(Protocol):
    """What a course is to go over to."""

    def outlook(self, session: Session, course: Course, now: datetime) -> Outlook: ...
    def put_in_force(self, session: Session, course: Course, now: datetime) -> Revision: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """The course's draft, with the marketer's choices for those whom its edits lie behind."""

    brand: Brand
    choices: Choices = field(default_factory=Choices)
    author: str = ""  # who publishes it, by name
    note: str = ""  # and what they say of it

    def outlook(self, session: Session, course: Course, now: datetime) -> Outlook:
        return outlook.of_draft(session, course, self.brand, now, self.choices)

    def put_in_force(self, session: Session, course: Course, now: datetime) -> Revision:
        return publishing.publish(
            session, course, self.brand, now, self.choices, author=self.author, note=self.note
        )


@dataclass(frozen=True, slots=True)
class Former:
    """A former revision, by its number."""

    number: int

    def outlook(self, session: Session, course: Course, now: datetime) -> Outlook:
        return outlook.of_former(session, course, self.number, now)

    def put_in_force(self, session: Session, course: Course, now: datetime) -> Revision:
        return publishing.roll_back(session, course, self.number, now)


def plan(database: Database, course: str, target: Target, now: datetime) -> Plan:
    """What going over would do. Changes nothing."""
    with database.read() as session:
        return target.outlook(session, find_course(session, course), now).plan(session)


def begin(
    database: Database, course: str, target: Target, now: datetime, *, confirmed: str | None = None
) -> Applying | None:
    """Put the target in force and hold the course's ticks. Returns who moves its people; None: no need.

    Raises Drifted where the plan is no longer the one whose fingerprint was `confirmed`, and whatever
    `target` does; then nothing has happened but a tick.
    """
    with database.read() as session:
        course_id = find_course(session, course).id
    # Nobody is told of what this queues: the worker's next beat finds it.
    tick(database, now, course_id=course_id)
    # Before anything is written, for the checks take a while; what they find is remembered.
    again = plan(database, course_id, target, now)
    if confirmed is not None and again.fingerprint != confirmed:
        raise Drifted(again)
    with database.write() as session:
        target.put_in_force(session, session.get_one(Course, course_id), now)
        publish = history.unfinished(session, course_id)
    return Applying(database, publish.id) if publish is not None else None


def carry_on(database: Database, clock: Clock, course: str | None = None, watch: Watch | None = None) -> int:
    """Finish what was left unfinished, in one course or wherever nobody is at it any more.

    Returns how many publishes that were.
    """
    left = select(Publish.id).where(Publish.finished_at.is_(None))
    with database.read() as session:
        if course is not None:
            left = left.where(Publish.course_id == find_course(session, course).id)
        else:
            left = left.where(Publish.touched_at < clock.now() - ABANDONED)
        found = session.scalars(left).all()
    finished = 0
    for publish_id in found:
        try:
            Applying(database, publish_id).run(clock, watch)
        except DBAPIError:
            raise  # the database is in trouble, not the publish: the next minute tries again
        except Exception:  # it stops no other (REQUIREMENTS 27)
            if course is not None:
                raise
            log.exception("publish %s cannot be finished; the next minute tries again", publish_id)
        else:
            finished += 1
    return finished
