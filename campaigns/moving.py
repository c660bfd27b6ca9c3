"""What a publish or a roll-back makes of one learner's standing: which lesson comes next, and when (pure).

Rules S18 to S24 of docs/schedule.md. For everybody, campaigns/plans.py tells it and campaigns/applying.py
does it.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

from campaigns.schedule import Profile, Progress, Timetable, remaining, tag
from campaigns.standing import Standing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Member:
    """What a move looks at of one enrolment."""

    enrolment_id: int
    standing: Standing
    profile: Profile


class Policy(StrEnum):
    """What becomes of a lesson that a publish puts before where a learner is (S20)."""

    SKIP = "skip"
    SEND_NEXT = "send_next"
    APPEND_AT_END = "append_at_end"


class Effect(StrEnum):
    """What a publish does to one enrolment: the strongest thing."""

    FINISHES = "finishes"  # no lesson is left for them
    REOPENED = "reopened"
    MOVES_ON = "moves on"  # the lesson they waited for is removed
    ANOTHER_NEXT = "another lesson next"
    MOMENT_MOVES = "moment moves"
    LATER_CHANGES = "later lessons change"
    NEW_WORDS = "new words"  # of the lesson that comes next
    NOTHING = "nothing changes"
    HELD = "held"  # it cannot be dated: a person has to look


@dataclass(frozen=True, slots=True)
class Choices:
    """The marketer's decisions, by lesson id. A lesson without a policy follows the default of S20.

    `reopen` names the new lessons that those get who have finished.
    """

    policies: Mapping[str, Policy] = field(default_factory=dict)
    reopen: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        return {"policies": dict(self.policies), "reopen": sorted(self.reopen)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        policies = {lesson: Policy(policy) for lesson, policy in stored["policies"].items()}
        return cls(policies, frozenset(stored["reopen"]))


class Move(Protocol):
    """A change of the revision in force, for everybody."""

    @property
    def old(self) -> Timetable: ...
    @property
    def new(self) -> Timetable: ...
    def moved(self, standing: Standing, profile: Profile, now: datetime) -> Standing:
        """The standing as the new revision has it. What is in flight goes out as it was."""
        ...


@dataclass(frozen=True, slots=True)
class Publication:
    """The draft comes into force. `new.publishes` is the publish that its marks are tagged with."""

    old: Timetable
    new: Timetable
    choices: Choices = field(default_factory=Choices)

    def moved(self, standing: Standing, profile: Profile, now: datetime) -> Standing:
        here = _up_to_date(standing, self.old, profile, now)
        return _dated(self.migrated(here), here, self.new, profile, now)

    def migrated(self, here: Standing) -> Standing:
        """Only which lessons. Depends on nothing but state, progress and the lesson in flight."""
        if here.state == "completed":
            return self._reopened(here)
        progress, publish = here.progress, self.new.publishes
        for lesson, policy in self.decided(here):
            if policy is Policy.SKIP:
                progress = progress.with_mark(lesson, "skipped", tag(publish))
            elif policy is Policy.APPEND_AT_END:
                progress = Progress(progress.marks, (*progress.appended, (lesson, publish)))
        return replace(here, progress=progress)

    def decided(self, here: Standing) -> Iterator[tuple[str, Policy]]:
        """The lessons behind a learner that they have not had, and what becomes of each (S20)."""
        promised = {step.id for step in remaining(self.old, here)}
        had = here.had
        appended = {lesson for lesson, _ in here.progress.appended}
        for step in self.new.steps[: self._frontier(here)]:
            if step.id not in had and step.id not in appended:
                default = Policy.SEND_NEXT if step.id in promised else Policy.SKIP
                yield step.id, self.choices.policies.get(step.id, default)

    def _frontier(self, here: Standing) -> int:
        """The place of the furthest lesson that they had by schedule or own wish; none: 0."""
        passed = {mark.lesson for mark in here.progress.marks if not mark.by_publish}
        if here.queued is not None:
            passed.add(here.queued.lesson)
        return max((place for place, step in enumerate(self.new.steps) if step.id in passed), default=0)

    def _reopened(self, here: Standing) -> Standing:
        """Who has finished gets only what is named for them (S17)."""
        had, publish = here.had, self.new.publishes
        missing = [step.id for step in self.new.steps if step.id not in had]
        if not self.choices.reopen.intersection(missing):
            return here
        progress = here.progress
        for lesson in missing:
            if lesson not in self.choices.reopen:
                progress = progress.with_mark(lesson, "skipped", tag(publish))
        return replace(here, state="active", progress=progress, reopened=(*here.reopened, publish))


@dataclass(frozen=True, slots=True)
class RollBack:
    """Publishes are taken back, latest first: each by its number, with what was in force before it (S23)."""

    old: Timetable
    stages: tuple[tuple[int, Timetable], ...]

    @property
    def new(self) -> Timetable:
        return self.stages[-1][1]

    def moved(self, standing: Standing, profile: Profile, now: datetime) -> Standing:
        for publish, former in self.stages:
            standing = _dated(_taken_back(standing, publish), standing, former, profile, now)
        return standing


def _taken_back(standing: Standing, publish: int) -> Standing:
    """Every mark of the publish is off. Sent stays sent."""
    here = replace(standing, progress=standing.progress.without_publish(publish))
    if publish in here.reopened:
        state = "completed" if here.state == "active" else here.state
        others = tuple(number for number in here.reopened if number != publish)
        return replace(here, state=state, completed_in=publish - 1, reopened=others)
    if here.state == "completed" and here.completed_in >= publish > here.joined_in:
        return replace(here, state="active")  # the publish had finished it
    return here


def _up_to_date(standing: Standing, timetable: Timetable, profile: Profile, now: datetime) -> Standing:
    """What is overdue is dated anew by the old rules first (S18); what is still to come was dated by them."""
    to_come = standing.due_at is not None and standing.due_at > now
    return standing if to_come else standing.changed(timetable, profile, now)


def _dated(
    standing: Standing, before: Standing, timetable: Timetable, profile: Profile, now: datetime
) -> Standing:
    after = standing.changed(timetable, profile, now)
    if standing.failures and standing.queued is None and after.next_lesson != before.next_lesson:
        # Another lesson failed, so that this one must not wait for a person.
        return replace(standing, failures=0).changed(timetable, profile, now)
    return after


def moved_or_none(move: Move, member: Member, now: datetime) -> Standing | None:
    """As `moved`; None for one that the schedule cannot make sense of, which stops nobody else (R27)."""
    try:
        return move.moved(member.standing, member.profile, now)
    except Exception:  # whatever a damaged row makes of the schedule
        log.exception("enrolment %s cannot be dated", member.enrolment_id)
        return None


def effect(move: Move, before: Standing, after: Standing, reworded: frozenset[str]) -> Effect:
    """What the move does to one enrolment. `reworded` are the lessons that say something else now."""
    if before.state != after.state:
        return Effect.FINISHES if after.state == "completed" else Effect.REOPENED
    if before.state in ("completed", "left"):
        return Effect.NOTHING
    if before.next_lesson != after.next_lesson:
        removed = before.next_lesson is not None and not move.new.has(before.next_lesson)
        return Effect.MOVES_ON if removed else Effect.ANOTHER_NEXT
    if before.due_at != after.due_at:
        return Effect.MOMENT_MOVES
    if [step.id for step in remaining(move.old, before)] != [step.id for step in remaining(move.new, after)]:
        return Effect.LATER_CHANGES
    return Effect.NEW_WORDS if after.next_lesson in reworded else Effect.NOTHING
