"""Moves the people of a course to the revision that was put in force, a chunk a transaction.

Each enrolment says which revision it lives by, so at every moment it is wholly in one. Who was not moved yet
has the lessons and moments of the one before, for every wish and every answer of a relay, and gets nothing:
the tick leaves the course alone until all are moved (S18). A process that ends between two chunks leaves a
cursor; any other goes on from there, and two at once take turns.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, Row, Update, bindparam, func, select, update
from sqlalchemy.orm import Session

from campaigns.enrolling import intern_progress
from campaigns.groups import Key, Members, keyed
from campaigns.history import move_of
from campaigns.models import Enrolment, Publish
from campaigns.moving import moved_or_none
from campaigns.schedule import Progress
from campaigns.standing import Standing
from courseletter.bulk import Rows, dialect_of
from courseletter.clock import Clock
from courseletter.database import Database

CHUNK = 3_000  # enrolments a transaction
LOOKED_THROUGH = 150_000  # subscribers, for who was passed over
MOST_GROUPS = 60  # different futures in one, so that it stays short also where few are alike
_MOST_KEPT = 50_000  # futures remembered from chunk to chunk


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a publish has got: `moved` of about `people` enrolments live by its revision."""

    people: int
    moved: int
    finished: bool


class Applying:
    """One publish, being applied, `size` enrolments a transaction."""

    def __init__(self, database: Database, publish_id: int, size: int = CHUNK) -> None:
        self._database, self._publish_id, self._size = database, publish_id, size
        with database.read() as session:
            publish = session.get_one(Publish, publish_id)
            self._course_id, self._after_id, self._at = publish.course_id, publish.after_id, publish.at
            self._move = move_of(session, publish)
            everybody = select(func.count()).where(Enrolment.course_id == self._course_id)
            self._people = session.scalars(everybody).one()
        self._futures: dict[Key, dict[str, Any] | None] = {}  # None: it cannot be dated
        self._progress: dict[Progress, int] = {}
        self._seen = 0  # nobody up to this subscriber has been passed over

    def run(self, clock: Clock, watch: Callable[[Moved], None] | None = None) -> Moved:
        """Move everybody, chunk by chunk, and release the course. `watch` is told after each chunk."""
        while True:
            moved = self.chunk(clock.now())
            if watch is not None:
                watch(moved)
            if moved.finished:
                return moved

    def chunk(self, now: datetime) -> Moved:
        """Move the next people in one transaction; when nobody comes next, look for who was passed over.

        What comes next is computed before, so that nothing is locked meanwhile. Who changes in between is
        passed over, and so is who is locked by somebody else: to wait for them with thousands of others in
        hand would be to wait in a circle. They are found when the others are done.
        """
        self._learn()
        with self._database.write() as session:
            publish = session.get_one(Publish, self._publish_id, with_for_update=True)
            rows = [] if publish.finished_at else self._next(session, publish.cursor, locked=True)
            if rows:
                publish.moved += self._carry(session, rows)
                publish.cursor, publish.touched_at = rows[-1].subscriber_id, now
                publish.people = self._people
            told = Moved(publish.people, publish.moved, publish.finished_at is not None)
        return told if rows or told.finished else self._look_back(now)

    def _next(self, session: Session, cursor: int, *, locked: bool = False) -> Sequence[Row[Any]]:
        """Those who come next, as many as fall into few enough groups."""
        wanted = (
            keyed(dialect_of(session), self._course_id)
            .where(Enrolment.revision_id != self._after_id, Enrolment.subscriber_id > cursor)
            .order_by(Enrolment.subscriber_id)
            .limit(self._size)
        )
        if locked:
            wanted = wanted.with_for_update(skip_locked=True)
        found = session.connection().execute(wanted).all()
        keys = set()
        for place, row in enumerate(found):
            keys.add(_key(row))
            if len(keys) > MOST_GROUPS:
                return found[:place]
        return found

    def _learn(self) -> None:
        """Compute what comes next for those groups of the next people that were not met before."""
        if len(self._futures) > _MOST_KEPT:
            self._futures.clear()
        with self._database.read() as session:
            rows = self._next(session, session.get_one(Publish, self._publish_id).cursor)
            unknown = {row.id: key for row in reversed(rows) if (key := _key(row)) not in self._futures}
            firsts = {key: enrolment for enrolment, key in unknown.items()}
            learned = {
                unknown[member.enrolment_id]: moved_or_none(self._move, member, self._at)
                for member in Members(session).read(list(firsts.values()))
            }
        if learned:
            with self._database.write() as session:
                for key, after in learned.items():
                    self._futures[key] = None if after is None else self._values(session, after)

    def _carry(self, session: Session, rows: Sequence[Row[Any]]) -> int:
        """Give each the standing that its group was found to have. Returns how many were moved."""
        alike: defaultdict[Key, list[int]] = defaultdict(list)
        for row in rows:
            if _key(row) in self._futures:
                alike[_key(row)].append(row.id)
        moving, carrying, holding = _statements(dialect_of(session))
        connection = session.connection()
        for key, ids in alike.items():
            future = self._futures[key]
            values = {"after": self._after_id, **moving.parameters([[one] for one in ids])}
            if future is None:
                connection.execute(holding, values)
            else:
                connection.execute(carrying, values | future)
        return sum(len(ids) for ids in alike.values())

    def _values(self, session: Session, after: Standing) -> dict[str, Any]:
        progress = self._progress.get(after.progress)
        if progress is None:
            progress = intern_progress(session, self._course_id, after.progress).id
            self._progress[after.progress] = progress
        values = {name: getattr(after, name) for name in _WRITTEN if name != "progress_id"}
        values |= {"progress_id": progress, "reopened": list(after.reopened)}
        return {f"new_{name}": value for name, value in values.items()}

    def _look_back(self, now: datetime) -> Moved:
        """Look through the next many for somebody who was passed over, and go on from there. When all are
        looked through, end the publish and release the course.
        """
        until = self._seen + LOOKED_THROUGH
        here = Enrolment.course_id == self._course_id
        passed_over = select(func.min(Enrolment.subscriber_id)).where(
            here,
            Enrolment.revision_id != self._after_id,
            Enrolment.subscriber_id > self._seen,
            Enrolment.subscriber_id <= until,
        )
        with self._database.read() as session:  # not while others wait to write
            left = session.scalar(passed_over)
            last = session.scalar(select(func.max(Enrolment.subscriber_id)).where(here)) or 0
        with self._database.write() as session:
            publish = session.get_one(Publish, self._publish_id, with_for_update=True)
            publish.touched_at = now
            if left is not None:
                publish.cursor = left - 1
            elif until < last:
                self._seen = until
            else:
                publish.finished_at = publish.finished_at or now
            return Moved(publish.people, publish.moved, publish.finished_at is not None)


def _key(row: Row[Any]) -> Key:
    return tuple(row[2:])


# What a move may change of an enrolment.
_WRITTEN = (
    "state",
    "progress_id",
    "anchor_at",
    "next_lesson",
    "planned_at",
    "due_at",
    "completed_in",
    "reopened",
    "failures",
)


@cache
def _statements(dialect: str) -> tuple[Rows, Update, Update]:
    """For the enrolments of one group: give them their new standing, or hold them."""
    rows = Rows(dialect, "alike", id=Integer())
    moving = update(Enrolment).where(Enrolment.id == rows.id).execution_options(synchronize_session=False)
    columns = {name: getattr(Enrolment, name) for name in _WRITTEN}
    values = {name: bindparam(f"new_{name}", type_=column.type) for name, column in columns.items()}
    after = {"revision_id": bindparam("after", type_=Integer())}
    return rows, moving.values(values | after), moving.values(after | {"due_at": None})
