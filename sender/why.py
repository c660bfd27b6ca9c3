"""Why a person got what they got, what comes next and why, or why nothing does.

Put together from the ledger, the events, the consent ledger and the schedule itself; nothing here changes
anything. The pages (courseletter/web/admin/subscribers.py) and `courseletter subscriber why` show the same.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaigns.conditional import conditions_of, meets
from campaigns.enrolling import Place, place_of
from campaigns.models import Enrolment
from campaigns.reasons import Reason, reason
from campaigns.rhythm import time_phrase
from campaigns.rules import rules
from campaigns.schedule import Mark
from campaigns.standing import lived
from courseletter.zones import zone_of
from sender import obstacles
from sender.claiming import ASKED_FOR
from sender.models import CALLABLE_STATES, Delivery
from sender.past import Entry, numbered, past
from sender.wishes import is_held
from subscribers.models import Subscriber


@dataclass(frozen=True, slots=True)
class InCourse:
    """Where the person stands in one course, and what a colleague may do about it."""

    enrolment: int
    course: str
    course_id: str
    state: str
    obstacles: tuple[Reason, ...]
    coming: tuple[Entry, ...]
    left_out: tuple[Reason, ...]  # lessons passed over, and who decided it
    rules: Mapping[str, str]
    next_title: str  # of the lesson that is next; "": none
    acts: tuple[str, ...]  # pause | resume | skip | next | take-back | release


@dataclass(frozen=True, slots=True)
class Answer:
    subscriber: int
    email: str
    name: str
    zone: str
    zone_is_own: bool
    daily_cap: int
    obstacles: tuple[Reason, ...]  # to all mail
    past: tuple[Entry, ...]
    courses: tuple[InCourse, ...]

    @property
    def coming(self) -> list[Entry]:
        """What comes from all courses, in order."""
        return sorted((one for course in self.courses for one in course.coming), key=lambda one: one.at)

    @property
    def rules(self) -> list[str]:
        """The names of the rules that anything here follows from (campaigns/reasons.py)."""
        told: list[Reason | Entry] = [*self.obstacles, *self.past, *self.coming]
        for course in self.courses:
            told += [*course.obstacles, *course.left_out]
        return list(dict.fromkeys(rule for one in told for rule in one.rules))


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Wishes to try out on the simulation. None: as it is."""

    pace: str | int | None = None
    zone: str | None = None
    paused_until: date | None = None


def why(
    session: Session, subscriber: Subscriber, now: datetime, key: bytes, what_if: WhatIf = WhatIf()
) -> Answer:
    """Answer for one person. The simulated future is empty where something keeps all mail from them."""
    enrolments = session.scalars(
        select(Enrolment)
        .where(Enrolment.subscriber_id == subscriber.id)
        .options(joinedload(Enrolment.course), joinedload(Enrolment.progress), joinedload(Enrolment.profile))
        .order_by(Enrolment.id)
    ).all()
    against = tuple(obstacles.of_everything(session, subscriber, key))
    courses = [_in_course(session, one, now, what_if, bool(against)) for one in enrolments]
    zone = subscriber.zone or next((one.profile.zone for one in enrolments if one.profile.zone), None)
    fallback = enrolments[0].course.zone if enrolments else "UTC"
    return Answer(
        subscriber=subscriber.id,
        email=subscriber.email,
        name=f"{subscriber.first_name} {subscriber.last_name}".strip(),
        zone=zone_of(zone or fallback).key,
        zone_is_own=zone is not None,
        daily_cap=subscriber.daily_cap,
        obstacles=against,
        past=tuple(past(session, subscriber, open_to_mail=not against)),
        courses=_capped(courses, subscriber.daily_cap, zone or fallback),
    )


def _in_course(
    session: Session, enrolment: Enrolment, now: datetime, what_if: WhatIf, nothing: bool
) -> InCourse:
    place = place_of(session, enrolment)
    titles = _titles(enrolment)
    missing = tuple(obstacles.missing_consent(session, enrolment))
    tried = _tried(place, now, what_if)
    conditional = conditions_of(enrolment.revision)
    cadence = place.timetable.cadence
    return InCourse(
        enrolment=enrolment.id,
        course=enrolment.course.title,
        course_id=enrolment.course_id,
        state=enrolment.state,
        obstacles=(*missing, *obstacles.of_course(session, enrolment, now)),
        coming=() if nothing or missing else tuple(_coming(enrolment, tried, titles, now)),
        left_out=(*_marked(place, titles), *_unmet(place, conditional, enrolment, titles)),
        rules={**rules(cadence, place.timetable.zone), **_own(enrolment)},
        next_title=titles.get(enrolment.next_lesson or "", ""),
        acts=tuple(_acts(session, enrolment, place, now)),
    )


def _tried(place: Place, now: datetime, what_if: WhatIf) -> Place:
    """The place with the wishes that are being tried out."""
    profile, standing = place.profile, place.standing
    if what_if.pace is not None:
        profile = replace(profile, pace=what_if.pace)
    if what_if.zone is not None:
        profile = replace(profile, zone=what_if.zone)
    if profile != place.profile:
        standing = standing.changed(place.timetable, profile, now)
    if what_if.paused_until is not None:
        standing = standing.pause(place.timetable, profile, now, what_if.paused_until)
    return Place(place.timetable, profile, standing)


def _coming(enrolment: Enrolment, place: Place, titles: Mapping[str, str], now: datetime) -> Iterator[Entry]:
    wanted = meets(conditions_of(enrolment.revision), enrolment.subscriber)
    future = list(lived(place.timetable, place.profile, place.standing, now, wanted))
    for number, (due, waiting) in enumerate(future, 1):
        because = reason(place.timetable, place.profile, waiting, due)
        last = " The last lesson: then they count as finished." if number == len(future) else ""
        title = titles.get(due.lesson, due.lesson)
        yield Entry(due.at, title, enrolment.course.title, "", "", because.text + last, because.rules)


def _capped(courses: Sequence[InCourse], cap: int, zone: str) -> tuple[InCourse, ...]:
    """The courses, with a word where more comes on a day than the person wants: the simulation runs apart."""
    here = zone_of(zone)
    a_day = Counter(one.at.astimezone(here).date() for course in courses for one in course.coming)
    word = f" More than {cap} come on this day, so it may wait until the next."

    def told(one: Entry) -> Entry:
        if a_day[one.at.astimezone(here).date()] <= cap:
            return one
        return replace(one, text=one.text + word, rules=(*one.rules, "S16"))

    return tuple(replace(course, coming=tuple(map(told, course.coming))) for course in courses)


def _marked(place: Place, titles: Mapping[str, str]) -> Iterator[Reason]:
    """The lessons that were passed over, and who decided it (S21)."""
    for mark in sorted(place.standing.progress.marks):
        if mark.status == "skipped":
            yield _passed_over(mark, titles.get(mark.lesson, "A lesson that was removed"))


def _passed_over(mark: Mark, title: str) -> Reason:
    if mark.by_publish:
        number = mark.by.partition(":")[2]
        return Reason(f"{title}: added behind them by revision {number}, which left it out.", ("S21",))
    if mark.by == "catch_up":
        return Reason(f"{title}: missed, and only the newest of the missed lessons came.", ("S10",))
    if mark.by == "schedule":
        return Reason(f"{title}: its condition did not hold for them.", ())
    return Reason(f"{title}: skipped, because it was asked for.", ("S15",))


def _unmet(
    place: Place, conditional: Mapping[str, Any], enrolment: Enrolment, titles: Mapping[str, str]
) -> Iterator[Reason]:
    wanted = meets(conditional, enrolment.subscriber)
    only_if = {one.lesson_id: one.only_if for one in enrolment.revision.lessons}
    for lesson in conditional:
        if lesson not in place.standing.had and not wanted(lesson):
            yield Reason(f"{titles[lesson]}: only where {only_if[lesson]}, which does not hold for them.", ())


def _acts(session: Session, enrolment: Enrolment, place: Place, now: datetime) -> Iterator[str]:
    standing = place.standing
    resting = standing.state == "paused" or (standing.state == "active" and standing.paused_until is not None)
    if resting:
        yield "resume"
    elif standing.state == "active":
        yield "pause"
    if standing.why_not_now(place.timetable, now) is None:
        yield "next"
    if standing.state == "active" and standing.next_lesson is not None:
        yield "skip"
    if is_held(enrolment):
        yield "release"
    waiting = (Delivery.enrolment_id == enrolment.id, Delivery.by == ASKED_FOR, Delivery.run == enrolment.run)
    if session.scalar(select(Delivery.id).where(*waiting, Delivery.state.in_(CALLABLE_STATES)).limit(1)):
        yield "take-back"


def _own(enrolment: Enrolment) -> dict[str, str]:
    """What the learner wishes instead of the course's rules."""
    profile = enrolment.profile
    own = {"Pace": profile.pace if not profile.pace.isdigit() else f"{profile.pace} days"}
    if profile.minute is not None:
        own["At"] = f"{time_phrase(profile.minute)}, their own hour"
    if profile.zone is not None:
        own["Zone"] = f"{profile.zone.rpartition('/')[2].replace('_', ' ')}, their own"
    return own


def _titles(enrolment: Enrolment) -> dict[str, str]:
    return {one.lesson_id: numbered(one.number, one.title) for one in enrolment.revision.lessons}
