"""One learner in one course, kept twice: by the product and by the reference model of the specification."""

import importlib.util
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from calendars import TROUBLE, ZONES

from campaigns.cadence import Cadence
from campaigns.moving import Choices, Effect, Policy, Publication, RollBack, effect
from campaigns.schedule import Profile, Step, Timetable
from campaigns.standing import Standing, enrolled

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
MODEL = SHARED / "sequence" / "model.py"

STEPS = 50  # of one life

_EFFECTS = {
    "finishes": {Effect.FINISHES},
    "reopened": {Effect.REOPENED},
    "removed lesson: moves on": {Effect.MOVES_ON, Effect.ANOTHER_NEXT},  # also where none was waited for
    "gets another lesson next": {Effect.ANOTHER_NEXT},
    "moment moves": {Effect.MOMENT_MOVES},
    "later lessons change": {Effect.LATER_CHANGES},
    "nothing changes": {Effect.NOTHING},
    "new text": {Effect.NEW_WORDS, Effect.NOTHING},  # of a gap alone, where no date moves
}


def effects(told: str, state: str) -> set[Effect]:
    """What the product may call an effect by its name in the model.

    Who has finished or left notices nothing of later lessons.
    """
    out = state in ("completed", "left") and told == "later lessons change"
    return {Effect.NOTHING} if out else _EFFECTS[told]


def load_model() -> Any:
    """The reference model, as a module."""
    spec = importlib.util.spec_from_file_location("reference_model", MODEL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module


class World:
    """One learner in one course, kept twice: by the product and by the model."""

    def __init__(
        self,
        model: Any,
        dice: random.Random,
        *,
        prefix: str = "",
        timetable: Timetable | None = None,
        now: datetime | None = None,
    ) -> None:
        """`prefix` begins the ids of lessons; `timetable` and `now` are random unless given."""
        self.model, self.dice, self._prefix = model, dice, prefix
        self.now = now or datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(730 * 1440))
        self.stack: list[Timetable] = []  # what was in force before each publish that is in effect
        self.timetable = timetable or self._timetable()
        self.publishes = self.timetable.publishes
        self.profile = Profile(self._zone(), self._minute(), self._weekdays(), self._pace())
        self.standing = enrolled(self.timetable, self.profile, self.now)
        course, who = self.course(), self.who()
        self.enrolment = model.enrol(course, who, "e", self.now, self.profile.pace)
        self.done: list[str] = []

    # The random world

    def _zone(self) -> str | None:
        return self.dice.choice([None, self.dice.choice(TROUBLE), self.dice.choice(ZONES)])

    def _minute(self) -> int | None:
        return self.dice.choice([None, None, self.dice.randrange(0, 1440, 15)])

    def _weekdays(self) -> frozenset[int] | None:
        return self.dice.choice([None, None, frozenset(self.dice.sample(range(7), self.dice.randint(1, 4)))])

    def _pace(self) -> str | int:
        return self.dice.choice(["normal", "normal", "slower", "faster", 1, 3, 10])

    def _gap(self) -> int | None:
        return self.dice.choice([None, None, self.dice.randint(1, 20)])

    def _near(self) -> date:
        return self.now.date() + timedelta(days=self.dice.randint(-40, 60))

    def _timetable(self) -> Timetable:
        dice = self.dice
        steps = [Step(f"{self._prefix}L{number}", self._gap()) for number in range(dice.randint(1, 9))]
        if dice.random() < 0.7:
            steps.insert(0, Step(f"{self._prefix}W", welcome=True))
        return Timetable(dice.choice(TROUBLE), tuple(steps), self._cadence(dice.choice([None, self._near()])))

    def _cadence(self, cohort_start: date | None) -> Cadence:
        dice = self.dice
        cadence = Cadence(start=2000)
        while cadence.problems():
            start = dice.choice([0, 120, 150, 540, dice.randrange(1440)])
            cadence = Cadence(
                weekdays=self._weekdays() or frozenset(range(7)),
                start=start,
                end=dice.choice([None, dice.randint(start + 1, 1440)]),
                gap=dice.randint(1, 14),
                min_gap=dice.choice([1, 1, 1, 2, 5]),
                zone_mode=dice.choice(["subscriber", "subscriber", "course"]),
                holidays=frozenset(self._near() for _ in range(dice.randrange(5))),
                quiet=dice.choice([None, (1260, 420), (dice.randrange(1440), dice.randrange(1440))]),
                welcome=dice.choice(["now", "slot"]),
                cohort_start=cohort_start,
                catch_up=dice.choice(["shift", "skip", "one_a_day"]),
            )
        return cadence

    def edited(self) -> tuple[Timetable, Choices]:
        """Another revision, and the marketer's choices for it. A cohort stays one."""
        dice, steps, cadence = self.dice, list(self.timetable.steps), self.timetable.cadence
        for number in range(dice.randint(1, 4)):
            at = dice.randrange(len(steps))
            match dice.choice(["add", "add", "remove", "move", "move", "gap", "cadence"]):
                case "add":
                    steps.insert(
                        dice.randint(0, len(steps)),
                        Step(f"{self._prefix}N{self.publishes}-{number}", self._gap()),
                    )
                case "remove" if len(steps) > 1:
                    steps.pop(at)
                case "move":
                    steps.insert(dice.randrange(len(steps)), steps.pop(at))
                case "gap":
                    steps[at] = replace(steps[at], gap=self._gap())
                case "cadence":
                    cadence = self._cadence(cadence.cohort_start and self._near())
        chosen = {step.id: dice.choice(list(Policy)) for step in steps if dice.random() < 0.5}
        reopened = frozenset(step.id for step in steps if dice.random() < 0.1)
        new = replace(self.timetable, steps=tuple(steps), cadence=cadence, publishes=self.publishes + 1)
        return new, Choices(chosen, reopened)

    # The same course and person, as the model knows them

    def course(self) -> Any:
        stack = [*self.stack, self.timetable]
        former = tuple((after.publishes, self.revision(before)) for before, after in pairwise(stack))
        revision, paused = self.revision(self.timetable), self.timetable.paused
        return self.model.Course("C", self.timetable.zone, revision, paused, former, self.publishes)

    def revision(self, timetable: Timetable, words: Mapping[str, str] | None = None) -> Any:
        """A timetable as the model knows it; `words` are what lessons say, by their ids."""
        model, cadence, says = self.model, timetable.cadence, words or {}
        lessons = tuple(
            model.Lesson(one.id, one.gap, says.get(one.id, ""), one.welcome) for one in timetable.steps
        )
        fields = {name: getattr(cadence, name) for name in Cadence.__slots__}
        return model.Revision(lessons, model.Cadence(**fields | {"catch_up": cadence.policy}))

    def who(self) -> Any:
        return self.model.Subscriber("S", self.profile.zone, self.profile.minute, self.profile.weekdays, 3)

    # One step of both

    def step(self) -> None:
        self._do(self.dice.choice([*self._own(), *self._own(), *self._of_the_course()]))

    def live_until(self, moment: datetime) -> None:
        """Whatever one learner may do and meet in a course that stays as it is, up to about the moment."""
        while self.now < moment and len(self.done) < STEPS:
            self._do(self.dice.choice(self._own()))
        while self.standing.due_at is not None and self.standing.due_at < moment:
            self._do(self.arrive if self.standing.queued else self.live)

    def _own(self) -> list[Callable[[], None]]:
        wishes = [self.pause, self.resume, self.next_now, self.skip, self.leave, self.rejoin, self.prefer]
        return [*([self.live] * 6), self.wait, self.wait, self.arrive, *wishes]

    def _of_the_course(self) -> list[Callable[[], None]]:
        return [self.call_back, self.pause_course, self.outage, self.publish, self.publish, self.roll_back]

    def _do(self, verb: Callable[[], None]) -> None:
        self.done.append(f"{verb.__name__} at {self.now}")
        verb()
        self.check()

    def do(self, verb: Callable[..., Standing], other: Callable[..., Any], *arguments: Any) -> None:
        self.standing = verb(self.timetable, self.profile, self.now, *arguments)
        self.enrolment = other(self.course(), self.who(), self.enrolment, self.now, *arguments)

    def live(self) -> None:
        """The tick at the due moment or somewhat later, perhaps with a full cap, and mostly the delivery."""
        if self.standing.due_at is not None and self.standing.queued is None:
            self.now = max(self.now, self.standing.due_at) + timedelta(
                minutes=self.dice.choice([0, 0, 5, 59, 61])
            )
        full = self.dice.random() < 0.1
        _, self.standing = self.standing.promote(self.timetable, self.profile, self.now, cap_reached=full)
        day = self.model.rules_of(self.course(), self.who(), self.enrolment).day(self.now)
        self.enrolment = self.model.promote(
            self.course(), self.who(), self.enrolment, self.now, {day: 3 if full else 0}
        )
        if self.dice.random() < 0.8:
            self.check()
            self.arrive()

    def arrive(self) -> None:
        self.now += timedelta(minutes=self.dice.choice([0, 0, 0, 3, 60, 61, 300, 3000]))
        self.do(lambda *world: self.standing.sent(*world), self.model.on_sent)

    def wait(self) -> None:
        self.now += timedelta(minutes=self.dice.randrange(3 * 1440))

    def outage(self) -> None:
        self.now += timedelta(days=self.dice.randrange(30), minutes=self.dice.randrange(1440))

    def pause(self) -> None:
        until = self.dice.choice([None, self.now.date() + timedelta(days=self.dice.randint(-1, 40))])
        self.call_back()
        self.do(lambda *world: self.standing.pause(*world), self.model.pause, until)

    def resume(self) -> None:
        if self.standing.state in ("active", "paused"):  # the model also wakes who left
            self.do(lambda *world: self.standing.resume(*world), self.model.resume)

    def next_now(self) -> None:
        self.do(lambda *world: self.standing.next_now(*world), self.model.next_now)

    def skip(self) -> None:
        self.do(lambda *world: self.standing.skip(*world), self.model.skip)

    def leave(self) -> None:
        if self.dice.random() < 0.3:
            self.standing = self.standing.called_back(self.timetable, self.profile, self.now).leave()
            self.enrolment = self.model.leave(self.enrolment)

    def rejoin(self) -> None:
        over = self.dice.random() < 0.3
        self.standing = self.standing.rejoined(self.timetable, self.profile, self.now, start_over=over)
        self.enrolment = self.model.rejoin(self.course(), self.who(), self.enrolment, self.now, over)

    def prefer(self) -> None:
        what = self.dice.choice(["zone", "minute", "weekdays", "pace"])
        self.profile = replace(self.profile, **{what: getattr(self, f"_{what}")()})
        self.enrolment = replace(self.enrolment, pace=self.profile.pace)
        self.do(lambda *world: self.standing.changed(*world), self.model.settle)

    def call_back(self) -> None:
        self.standing = self.standing.called_back(self.timetable, self.profile, self.now)
        back = self.model.cancel(self.enrolment)
        if back != self.enrolment:
            self.enrolment = self.model.settle(self.course(), self.who(), back, self.now)

    def pause_course(self) -> None:
        self.timetable = replace(self.timetable, paused=not self.timetable.paused)

    def publish(self) -> None:
        new, choices = self.edited()
        move = Publication(self.timetable, new, choices)
        before, was, course = self.standing, self.enrolment, self.course()
        self.standing = move.moved(before, self.profile, self.now)
        people, theirs = [(self.who(), was)], self.revision(new)
        _, (self.enrolment,) = self.model.publish(
            course, theirs, people, self.now, choices.policies, choices.reopen
        )
        told = self.model.effect(course.revision, theirs, was, self.enrolment)
        assert effect(move, before, self.standing, frozenset()) in effects(told, before.state), told
        self.stack.append(self.timetable)
        self.timetable, self.publishes = new, new.publishes

    def roll_back(self) -> None:
        """The last publish, or several of them, taken back."""
        stages = []
        course, theirs = self.course(), self.enrolment
        in_force = self.timetable
        for _ in range(min(len(self.stack), self.dice.randint(1, 3))):
            former = replace(self.stack.pop(), paused=in_force.paused)
            stages.append((self.timetable.publishes, former))
            course, (theirs,) = self.model.roll_back(course, [(self.who(), theirs)], self.now)
            self.timetable = former
        if stages:
            self.standing = RollBack(in_force, tuple(stages)).moved(self.standing, self.profile, self.now)
            self.enrolment = theirs

    # The comparison

    def check(self) -> None:
        told = "\n".join([str(self.timetable), str(self.profile), *self.done])
        assert facts(self.standing) == facts_of_model(self.enrolment), told


def facts(standing: Standing) -> dict[str, Any]:
    """All that the product and the model must agree on."""
    marks = {(one.lesson, one.status, one.by) for one in standing.progress.marks}
    if standing.queued is not None:
        marks.add((standing.queued.lesson, "queued", standing.queued.by))
    return {
        "next": standing.next_lesson,
        "planned": standing.planned_at,
        "due": standing.due_at,
        "state": standing.state,
        "run": standing.run,
        "rebase": standing.rebase,
        "anchor": standing.anchor_at,
        "last_at": standing.last_at,
        "paused_until": standing.paused_until,
        "held_until": standing.held_until,
        "reopened": standing.reopened,
        "appended": standing.progress.appended,
        "marks": marks,
    }


def facts_of_model(enrolment: Any) -> dict[str, Any]:
    marks = {(one.lesson, one.status, one.by) for one in enrolment.ledger}
    names = [name for name in facts(Standing(enrolment.joined_at)) if name != "marks"]
    return {name: getattr(enrolment, name) for name in names} | {"marks": marks}
