"""Where one learner stands in one course, and what each event or wish makes of it (pure).

Every verb takes `now` and returns a new Standing whose next lesson and moment are up to date. The tables hold
the same fields (campaigns/models.py); campaigns/enrolling.py loads and stores them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from campaigns.schedule import (
    GRACE,
    Due,
    Mark,
    Profile,
    Progress,
    Queued,
    Timetable,
    next_due,
    slots_for,
)
from campaigns.slots import DAY

Meets = Callable[[str], bool]  # whether a learner meets the condition of a lesson, by its id

MOST_RETRIES = 3  # of a lesson that failed or expired; then it is held for the marketer


class Promotion(StrEnum):
    """What a tick made of an enrolment."""

    NOTHING = "nothing"  # not due, not active, one in flight, or the course is paused
    REDATED = "re-dated"  # over an hour late: never simply sent (S9)
    HELD = "held by the cap"  # until tomorrow (S16)
    QUEUED = "queued"


class Refusal(StrEnum):
    """Why “next lesson now” cannot be granted."""

    NOT_ACTIVE = "not active"
    COURSE_PAUSED = "course paused"
    IN_FLIGHT = "in flight"  # one lesson is under way
    NOTHING_LEFT = "nothing left"
    NOT_YET = "not yet"  # the cohort has not had it either


@dataclass(frozen=True, slots=True)
class Standing:
    joined_at: datetime
    state: str = "active"  # active | paused | completed | left
    progress: Progress = field(default_factory=Progress)
    queued: Queued | None = None
    paused_until: date | None = None
    held_until: date | None = None  # the cap was full, or a delivery failed on the day before
    rebase: bool = False  # the learner paused an evergreen course: its rhythm starts anew
    anchor_at: datetime | None = None  # planned moment of the last lesson; gaps count from it
    last_at: datetime | None = None  # the same, or the real moment if that was over an hour late
    next_lesson: str | None = None
    planned_at: datetime | None = None
    due_at: datetime | None = None
    joined_in: int = 0  # publish in force then
    completed_in: int = 0
    reopened: tuple[int, ...] = ()  # publishes that reopened it
    run: int = 1
    failures: int = 0  # of the next or queued lesson, in a row

    @property
    def had(self) -> frozenset[str]:
        """Lessons sent, skipped or in flight: none of them comes again in this run."""
        lessons = {mark.lesson for mark in self.progress.marks}
        return frozenset(lessons | {self.queued.lesson} if self.queued else lessons)

    @property
    def held(self) -> bool:
        """Whether the next lesson failed too often and waits for the marketer, with no due moment."""
        return self.failures > MOST_RETRIES and self.queued is None

    # The tick and the delivery's fate

    def promote(
        self, timetable: Timetable, profile: Profile, now: datetime, *, cap_reached: bool = False
    ) -> tuple[Promotion, Self]:
        """The tick's turn. QUEUED: a delivery of `queued.lesson` is to be written in the same transaction.

        `cap_reached`: the person had their scheduled messages of this local day, over all courses (S16).
        """
        due, lesson = self.due_at, self.next_lesson
        if self.state != "active" or timetable.paused or self.queued or not due or not lesson or due > now:
            return Promotion.NOTHING, self
        if now - due > GRACE:
            return Promotion.REDATED, self.changed(timetable, profile, now)
        welcome = timetable.is_welcome(lesson)
        asked_just_now = welcome and due == self.joined_at  # by signing up: outside the cap (S8)
        if cap_reached and not asked_just_now:
            tomorrow = slots_for(timetable, profile).day_of(now) + DAY
            held = replace(self, held_until=tomorrow, due_at=None)
            return Promotion.HELD, held.changed(timetable, profile, now)
        keeps_calendar = timetable.cadence.policy != "shift" and not self.rebase
        queued = replace(
            self,
            queued=Queued(lesson, "schedule", self.anchor_at, self.last_at),
            anchor_at=self.planned_at if keeps_calendar else due,
            last_at=due,
            rebase=False,
            paused_until=None,
            held_until=None,
            due_at=None,
        )
        if welcome and timetable.cohort:
            return Promotion.QUEUED, queued._caught_up(timetable, profile, now)
        return Promotion.QUEUED, queued.changed(timetable, profile, now)

    def sent(self, timetable: Timetable, profile: Profile, at: datetime) -> Self:
        """The lesson in flight was accepted. Over an hour late it moves the rests that follow (S11)."""
        if self.queued is None:
            return self
        late = self.last_at is None or at - self.last_at > GRACE
        arrived = replace(
            self,
            progress=self.progress.with_mark(self.queued.lesson, "sent", self.queued.by),
            queued=None,
            last_at=at if late else self.last_at,
            failures=0,
        )
        return arrived.changed(timetable, profile, at)

    def called_back(self, timetable: Timetable, profile: Profile, now: datetime) -> Self:
        """The lesson in flight never went past the dot: it comes as if it had never been queued."""
        if self.queued is None:
            return self
        return self._unqueued().changed(timetable, profile, now)

    def failed(self, timetable: Timetable, profile: Profile, now: datetime) -> Self:
        """The lesson in flight FAILED or EXPIRED and its person is not suppressed.

        Due again at the next slot, though never on the day it was last due, at most MOST_RETRIES times; then
        it is `held` until `released` or skipped.
        """
        if self.queued is None or self.last_at is None:
            return self
        day_after = slots_for(timetable, profile).day_of(self.last_at) + DAY
        again = replace(self._unqueued(), held_until=day_after, failures=self.failures + 1)
        return again.changed(timetable, profile, now)

    def released(self, timetable: Timetable, profile: Profile, now: datetime) -> Self:
        """The marketer mended what made a held lesson fail: it is due at the next slot."""
        return replace(self, failures=0).changed(timetable, profile, now) if self.held else self

    # The learner's wishes

    def changed(self, timetable: Timetable, profile: Profile, now: datetime) -> Self:
        """Recompute what comes next, after zone, hour, weekdays, pace or anything else changed (S15).

        What is over an hour late is caught up with; what is due this hour and still allowed stays due.
        """
        if self.state != "active":
            return replace(self, next_lesson=None, planned_at=None, due_at=None)
        if self.due_at is not None and now - self.due_at > GRACE:
            return replace(self, due_at=None)._caught_up(timetable, profile, now)
        found = next_due(timetable, profile, self, now)
        if found is None:
            return self._without_lessons(timetable)
        if self.due_at is not None and self.due_at <= now:
            again = next_due(timetable, profile, self, self.due_at)
            found = again if again is not None and again.at == self.due_at else found
        return self._waiting_for(found)

    def pause(self, timetable: Timetable, profile: Profile, now: datetime, until: date | None) -> Self:
        """Rest until the first slot on or after `until`; None: until `resume` (S12).

        What could be called back has been: whatever is still queued is past the dot and goes on.
        """
        if self.state not in ("active", "paused"):
            return self
        resting = replace(
            self,
            state="paused" if until is None else "active",  # with a date the due moment itself wakes them
            paused_until=until,
            rebase=self.rebase or not timetable.cohort,
            due_at=None,
        )
        return resting.changed(timetable, profile, now)

    def resume(self, timetable: Timetable, profile: Profile, now: datetime) -> Self:
        """End a pause, of either kind, before its time. Nothing for those who left or finished."""
        resting = self.state == "paused" or (self.state == "active" and self.paused_until is not None)
        if not resting:
            return self
        awake = replace(self, state="active", paused_until=None, due_at=None)
        return awake.changed(timetable, profile, now)

    def why_not_now(self, timetable: Timetable, now: datetime) -> Refusal | None:
        """Why the next lesson cannot be had at once; None: `next_now` grants it."""
        if self.state != "active":
            return Refusal.NOT_ACTIVE
        if timetable.paused:
            return Refusal.COURSE_PAUSED
        if self.queued is not None:
            return Refusal.IN_FLIGHT
        if self.next_lesson is None or self.planned_at is None:
            return Refusal.NOTHING_LEFT
        if timetable.cohort and self.planned_at > now:
            return Refusal.NOT_YET
        return None

    def next_now(self, timetable: Timetable, profile: Profile, now: datetime) -> Self:
        """Queue the next lesson at once, at any hour (S14). Unchanged where `why_not_now` gives a reason.

        Evergreen: the lesson after it takes the place that became free. A cohort's calendar stays.
        """
        if self.next_lesson is None or self.why_not_now(timetable, now) is not None:
            return self
        first = self.anchor_at is None or timetable.is_welcome(self.next_lesson)
        anchor = self.planned_at if timetable.cohort else now if first else self.anchor_at
        asked = replace(
            self,
            queued=Queued(self.next_lesson, "learner", self.anchor_at, self.last_at),
            anchor_at=anchor,
            last_at=now,
            paused_until=None,
            due_at=None,
        )
        return asked.changed(timetable, profile, now)

    def passing_over(self, timetable: Timetable, profile: Profile, now: datetime, meets: Meets) -> Self:
        """Pass over each lesson in turn whose condition the learner does not meet."""
        here = self
        while here.next_lesson is not None and not meets(here.next_lesson):
            passed = here.progress.with_mark(here.next_lesson, "skipped", "schedule")
            here = replace(here, progress=passed).changed(timetable, profile, now)
        return here

    def skip(self, timetable: Timetable, profile: Profile, now: datetime) -> Self:
        """Pass the next lesson over: the one after it takes its place; a cohort's place is used up (S15)."""
        if self.state != "active" or self.next_lesson is None:
            return self
        skipped = replace(
            self,
            progress=self.progress.with_mark(self.next_lesson, "skipped", "learner"),
            anchor_at=self.planned_at if timetable.cohort else self.anchor_at,
            failures=self.failures if self.queued else 0,
        )
        return skipped.changed(timetable, profile, now)

    def unskipped(self, timetable: Timetable, profile: Profile, lesson: str, now: datetime) -> Self:
        """Take the learner's own skip back: the lesson comes in its order again.

        Unchanged in a cohort, where its place on the calendar is used up, and for what they did not skip.
        """
        mark = Mark(lesson, "skipped", "learner")
        if timetable.cohort or self.state == "left" or mark not in self.progress.marks:
            return self
        back = replace(
            self,
            state="active" if self.state == "completed" else self.state,
            progress=self.progress.without_mark(mark),
        )
        return back.changed(timetable, profile, now)

    def leave(self) -> Self:
        """Stop, at any moment; the place is kept (S17).

        What could be called back has been: whatever is still queued is past the dot and goes on.
        """
        return replace(self, state="left", next_lesson=None, planned_at=None, due_at=None)

    def rejoined(
        self, timetable: Timetable, profile: Profile, now: datetime, *, start_over: bool = False
    ) -> Self:
        """Go on where they stopped; starting over must be asked for and is a new run (S17)."""
        if self.state not in ("left", "completed"):
            return self
        if start_over:
            fresh = replace(type(self)(now, joined_in=timetable.publishes), run=self.run + 1)
            return fresh._caught_up(timetable, profile, now)
        if self.state == "completed":
            return self
        back = replace(self, state="active", paused_until=None, due_at=None, rebase=not timetable.cohort)
        return back.changed(timetable, profile, now)

    # How a standing is brought up to date

    def _waiting_for(self, due: Due) -> Self:
        at = None if self.held else due.at
        return replace(self, next_lesson=due.lesson, planned_at=due.planned, due_at=at)

    def _without_lessons(self, timetable: Timetable) -> Self:
        finished = self.queued is None
        return replace(
            self,
            state="completed" if finished else "active",
            completed_in=timetable.publishes if finished else self.completed_in,
            next_lesson=None,
            planned_at=None,
            due_at=None,
        )

    def _unqueued(self) -> Self:
        if self.queued is None:
            return self
        return replace(
            self, queued=None, anchor_at=self.queued.anchor_at, last_at=self.queued.last_at, due_at=None
        )

    def _caught_up(self, timetable: Timetable, profile: Profile, now: datetime) -> Self:
        """Of the lessons whose moment has passed: all later, or under `skip` the newest only (S10)."""
        here = self.changed(timetable, profile, now)
        while timetable.cadence.policy == "skip" and here._may_be_passed_over(timetable):
            onward = replace(
                here,
                progress=here.progress.with_mark(here.next_lesson or "", "skipped", "catch_up"),
                anchor_at=here.planned_at,
            ).changed(timetable, profile, now)
            if onward.planned_at is None or onward.planned_at > now:
                break
            here = onward
        return here

    def _may_be_passed_over(self, timetable: Timetable) -> bool:
        """Never the welcome, and a learner's own pause loses nothing. The last lesson has none after it."""
        if self.due_at is None or self.next_lesson is None or self.paused_until is not None:
            return False
        return not timetable.is_welcome(self.next_lesson)


def enrolled(timetable: Timetable, profile: Profile, now: datetime) -> Standing:
    """A new place in a course, also while it is paused: the first lesson waits, the learner is not lost."""
    return Standing(now, joined_in=timetable.publishes)._caught_up(timetable, profile, now)


def future(
    timetable: Timetable, profile: Profile, standing: Standing, now: datetime
) -> list[tuple[str, datetime]]:
    """The calendar this learner will live through if nobody touches anything: lesson and moment.

    Empty for who is paused without a date, has left or finished. A paused course counts as running from now.
    """
    return [(due.lesson, due.at) for due in coming(timetable, profile, standing, now)]


def coming(timetable: Timetable, profile: Profile, standing: Standing, now: datetime) -> Iterator[Due]:
    """As `future`, one lesson at a time with its place on the calendar, by the very steps of a tick."""
    return (due for due, _ in lived(timetable, profile, standing, now))


def lived(
    timetable: Timetable,
    profile: Profile,
    standing: Standing,
    now: datetime,
    meets: Meets = lambda _: True,
) -> Iterator[tuple[Due, Standing]]:
    """As `coming`, each lesson with the standing that waited for it, without what fails `meets`."""
    running = replace(timetable, paused=False)
    here = standing.sent(running, profile, now).passing_over(running, profile, now, meets)
    while here.due_at is not None and here.next_lesson is not None and here.planned_at is not None:
        due, before = Due(here.next_lesson, here.planned_at, here.due_at), here
        now = max(now, due.at)
        promotion, here = here.promote(running, profile, now)
        if promotion is Promotion.QUEUED:
            yield due, before
            here = here.sent(running, profile, now)
        here = here.passing_over(running, profile, now, meets)
