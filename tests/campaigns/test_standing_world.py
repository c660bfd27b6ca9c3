"""Properties of whole lives: everything that may happen, interleaved, in virtual time."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from calendars import (
    THOROUGH,
    examples,
    may_send,
    minutes,
    moments,
    paces,
    profiles,
    received,
    timetables,
    weekdays,
    zones,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from campaigns.schedule import GRACE, REST, Profile, Timetable, remaining, slots_for
from campaigns.standing import Promotion, Standing, enrolled, future

CAP = 2
LIFETIME = timedelta(
    days=9 * 54 * 7 + 200
)  # seven lessons at twice twenty days, on one weekday, and holidays


@dataclass
class Delivery:
    lesson: str
    run: int
    due: datetime
    queued_at: datetime
    arrives_at: datetime
    by: str
    arrived_at: datetime | None = None

    @property
    def came(self) -> datetime:
        """The moment that rests count from: the planned one, unless it came over an hour late."""
        late = self.arrived_at is not None and self.arrived_at - self.due > GRACE
        return self.arrived_at if late and self.arrived_at is not None else self.due


class Learner:
    """One learner's place in one course, and all that was sent to them there."""

    def __init__(self, course: Timetable, profile: Profile, now: datetime) -> None:
        self.course, self.profile = course, profile
        self.standing = enrolled(course, profile, now)
        self.deliveries: list[Delivery] = []

    def tick(self, now: datetime, lag: timedelta, cap_reached: bool) -> bool:
        before = self.standing
        promotion, self.standing = before.promote(self.course, self.profile, now, cap_reached=cap_reached)
        if promotion is Promotion.QUEUED:
            assert before.due_at is not None
            assert not cap_reached or before.due_at == before.joined_at
            self.check_send(before, now)
            self.send(before.due_at, now, now + lag)
        return promotion is Promotion.QUEUED

    def send(self, due: datetime, now: datetime, arrives_at: datetime) -> None:
        queued = self.standing.queued
        assert queued is not None
        run = self.standing.run
        assert all(one.lesson != queued.lesson for one in self.deliveries if one.run == run), "sent twice"
        self.deliveries.append(Delivery(queued.lesson, run, due, now, arrives_at, queued.by))

    def check_send(self, before: Standing, now: datetime) -> None:
        """A scheduled lesson is active, in order, in a slot, on time and rested."""
        due, slots = before.due_at, slots_for(self.course, self.profile)
        assert due is not None
        assert before.state == "active"
        assert not self.course.paused
        assert due <= now <= due + GRACE
        step = next(remaining(self.course, before))
        assert step.id == before.next_lesson, "something undecided was jumped over"
        welcomed = step.welcome and due == before.joined_at
        assert welcomed or may_send(slots, due), "outside the rules"
        assert before.paused_until is None or slots.day_of(due) >= before.paused_until
        past = [one for one in self.deliveries if one.run == before.run]
        if not past:
            return
        last = past[-1]
        only_welcome = all(self.course.is_welcome(one.lesson) for one in past)
        days = (slots.day_of(due) - slots.day_of(last.came)).days
        assert days >= (1 if only_welcome else self.course.cadence.min_gap), "two in a day"
        assert only_welcome or due - last.came >= REST, "no rest"
        assert step.gap is None or self.profile.pace == "faster" or days >= step.gap, "before its own gap"

    def deliver(self, now: datetime) -> None:
        for one in self.deliveries:
            queued = self.standing.queued
            if one.arrived_at is None and one.arrives_at <= now and queued and queued.lesson == one.lesson:
                one.arrived_at = one.arrives_at
                self.standing = self.standing.sent(self.course, self.profile, now)

    def call_back(self, now: datetime) -> None:
        """What was queued and is called back was never received."""
        if self.standing.queued is not None:
            self.deliveries = [one for one in self.deliveries if one.arrived_at is not None]
            self.standing = self.standing.called_back(self.course, self.profile, now)

    def fail(self, now: datetime) -> None:
        if self.standing.queued is not None:
            self.deliveries = [one for one in self.deliveries if one.arrived_at is not None]
            self.standing = self.standing.failed(self.course, self.profile, now)

    def sent_on(self, day: date) -> int:
        slots = slots_for(self.course, self.profile)
        scheduled = [one for one in self.deliveries if one.by == "schedule"]
        return sum(slots.day_of(one.queued_at) == day for one in scheduled)

    def wakes_at(self) -> list[datetime]:
        """When something happens next by itself."""
        waiting = [one.arrives_at for one in self.deliveries if one.arrived_at is None]
        if waiting and self.standing.queued is not None:
            return waiting
        due = self.standing.due_at
        return [] if due is None or self.course.paused or self.standing.queued else [due]


class Lives(RuleBasedStateMachine):
    """One person in one or two courses; a person's cap is shared by both."""

    @initialize(data=st.data(), now=moments, two=st.booleans(), profile=profiles)
    def start(self, data: st.DataObject, now: datetime, two: bool, profile: Profile) -> None:
        self.now = now
        courses = [data.draw(timetables(now)) for _ in range(1 + two)]
        self.learners = [Learner(course, profile, now) for course in courses]

    def run(self, until: datetime, delay: timedelta = timedelta(0), lag: timedelta = timedelta(0)) -> None:
        for _ in range(5000):
            times = [time for learner in self.learners for time in learner.wakes_at() if time <= until]
            if not times:
                self.now = max(self.now, until)
                return
            self.now = max(self.now, min(times) + (delay if min(times) > self.now else timedelta(0)))
            for learner in self.learners:
                learner.deliver(self.now)
                learner.tick(self.now, lag, self.cap_reached(learner))
        pytest.fail("the world never comes to rest")

    def cap_reached(self, learner: Learner) -> bool:
        today = slots_for(learner.course, learner.profile).day_of(self.now)
        return sum(one.sent_on(today) for one in self.learners) >= CAP

    @rule(
        hours=st.integers(1, 480),
        delay=st.integers(0, 70),
        lag=st.sampled_from([0, 0, 0, 5, 45, 90, 1500, 4000]),
    )
    def live(self, hours: int, delay: int, lag: int) -> None:
        self.run(self.now + timedelta(hours=hours), timedelta(minutes=delay), timedelta(minutes=lag))

    @rule(hours=st.integers(1, 24 * 30))
    def outage(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(data=st.data(), days=st.none() | st.integers(-1, 40))
    def pause(self, data: st.DataObject, days: int | None) -> None:
        learner = data.draw(st.sampled_from(self.learners))
        until = None if days is None else self.now.date() + timedelta(days=days)
        if data.draw(st.booleans()):  # else what is queued is past the dot
            learner.call_back(self.now)
        learner.standing = learner.standing.pause(learner.course, learner.profile, self.now, until)

    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        learner = data.draw(st.sampled_from(self.learners))
        learner.standing = learner.standing.resume(learner.course, learner.profile, self.now)

    @rule(
        data=st.data(),
        change=st.one_of(
            st.fixed_dictionaries({"pace": paces}),
            st.fixed_dictionaries({"zone": st.none() | zones}),
            st.fixed_dictionaries({"minute": st.none() | minutes}),
            st.fixed_dictionaries({"weekdays": st.none() | weekdays}),
        ),
    )
    def prefer(self, data: st.DataObject, change: dict[str, object]) -> None:
        learner = data.draw(st.sampled_from(self.learners))
        learner.profile = replace(learner.profile, **change)  # type: ignore[arg-type]
        learner.standing = learner.standing.changed(learner.course, learner.profile, self.now)

    @rule(data=st.data())
    def next_now(self, data: st.DataObject) -> None:
        learner = data.draw(st.sampled_from(self.learners))
        before = learner.standing
        learner.standing = before.next_now(learner.course, learner.profile, self.now)
        assert (learner.standing == before) is (before.why_not_now(learner.course, self.now) is not None)
        if learner.standing != before:
            learner.send(self.now, self.now, self.now)

    @rule(data=st.data())
    def skip(self, data: st.DataObject) -> None:
        learner = data.draw(st.sampled_from(self.learners))
        learner.standing = learner.standing.skip(learner.course, learner.profile, self.now)

    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.learners)).fail(self.now)

    @rule(data=st.data(), called_back=st.booleans())
    def leave(self, data: st.DataObject, called_back: bool) -> None:
        learner = data.draw(st.sampled_from(self.learners))
        if called_back:
            learner.call_back(self.now)
        learner.standing = learner.standing.leave()

    @rule(data=st.data(), over=st.booleans())
    def rejoin(self, data: st.DataObject, over: bool) -> None:
        learner = data.draw(st.sampled_from(self.learners))
        learner.standing = learner.standing.rejoined(
            learner.course, learner.profile, self.now, start_over=over
        )

    @rule(data=st.data(), paused=st.booleans())
    def pause_course(self, data: st.DataObject, paused: bool) -> None:
        learner = data.draw(st.sampled_from(self.learners))
        learner.course = replace(learner.course, paused=paused)
        if paused:
            learner.call_back(self.now)

    @invariant()
    def nobody_is_stuck(self) -> None:
        for learner in getattr(self, "learners", []):
            standing = learner.standing
            if standing.state != "active":
                assert standing.due_at is None
                assert standing.next_lesson is None
                continue
            assert standing.queued or standing.due_at or standing.held
            if standing.due_at is not None:
                assert standing.next_lesson == next(remaining(learner.course, standing)).id
            again = standing.changed(learner.course, learner.profile, self.now)
            assert again == again.changed(learner.course, learner.profile, self.now)

    def teardown(self) -> None:
        for learner in getattr(self, "learners", []):
            learner.course = replace(learner.course, paused=False)
            learner.standing = learner.standing.released(learner.course, learner.profile, self.now)
            learner.standing = learner.standing.resume(learner.course, learner.profile, self.now)
        if hasattr(self, "learners"):
            self.run(self.now + LIFETIME)
            assert all(one.standing.state in ("completed", "left") for one in self.learners), "it never ends"


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=60 * THOROUGH, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


@examples(60)
@given(data=st.data(), now=moments, hours=st.integers(0, 24 * 60), profile=profiles)
def test_the_calendar_shown_is_the_calendar_lived(
    data: st.DataObject, now: datetime, hours: int, profile: Profile
) -> None:
    world = Lives()
    world.now, world.learners = now, [Learner(data.draw(timetables(now)), profile, now)]
    world.run(now + timedelta(hours=hours))
    world.now += timedelta(days=data.draw(st.sampled_from([0, 0, 1, 10])))  # an outage
    (learner,) = world.learners
    shown = future(learner.course, profile, learner.standing, world.now)
    so_far = len(learner.deliveries)
    world.run(world.now + LIFETIME)
    assert [(one.lesson, one.due) for one in learner.deliveries[so_far:]] == shown


@examples(60)
@given(data=st.data(), now=moments, had=st.integers(0, 5), days=st.integers(1, 60), profile=profiles)
def test_s12_a_pause_loses_and_adds_nothing(
    data: st.DataObject, now: datetime, had: int, days: int, profile: Profile
) -> None:
    course = data.draw(timetables(now))
    standing = enrolled(course, profile, now)
    for _ in range(min(had, len(course.steps) - 1)):
        if standing.due_at is not None:
            now = standing.due_at
            standing = received(course, profile, standing)
    assume(standing.state == "active")
    left = [step.id for step in remaining(course, standing)]
    # A cohort's late joiner under `skip` drops what was missed, pause or not.
    assume(not (course.cohort and course.cadence.policy == "skip" and course.is_welcome(left[0])))
    resting = standing.pause(course, profile, now, None)
    now += timedelta(days=days)
    back = resting.resume(course, profile, now)
    assert [lesson for lesson, _ in future(course, profile, back, now)] == left


@examples(60)
@given(data=st.data(), now=moments, profile=profiles, days=st.integers(0, 400))
def test_s09_r25_whatever_was_missed_at_most_one_lesson_a_day_follows(
    data: st.DataObject, now: datetime, profile: Profile, days: int
) -> None:
    course = data.draw(timetables(now))
    standing = enrolled(course, profile, now)
    slots = slots_for(course, profile)
    lived = future(course, profile, standing, now + timedelta(days=days))
    per_day = Counter(slots.day_of(at) for _, at in lived)
    assert all(count == 1 for count in per_day.values())
    assert all(at >= now for _, at in lived)
