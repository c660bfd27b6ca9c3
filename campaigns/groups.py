"""Enrolments grouped by what a change of the revision looks at, so that each group is computed once.

A million learners share a few thousand histories and moments. The database counts the groups; of each only
one enrolment comes to Python.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from campaigns.enrolling import STANDING, profile_value, read_standing
from campaigns.models import Enrolment, ProfileRecord, ProgressRecord
from campaigns.moving import Member
from campaigns.schedule import Profile, Progress

Key = tuple[Any, ...]

_BATCH = 1_000  # enrolments read at once


@dataclass(frozen=True, slots=True)
class Group:
    """Enrolments of one course and revision that have one future, and the first of them."""

    key: Key
    first: int
    size: int


def keyed(dialect: str, course_id: str) -> Select[*tuple[Any, ...]]:
    """The course's enrolments: id, subscriber and the columns of the key. Equal keys have equal futures.

    The key is short and mostly NULL, since the database sorts by it. Left out is what follows from the rest:
    the next lesson from the progress, its planned moment from that and the anchor.
    """
    pack = func.jsonb_build_array if dialect == "postgresql" else func.json_array
    usual = and_(
        Enrolment.queued_lesson.is_(None),
        Enrolment.paused_until.is_(None),
        Enrolment.held_until.is_(None),
        Enrolment.rebase.is_(False),
        Enrolment.failures == 0,
        Enrolment.anchor_at.is_not(None),
        or_(Enrolment.due_at.is_not(None), Enrolment.state != "active"),
        Enrolment.reopened == literal([], Enrolment.reopened.type),
    )
    unusual = pack(
        Enrolment.queued_lesson,
        Enrolment.paused_until,
        Enrolment.held_until,
        Enrolment.rebase,
        Enrolment.failures,
        case((Enrolment.anchor_at.is_(None), Enrolment.joined_at)),  # counts until there is an anchor
        Enrolment.due_at,
        Enrolment.reopened,
    )
    key: list[ColumnElement[Any]] = [
        Enrolment.profile_id.expression,
        Enrolment.progress_id.expression,
        Enrolment.state.expression,
        Enrolment.joined_in.expression,
        Enrolment.completed_in.expression,
        Enrolment.anchor_at.expression,
        func.nullif(Enrolment.last_at, Enrolment.anchor_at),
        func.nullif(Enrolment.due_at, Enrolment.planned_at),
        case((usual, None), else_=cast(unusual, String)),
    ]
    # Only compared, never read: as the driver gives them, without the types' own work.
    raw = [type_coerce(column, NullType()).label(f"key_{place}") for place, column in enumerate(key)]
    return select(Enrolment.id, Enrolment.subscriber_id, *raw).where(Enrolment.course_id == course_id)


def counted(session: Session, dialect: str, course_id: str) -> list[Group]:
    """All groups of a course."""
    rows = keyed(dialect, course_id).subquery()
    key = [column for column in rows.c if column.name.startswith("key_")]
    counting = select(func.min(rows.c.id), func.count(), *key).group_by(*key)
    return [
        Group(tuple(values), first, size) for first, size, *values in session.connection().execute(counting)
    ]


class Members:
    """Reads enrolments as values. What they share (progress, profile) is read and decoded once."""

    def __init__(self, session: Session) -> None:
        self._session, self._connection = session, session.connection()
        self._progress: dict[int, Progress] = {}
        self._profiles: dict[int, Profile] = {}

    def read(self, ids: Sequence[int]) -> Iterator[Member]:
        """The enrolments with these ids, in no particular order."""
        waiting = iter(ids)
        while batch := list(islice(waiting, _BATCH)):
            rows = self._connection.execute(select(*_COLUMNS).where(Enrolment.id.in_(batch))).all()
            self._learn({row.progress_id for row in rows}, {row.profile_id for row in rows})
            for row in rows:
                standing = read_standing(row, self._progress[row.progress_id])
                yield Member(row.id, standing, self._profiles[row.profile_id])

    def _learn(self, progress: set[int], profiles: set[int]) -> None:
        unknown = select(ProgressRecord).where(ProgressRecord.id.in_(progress - self._progress.keys()))
        for record in self._session.scalars(unknown):
            self._progress[record.id] = Progress.from_json(record.payload)
        strange = select(ProfileRecord).where(ProfileRecord.id.in_(profiles - self._profiles.keys()))
        for profile in self._session.scalars(strange):
            self._profiles[profile.id] = profile_value(profile)


_COLUMNS = (Enrolment.id, Enrolment.profile_id, Enrolment.joined_at, Enrolment.reopened, *STANDING)
