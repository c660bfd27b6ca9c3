"""When the next lesson is due: cadence + zone + pace + what was had -> one moment (pure).

`next_due` is the heart; campaigns/standing.py calls it after whatever happens to an enrolment. S1, S2 ... are
the rules of docs/schedule.md.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from campaigns.cadence import LONGEST_GAP, Cadence
from campaigns.slots import DAY, Slots
from courseletter.errors import InvalidInput
from courseletter.zones import zone_of

if TYPE_CHECKING:  # a standing asks the schedule for its moments
    from campaigns.standing import Standing

GRACE = timedelta(hours=1)  # a lesson later than this is dated anew, never simply sent (S9)
REST = timedelta(hours=20)  # real time between two scheduled lessons of one course (S6)

WORKDAYS = frozenset(range(5))
PUBLISHED_BY = "publish:"  # the beginning of who decided a mark, where a publish did


@dataclass(frozen=True, slots=True)
class Step:
    """A lesson as the schedule sees it. The id is stable: edits, moves and roll-backs keep it."""

    id: str
    gap: int | None = None  # own gap in days (“practise for two weeks”); None: the rhythm's
    welcome: bool = False


@dataclass(frozen=True, slots=True)
class Timetable:
    """What a course's revision in force asks, and whether the course is paused."""

    zone: str
    steps: tuple[Step, ...]
    cadence: Cadence
    paused: bool = False
    publishes: int = 0  # the number of the publish in force

    @property
    def cohort(self) -> bool:
        return self.cadence.cohort_start is not None

    def has(self, lesson: str) -> bool:
        return any(step.id == lesson for step in self.steps)

    def is_welcome(self, lesson: str) -> bool:
        return any(step.welcome for step in self.steps if step.id == lesson)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a learner wishes of a course. None is the course's own."""

    zone: str | None = None
    minute: int | None = None  # own time of day
    weekdays: frozenset[int] | None = None
    pace: str | int = "normal"  # slower | normal | faster | days between lessons


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A lesson that is behind a learner, and who decided it: schedule | learner | catch_up | publish:N."""

    lesson: str
    status: str  # sent | skipped
    by: str

    @property
    def by_publish(self) -> bool:
        return self.by.startswith(PUBLISHED_BY)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a learner has had, and what a publish moved to the end. Shared by all who had the same."""

    marks: frozenset[Mark] = frozenset()
    appended: tuple[tuple[str, int], ...] = ()  # (lesson, publish)

    def with_mark(self, lesson: str, status: str, by: str) -> Self:
        return type(self)(self.marks | {Mark(lesson, status, by)}, self.appended)

    def without_mark(self, mark: Mark) -> Self:
        return type(self)(self.marks - {mark}, self.appended)

    def without_publish(self, publish: int) -> Self:
        """As if this publish had decided nothing (S23)."""
        kept = frozenset(mark for mark in self.marks if mark.by != tag(publish))
        return type(self)(kept, tuple(pair for pair in self.appended if pair[1] != publish))

    def signature(self) -> str:
        """Equal for equal progress in every process: SHA-256 in hex, since an index cannot hold the whole."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {
            "marks": [[mark.lesson, mark.status, mark.by] for mark in sorted(self.marks)],
            "appended": [list(pair) for pair in self.appended],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        marks = frozenset(Mark(*mark) for mark in stored["marks"])
        return cls(marks, tuple((lesson, publish) for lesson, publish in stored["appended"]))


def tag(publish: int) -> str:
    """How a mark names the publish that decided it (S21)."""
    return f"{PUBLISHED_BY}{publish}"


@dataclass(frozen=True, slots=True)
class Queued:
    """The one lesson in flight (S11), and what to restore if it is called back."""

    lesson: str
    by: str  # schedule | learner
    anchor_at: datetime | None
    last_at: datetime | None


class Because(StrEnum):
    """Which wait decides when a lesson may come (S2)."""

    GAP = "gap"  # its place on the calendar
    OWN_GAP = "own gap"  # counted from when the last one really came
    REST = "rest"  # the smallest distance between two lessons (S6)
    PAUSE = "pause"
    HELD = "held"  # by the cap, or after a delivery failed, until the day after


class Floor(NamedTuple):
    why: Because
    moment: datetime


@dataclass(frozen=True, slots=True)
class Due:
    lesson: str
    planned: datetime  # its place on the calendar
    at: datetime  # when it may really go, never before `now`


def pace_named(text: str) -> str | int:
    """The pace a person wrote. Raises InvalidInput."""
    wanted = text.strip().casefold()
    if wanted in ("slower", "normal", "faster"):
        return wanted
    if wanted.isdecimal() and len(wanted) <= 3 and 1 <= int(wanted) <= LONGEST_GAP:
        return int(wanted)
    raise InvalidInput(
        f"“{text[:20]}” is not a pace: choose slower, normal, faster or 1 to {LONGEST_GAP} days.",
        field="pace",
    )


def slots_for(timetable: Timetable, profile: Profile) -> Slots:
    """The moments that course, learner and pace allow together (S5, S7), in the learner's zone."""
    cadence = timetable.cadence
    zone = profile.zone if cadence.zone_mode == "subscriber" else None
    own_hour = profile.minute is not None  # beats window and quiet hours, which exist to protect them
    return Slots(
        zone=zone_of(zone or timetable.zone),
        weekdays=_weekdays(timetable, profile),
        start=cadence.start if profile.minute is None else profile.minute,
        end=None if own_hour else cadence.end,
        quiet=None if own_hour else cadence.quiet,
        holidays=cadence.holidays,
    )


def _weekdays(timetable: Timetable, profile: Profile) -> frozenset[int]:
    cadence = timetable.cadence
    if timetable.cohort:
        return cadence.weekdays
    if profile.weekdays:
        return profile.weekdays
    gap = _gap(timetable, profile, None)
    too_few = gap < cadence.gap and gap * len(cadence.weekdays) < 7  # for a faster pace (S7)
    return cadence.weekdays | WORKDAYS if too_few else cadence.weekdays


def _gap(timetable: Timetable, profile: Profile, own: int | None) -> int:
    """Days before a lesson at the learner's pace; a cohort keeps one pace (S5, S7)."""
    cadence = timetable.cadence
    gap = cadence.gap if own is None else own
    pace = "normal" if timetable.cohort else profile.pace
    if pace == "slower":
        gap *= 2
    elif pace == "faster":
        gap = (gap + 1) // 2
    elif isinstance(pace, int):
        gap = pace if own is None else max(pace, own)
    return max(gap, cadence.min_gap)


def remaining(timetable: Timetable, standing: "Standing") -> Iterator[Step]:
    """The lessons not yet had, in the order in which they come: the revision's, appended ones last (S19)."""
    had = standing.had
    appended = [lesson for lesson, _ in standing.progress.appended]
    for step in timetable.steps:
        if step.id not in had and step.id not in appended:
            yield step
    if appended:
        steps = {step.id: step for step in timetable.steps}
        yield from (steps[lesson] for lesson in appended if lesson in steps and lesson not in had)


def next_due(timetable: Timetable, profile: Profile, standing: "Standing", now: datetime) -> Due | None:
    """The next lesson and its moment, whatever the enrolment's state; None when no lesson is left.

    Counts from the planned moment of the lesson before, not from when it was really sent, so nothing drifts.
    """
    step = next(remaining(timetable, standing), None)
    if step is None:
        return None
    if _welcomes(timetable, standing, step) and _is_timely(standing, now):
        return Due(step.id, standing.joined_at, standing.joined_at)
    slots = slots_for(timetable, profile)
    earliest = list(floors(timetable, profile, standing, step))
    planned = next(floor.moment for floor in earliest if floor.why is Because.GAP)
    return Due(step.id, planned, slots.first(max(now, *(floor.moment for floor in earliest))))


def floors(timetable: Timetable, profile: Profile, standing: "Standing", step: Step) -> Iterator[Floor]:
    """Every moment before which this lesson may not come, and the rule that says so (S2).

    The one for GAP is its place on the calendar.
    """
    slots = slots_for(timetable, profile)
    gap = _gap(timetable, profile, step.gap)
    taught, begun = _past(timetable, standing)
    yield Floor(Because.GAP, _planned(timetable, slots, standing, step, gap, begun))
    yield from _rests(timetable, slots, standing, step, gap, taught)
    for why, day in ((Because.PAUSE, standing.paused_until), (Because.HELD, standing.held_until)):
        if day is not None:
            yield Floor(why, slots.midnight(day))


def _welcomes(timetable: Timetable, standing: "Standing", step: Step) -> bool:
    """Whether this is the lesson whose place is the moment of signing up (S8)."""
    nothing_yet = not standing.progress.marks and standing.queued is None
    return step.welcome and timetable.cadence.welcome == "now" and nothing_yet


def _is_timely(standing: "Standing", now: datetime) -> bool:
    """Whether they asked just now, so that the welcome goes outside the window; later it takes a slot."""
    held_back = standing.paused_until is not None or standing.held_until is not None
    return not held_back and now - standing.joined_at <= GRACE


def _past(timetable: Timetable, standing: "Standing") -> tuple[bool, bool]:
    """(taught, begun): a lesson other than the welcome was sent or queued; the rhythm runs.

    Skipping starts nobody's rhythm, but a cohort's calendar goes on over what a learner skipped. What a
    publish marked as skipped was never on their calendar.
    """
    welcomes = {step.id for step in timetable.steps if step.welcome}
    if standing.queued is not None and standing.queued.lesson not in welcomes:
        return True, True
    marks = [mark for mark in standing.progress.marks if mark.lesson not in welcomes]
    taught = any(mark.status != "skipped" for mark in marks)
    return taught, taught or (timetable.cohort and any(not mark.by_publish for mark in marks))


def _planned(
    timetable: Timetable, slots: Slots, standing: "Standing", step: Step, gap: int, begun: bool
) -> datetime:
    """The lesson's place on the calendar, perhaps past."""
    if _welcomes(timetable, standing, step):
        return standing.joined_at
    start = timetable.cadence.cohort_start
    if start is not None and not begun:
        return slots.first(slots.midnight(start))
    if standing.anchor_at is None:
        return slots.first(standing.joined_at)
    # After the welcome lesson 1 comes from the next day (S8), unless it has a gap of its own.
    wait = gap if begun or step.gap is not None else 1
    return slots.first(_days_after(slots, standing.anchor_at, wait))


def _rests(
    timetable: Timetable, slots: Slots, standing: "Standing", step: Step, gap: int, taught: bool
) -> Iterator[Floor]:
    """The moments before which the last lesson forbids another (S2, S6)."""
    if standing.last_at is None:
        return
    if step.gap is not None:  # time to practise counts from when the lesson really came
        yield Floor(Because.OWN_GAP, _days_after(slots, standing.last_at, gap))
    else:  # after the welcome only the day counts: sign up at night, lesson 1 in the morning
        days = timetable.cadence.min_gap if taught else 1
        yield Floor(Because.REST, _days_after(slots, standing.last_at, days))
    if taught:
        yield Floor(Because.REST, standing.last_at + REST)


def _days_after(slots: Slots, moment: datetime, days: int) -> datetime:
    """Midnight so many local days after the day of a moment: gaps are never hours (S1)."""
    return slots.midnight(slots.day_of(moment) + days * DAY)
