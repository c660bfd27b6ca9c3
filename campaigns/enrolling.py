"""Enrolments between the tables and the pure schedule: load a place, decide, store it again.

The schedule's values know no database (campaigns/standing.py); a row shares its progress and its profile with
every other row in the same state, so both are interned here.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.cadence import Cadence
from campaigns.models import Course, Enrolment, ProfileRecord, ProgressRecord, Revision
from campaigns.schedule import Profile, Progress, Queued, Step, Timetable, slots_for
from campaigns.standing import Standing, enrolled, future
from courseletter.errors import InvalidInput
from courseletter.upserting import insert
from subscribers.models import Subscriber

# What the schedule reads of an enrolment and writes to it; until the first lesson `joined_at` counts, too.
STANDING = (
    Enrolment.state,
    Enrolment.run,
    Enrolment.progress_id,
    Enrolment.joined_in,
    Enrolment.completed_in,
    Enrolment.anchor_at,
    Enrolment.last_at,
    Enrolment.paused_until,
    Enrolment.held_until,
    Enrolment.rebase,
    Enrolment.next_lesson,
    Enrolment.planned_at,
    Enrolment.due_at,
    Enrolment.queued_lesson,
    Enrolment.queued_by,
    Enrolment.queued_anchor_at,
    Enrolment.queued_last_at,
    Enrolment.failures,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one learner stands in one course, as the schedule sees it."""

    timetable: Timetable
    profile: Profile
    standing: Standing

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which this learner's days are counted."""
        return slots_for(self.timetable, self.profile).zone


def timetable_of(course: Course) -> Timetable:
    """What the revision in force asks. Raises InvalidInput for a course that was never published."""
    if course.revision is None:
        raise InvalidInput(
            f"“{course.title}” is not published yet. Run `courseletter course publish {course.slug}` first."
        )
    return timetable_in(course.revision, paused=course.paused_at is not None)


def timetable_in(revision: Revision, *, paused: bool = False) -> Timetable:
    """What a revision asks."""
    steps = tuple(Step(one.lesson_id, one.gap_days, one.kind == "welcome") for one in revision.lessons)
    return Timetable(revision.zone, steps, Cadence.from_json(revision.cadence), paused, revision.number)


def place_of(session: Session, enrolment: Enrolment) -> Place:  # noqa: ARG001 - relationships load in the session
    """The enrolment's place in the revision that it lives by."""
    return place_in(
        timetable_in(enrolment.revision, paused=enrolment.course.paused_at is not None), enrolment
    )


def place_in(timetable: Timetable, enrolment: Enrolment) -> Place:
    return Place(timetable, profile_value(enrolment.profile), standing_of(enrolment))


def lock(session: Session, enrolment: Enrolment) -> None:
    """Hold the row until the transaction ends, and read it as it stands now.

    Whoever stores a standing that follows from the one before must be alone with it: PostgreSQL lets a tick
    in between the reading and the writing. Always before its deliveries, so that nobody waits in a circle.
    """
    session.flush()  # a refresh forgets what was not written yet
    session.refresh(enrolment, with_for_update=True)


def enrol(session: Session, course: Course, subscriber: Subscriber, now: datetime) -> Enrolment:
    """Give the subscriber a place in the course; who left before continues where they stopped (S17)."""
    # Shared with other sign-ups, but not with the beginning of a publish: whoever comes in has a place in the
    # revision that everybody else is moved to, or is there to be moved.
    session.flush()
    session.refresh(course, with_for_update={"read": True})
    timetable = timetable_of(course)
    enrolment = session.scalar(
        select(Enrolment)
        .filter_by(course_id=course.id, subscriber_id=subscriber.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if enrolment is None:
        profile = Profile(
            subscriber.zone,
            subscriber.minute,
            None if subscriber.weekdays is None else frozenset(subscriber.weekdays),
        )
        enrolment = Enrolment(
            course=course,
            subscriber=subscriber,
            revision_id=course.revision_id,
            joined_at=now,
            profile=_intern_profile(session, profile),
        )
        store(session, enrolment, enrolled(timetable, profile, now))
        session.add(enrolment)
        session.flush()
    elif enrolment.state == "left":
        place = place_of(session, enrolment)
        store(session, enrolment, place.standing.rejoined(timetable, place.profile, now))
    return enrolment


def enrol_many(session: Session, course: Course, people: Sequence[Subscriber], now: datetime) -> None:
    """Give places to people who never had one in the course. All who wish the same share one computation."""
    session.flush()
    session.refresh(course, with_for_update={"read": True})  # as `enrol` does
    timetable = timetable_of(course)
    alike: dict[Profile, list[Subscriber]] = {}
    for one in people:
        weekdays = None if one.weekdays is None else frozenset(one.weekdays)
        alike.setdefault(Profile(one.zone, one.minute, weekdays), []).append(one)
    for profile, group in alike.items():
        first = Enrolment(course=course, revision_id=course.revision_id, joined_at=now)
        with session.no_autoflush:
            store(session, first, enrolled(timetable, profile, now), profile)
        like = {name: getattr(first, name) for name in _COLUMNS}
        like |= {"course_id": course.id, "progress_id": first.progress.id, "profile_id": first.profile.id}
        rows = [{**like, "subscriber_id": one.id} for one in group]
        adding = insert(session, Enrolment)
        session.execute(adding.on_conflict_do_nothing(index_elements=["course_id", "subscriber_id"]), rows)


def calendar(session: Session, enrolment: Enrolment, now: datetime) -> list[tuple[str, datetime]]:
    """The lessons still to come and their moments, if nobody touches anything."""
    place = place_of(session, enrolment)
    return future(place.timetable, place.profile, place.standing, now)


def standing_of(enrolment: Enrolment) -> Standing:
    return read_standing(enrolment, Progress.from_json(enrolment.progress.payload))


def read_standing(row: Any, progress: Progress) -> Standing:
    """The standing of an enrolment, or of a row with its columns, that has this progress."""
    queued = None
    if row.queued_lesson is not None:
        queued = Queued(row.queued_lesson, row.queued_by or "", row.queued_anchor_at, row.queued_last_at)
    return Standing(
        joined_at=row.joined_at,
        state=row.state,
        progress=progress,
        queued=queued,
        paused_until=row.paused_until,
        held_until=row.held_until,
        rebase=row.rebase,
        anchor_at=row.anchor_at,
        last_at=row.last_at,
        next_lesson=row.next_lesson,
        planned_at=row.planned_at,
        due_at=row.due_at,
        joined_in=row.joined_in,
        completed_in=row.completed_in,
        reopened=tuple(row.reopened),
        run=row.run,
        failures=row.failures,
    )


def store(session: Session, row: Enrolment, standing: Standing, profile: Profile | None = None) -> None:
    """Write a standing (and, where it changed, the profile) back to its row."""
    queued = standing.queued
    written: dict[str, Any] = {
        **{name: getattr(standing, name) for name in _PLAIN},
        "reopened": list(standing.reopened),
        "queued_lesson": queued.lesson if queued else None,
        "queued_by": queued.by if queued else None,
        "queued_anchor_at": queued.anchor_at if queued else None,
        "queued_last_at": queued.last_at if queued else None,
    }
    for name, value in written.items():
        if (
            getattr(row, name) != value
        ):  # looking costs half of what setting it, and finding it the same, does
            setattr(row, name, value)
    if row.progress is None or Progress.from_json(row.progress.payload) != standing.progress:
        row.progress = intern_progress(session, row.course.id, standing.progress)
    if profile is not None:
        row.profile = _intern_profile(session, profile)


def progress_after(
    session: Session, sent: Collection[tuple[int, str, str]]
) -> dict[tuple[int, str, str], int]:
    """Where each of these leads: (progress id, lesson sent, by whom) -> id of the progress with its mark."""
    wanted = select(ProgressRecord).where(ProgressRecord.id.in_({before for before, _, _ in sent}))
    records = {row.id: row for row in session.scalars(wanted)}
    made = {}
    for before, lesson, by in sent:
        row = records[before]
        marked = Progress.from_json(row.payload).with_mark(lesson, "sent", by)
        made[before, lesson, by] = _progress_values(row.course_id, marked)
    if not made:
        return {}
    session.execute(insert(session, ProgressRecord).on_conflict_do_nothing(), list(made.values()))
    digests = {values["digest"] for values in made.values()}
    found = session.execute(
        select(ProgressRecord.digest, ProgressRecord.id).where(ProgressRecord.digest.in_(digests))
    )
    ids = dict(found.all())
    return {key: ids[values["digest"]] for key, values in made.items()}


_PLAIN = (
    "state",
    "run",
    "joined_at",
    "joined_in",
    "completed_in",
    "anchor_at",
    "last_at",
    "paused_until",
    "held_until",
    "rebase",
    "next_lesson",
    "planned_at",
    "due_at",
    "failures",
)


def intern_progress(session: Session, course_id: str, progress: Progress) -> ProgressRecord:
    return _interned(session, ProgressRecord, _progress_values(course_id, progress))


def _progress_values(course_id: str, progress: Progress) -> dict[str, Any]:
    payload = progress.to_json()
    return {"course_id": course_id, "digest": _digest(course_id, payload), "payload": payload}


def _intern_profile(session: Session, profile: Profile) -> ProfileRecord:
    weekdays = None if profile.weekdays is None else sorted(profile.weekdays)
    values: dict[str, Any] = {
        "zone": profile.zone,
        "minute": profile.minute,
        "weekdays": weekdays,
        "pace": str(profile.pace),
    }
    values["digest"] = _digest("profile", values)
    return _interned(session, ProfileRecord, values)


def profile_value(row: ProfileRecord) -> Profile:
    weekdays = None if row.weekdays is None else frozenset(row.weekdays)
    pace: str | int = int(row.pace) if row.pace.isdigit() else row.pace
    return Profile(row.zone, row.minute, weekdays, pace)


_COLUMNS = [
    one.key
    for one in Enrolment.__mapper__.column_attrs
    if one.key not in ("id", "subscriber_id", "course_id", "progress_id", "profile_id")
]
Record = TypeVar("Record", ProgressRecord, ProfileRecord)


def _interned(session: Session, table: type[Record], values: dict[str, Any]) -> Record:
    """The one row with this digest; whoever comes first inserts it."""
    key = {name: values[name] for name in ("course_id", "digest") if name in values}  # its unique index
    wanted = select(table).filter_by(**key)
    row = session.scalar(wanted)
    if row is None:
        session.execute(insert(session, table).values(**values).on_conflict_do_nothing())
        row = session.scalars(wanted).one()
    return row


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
