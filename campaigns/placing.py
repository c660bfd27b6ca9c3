"""Imported people in the middle of a course: where they stood elsewhere, or in our own export of them.

From elsewhere comes the number or the title of the last lesson they had; the next one comes a gap after the
import. From our own export comes the whole standing.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaigns.drafting import find_course
from campaigns.enrolling import store, timetable_of
from campaigns.models import Enrolment
from campaigns.schedule import Mark, Profile, Progress
from campaigns.standing import Standing, enrolled
from courseletter.errors import CourseletterError, InvalidInput
from courseletter.zones import zone_named
from subscribers.models import Membership, MemberStatus, Subscriber

People = Sequence[tuple[int, str, str]]  # subscriber, course by its slug or id, where in it as JSON
Refused = dict[tuple[int, str], str]

_MOMENTS: Final = ("joined_at", "anchor_at", "last_at", "planned_at", "due_at")
_DAYS: Final = ("paused_until", "held_until")
_PLAIN: Final = ("state", "run", "joined_in", "completed_in", "reopened", "rebase", "next_lesson", "failures")
_STATES: Final = ("active", "paused", "completed", "left")
_ALREADY: Final = "they are in it already, and keep their place."


def place(session: Session, people: People, now: datetime) -> Refused:
    """Enrol people where they stood; returns why not, by subscriber and course, where that cannot be."""
    refused: Refused = {}
    for name in dict.fromkeys(course for _, course, _ in people):
        wanted = {subscriber: where for subscriber, course, where in people if course == name}
        try:
            classroom = _Classroom(session, name, now)
        except CourseletterError as error:
            refused |= {(one, name): str(error) for one in wanted}
        else:
            refused |= {(one, name): why for one, why in classroom.place(wanted).items()}
    return refused


def standing_json(enrolment: Enrolment) -> dict[str, Any]:
    """An enrolment as our exports have it: all that its standing and profile say, without what is as usual.

    A lesson in flight counts as had: it may have arrived, and no import may send it twice.
    """
    progress, profile = enrolment.progress.payload, enrolment.profile
    if enrolment.queued_lesson is not None:
        by = enrolment.queued_by or "schedule"
        progress = Progress.from_json(progress).with_mark(enrolment.queued_lesson, "sent", by).to_json()
    said: dict[str, Any] = {name: getattr(enrolment, name) for name in _PLAIN}
    said |= {name: _iso(getattr(enrolment, name)) for name in (*_MOMENTS, *_DAYS)}
    said |= {"marks": progress["marks"], "appended": progress["appended"]}
    said |= {name: getattr(profile, name) for name in ("zone", "minute", "weekdays", "pace")}
    usual = {"run": 1, "pace": "normal"}
    return {name: one for name, one in said.items() if one not in (None, 0, [], usual.get(name))}


def standings(session: Session, first: int, last: int) -> dict[int, dict[str, Any]]:
    """The courses of the people with these ids and between them, each by its id, for an export."""
    wanted = (
        select(Enrolment)
        .where(Enrolment.subscriber_id.between(first, last))
        .options(joinedload(Enrolment.progress), joinedload(Enrolment.profile))
        .order_by(Enrolment.course_id)
    )
    found: dict[int, dict[str, Any]] = {}
    for one in session.scalars(wanted):
        found.setdefault(one.subscriber_id, {})[one.course_id] = standing_json(one)
        session.expunge(one)  # a million of them pass by
    return found


class _Classroom:
    """One course, and the places in it that were worked out already: most people share theirs."""

    def __init__(self, session: Session, name: str, now: datetime) -> None:
        self._session = session
        self._now = now
        self._course = find_course(session, name)
        self._timetable = timetable_of(self._course)
        lessons = self._course.revision.lessons if self._course.revision else []
        self._titles = {one.title.casefold(): one.number for one in lessons}
        self._steps = {one.number: one.lesson_id for one in lessons}

    def place(self, wanted: Mapping[int, str]) -> dict[int, str]:
        session, course = self._session, self._course
        there = select(Enrolment.subscriber_id).where(
            Enrolment.course_id == course.id, Enrolment.subscriber_id.in_(wanted)
        )
        refused = dict.fromkeys(session.scalars(there), _ALREADY)
        gone = set(
            session.scalars(
                select(Membership.subscriber_id).where(
                    Membership.list_id == course.list_id,
                    Membership.subscriber_id.in_(wanted),
                    Membership.status.in_((MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED)),
                )
            )
        )
        fresh = select(Subscriber).where(Subscriber.id.in_(wanted.keys() - refused.keys()))
        for person in session.scalars(fresh.order_by(Subscriber.id)).all():
            try:
                self._enrol(person, wanted[person.id], gone=person.id in gone)
            except (InvalidInput, ValueError, KeyError, TypeError) as error:
                why = str(error) if isinstance(error, InvalidInput) else "this is no place in a course."
                refused[person.id] = why
        session.flush()
        return refused

    def _enrol(self, person: Subscriber, where: str, *, gone: bool) -> None:
        said = json.loads(where)
        if "lesson" in said:
            weekdays = None if person.weekdays is None else frozenset(person.weekdays)
            profile = Profile(person.zone, person.minute, weekdays)
            standing = self._after(said["lesson"], profile)
        else:
            profile, standing = _profile_of(said), _standing_of(said)
        if gone and standing.state != "left":
            standing = standing.leave()
        row = Enrolment(
            course=self._course,
            subscriber=person,
            revision_id=self._course.revision_id,
            joined_at=standing.joined_at,
        )
        with self._session.no_autoflush:
            store(self._session, row, standing, profile)
        self._session.add(row)

    def _after(self, lesson: str, profile: Profile) -> Standing:
        """As if they had had the course up to this lesson; "0" is before the welcome's first lesson."""
        number = int(lesson) if lesson.isdigit() else self._titles.get(lesson.casefold())
        if number is None or number > len(self._timetable.steps):
            raise InvalidInput(f"it has no lesson “{lesson}”.")
        had = [one for place, one in self._steps.items() if place <= number]
        if not had:
            return enrolled(self._timetable, profile, self._now)
        marks = frozenset(Mark(one, "sent", "import") for one in had)
        fresh = Standing(
            self._now,
            progress=Progress(marks),
            anchor_at=self._now,
            last_at=self._now,
            joined_in=self._timetable.publishes,
        )
        return fresh.changed(self._timetable, profile, self._now)


def _profile_of(said: Mapping[str, Any]) -> Profile:
    weekdays = said.get("weekdays")
    days = None if weekdays is None else frozenset(int(one) for one in weekdays)
    zone = said.get("zone")
    pace = str(said.get("pace", "normal"))
    rate = int(pace) if pace.isdigit() else pace
    return Profile(zone and zone_named(zone).key, said.get("minute"), days, rate)


def _standing_of(said: Mapping[str, Any]) -> Standing:
    """The standing that `standing_json` wrote.

    Raises ValueError, KeyError or TypeError for what it did not.
    """
    if said["state"] not in _STATES:
        raise ValueError
    moments = {name: datetime.fromisoformat(said[name]) for name in _MOMENTS if name in said}
    days = {name: date.fromisoformat(said[name]) for name in _DAYS if name in said}
    plain = {name: said[name] for name in _PLAIN if name in said}
    plain["reopened"] = tuple(said.get("reopened", ()))
    progress = Progress.from_json({"marks": said.get("marks", []), "appended": said.get("appended", [])})
    return Standing(progress=progress, **{**moments, **days, **plain})


def _iso(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
