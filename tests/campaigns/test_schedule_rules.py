"""Rules S1 to S8: which lesson comes next, and from what its moment is counted."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from calendars import (
    BERLIN,
    berlin,
    coming_dates,
    dates,
    examples,
    lessons,
    may_send,
    moments,
    profiles,
    received,
    timetable,
    timetables,
    zones,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.cadence import Cadence
from campaigns.schedule import (
    Mark,
    Profile,
    Progress,
    Step,
    Timetable,
    next_due,
    pace_named,
    remaining,
    slots_for,
)
from campaigns.standing import Standing, enrolled, future
from courseletter.errors import InvalidInput

ANYONE = Profile()
SIGN_UP = berlin("2026-03-11 15:42")  # a Wednesday
DAILY = Cadence(gap=1)
MONDAYS = Cadence(weekdays=frozenset({0}))


def calendar(course: Timetable, profile: Profile = ANYONE, joined: datetime = SIGN_UP) -> list[str]:
    return coming_dates(course, profile, enrolled(course, profile, joined), joined)


def days(calendar: list[str]) -> list[str]:
    return [" ".join(one.split()[2:4]) for one in calendar]


def test_s02_the_rhythm_counts_from_the_planned_moment_so_nothing_drifts() -> None:
    course = timetable(DAILY)
    standing = enrolled(course, ANYONE, SIGN_UP)
    for _ in range(4):
        standing = received(course, ANYONE, standing, lag=timedelta(minutes=55))
    assert coming_dates(course, ANYONE, standing, SIGN_UP + timedelta(days=3)) == [
        "L4 Sun 15 Mar 09:00",
        "L5 Mon 16 Mar 09:00",
    ]


def test_s02_an_own_gap_counts_from_when_the_lesson_really_came() -> None:
    """“Practise for two weeks”, after a lesson that came three days late."""
    course = replace(timetable(DAILY, 2), steps=(*lessons(1), Step("L2", gap=14)))
    standing = received(course, ANYONE, enrolled(course, ANYONE, SIGN_UP))
    standing = received(course, ANYONE, standing, lag=timedelta(days=3))  # planned for the 12th
    assert coming_dates(course, ANYONE, standing, berlin("2026-03-15 09:00")) == ["L2 Sun 29 Mar 09:00"]


def test_s02_the_minimum_gap_holds_after_a_late_delivery() -> None:
    course = timetable(Cadence(gap=2, min_gap=2))
    standing = received(course, ANYONE, enrolled(course, ANYONE, SIGN_UP))
    standing = received(
        course, ANYONE, standing, lag=timedelta(hours=30)
    )  # planned for the 12th, came the 13th
    assert coming_dates(course, ANYONE, standing, berlin("2026-03-13 15:00"))[0] == "L2 Sun 15 Mar 09:00"


def test_s05_an_own_hour_beats_window_and_quiet_hours() -> None:
    course = timetable(Cadence(start=540, end=1020, quiet=(1260, 420), gap=1), 1)
    assert calendar(course, Profile(minute=1380))[1:] == ["L1 Thu 12 Mar 23:00"]


def test_s05_own_weekdays_replace_the_courses() -> None:
    saturdays = Profile(weekdays=frozenset({5}))
    assert days(calendar(timetable(MONDAYS, 3), saturdays)[1:]) == ["14 Mar", "21 Mar", "28 Mar"]


def test_s05_a_cohort_keeps_weekdays_and_pace_but_hour_and_zone_are_personal() -> None:
    course = timetable(replace(MONDAYS, cohort_start=date(2026, 3, 16)), 2, welcome=False)
    own = Profile("America/New_York", 420, frozenset({5}), "slower")
    lived = future(course, own, enrolled(course, own, SIGN_UP), SIGN_UP)
    assert dates(lived, "America/New_York") == ["L1 Mon 16 Mar 07:00", "L2 Mon 23 Mar 07:00"]


def test_s05_a_course_may_keep_its_own_zone() -> None:
    course = timetable(replace(MONDAYS, zone_mode="course"), 1)
    assert calendar(course, Profile("Asia/Tokyo"))[1:] == ["L1 Mon 16 Mar 09:00"]


def test_s06_moving_the_hour_never_brings_two_lessons_within_twenty_hours() -> None:
    course = timetable(replace(DAILY, start=1380))
    standing = enrolled(course, ANYONE, SIGN_UP)
    for _ in range(2):
        standing = received(course, ANYONE, standing)  # L1 on Thursday the 12th at 23:00
    early, now = Profile(minute=360), berlin("2026-03-13 00:30")
    assert coming_dates(course, early, standing.changed(course, early, now), now)[0] == "L2 Sat 14 Mar 06:00"


def test_s06_moving_across_the_date_line_never_brings_two_lessons_in_one_day() -> None:
    course = timetable(DAILY)
    auckland, samoa = Profile("Pacific/Auckland"), Profile("Pacific/Pago_Pago")
    standing = enrolled(course, auckland, SIGN_UP)
    for _ in range(2):
        standing = received(course, auckland, standing)
    last = standing.last_at
    moved = standing.changed(course, samoa, SIGN_UP + timedelta(days=1))
    assert last is not None
    assert moved.due_at is not None
    assert moved.due_at - last >= timedelta(hours=20)


def test_s06_after_a_welcome_at_night_lesson_one_comes_in_the_morning() -> None:
    assert calendar(timetable(DAILY, 1), joined=berlin("2026-03-11 23:50")) == [
        "W Wed 11 Mar 23:50",
        "L1 Thu 12 Mar 09:00",
    ]


@pytest.mark.parametrize(
    ("cadence", "pace", "own", "gap"),
    [
        ({}, "normal", None, 7),
        ({}, "slower", None, 14),
        ({}, "faster", None, 4),
        ({}, 3, None, 3),
        ({"min_gap": 5}, 3, None, 5),
        ({"min_gap": 5}, "faster", None, 5),
        ({}, 3, 10, 10),
        ({}, 12, 10, 12),
        ({}, "faster", 10, 5),
        ({}, "slower", 10, 20),
    ],
)
def test_s07_gap_at_each_pace(cadence: dict[str, Any], pace: str | int, own: int | None, gap: int) -> None:
    course = Timetable(BERLIN, (Step("L1"), Step("L2", own)), Cadence(**cadence))
    (_, first), (_, second) = future(
        course, Profile(pace=pace), enrolled(course, Profile(pace=pace), SIGN_UP), SIGN_UP
    )
    assert (second.date() - first.date()).days == gap


def test_s07_a_pace_under_the_minimum_gap_is_planned_at_the_minimum() -> None:
    course = timetable(Cadence(gap=7, min_gap=5))
    standing = received(course, ANYONE, enrolled(course, ANYONE, SIGN_UP))
    standing = received(course, ANYONE, standing)  # L1 on the 12th
    found = next_due(course, Profile(pace=2), standing, SIGN_UP)
    assert found is not None
    assert (found.planned, found.at) == (berlin("2026-03-17 09:00"), berlin("2026-03-17 09:00"))


def test_s07_with_own_weekdays_faster_adds_none() -> None:
    own = Profile(weekdays=frozenset({3}))
    course = timetable(MONDAYS)
    assert calendar(course, replace(own, pace="faster")) == calendar(course, own)


def test_s08_a_welcome_at_the_next_slot() -> None:
    assert calendar(timetable(replace(DAILY, welcome="slot"), 1)) == [
        "W Thu 12 Mar 09:00",
        "L1 Fri 13 Mar 09:00",
    ]


def test_s08_without_a_welcome_the_first_lesson_takes_the_next_slot() -> None:
    assert calendar(timetable(DAILY, 1, welcome=False)) == ["L1 Thu 12 Mar 09:00"]


def test_s19_the_next_lesson_is_the_first_not_had_and_appended_ones_come_last() -> None:
    course = timetable(DAILY, 4)
    marks = frozenset({Mark("W", "sent", "schedule"), Mark("L3", "skipped", "publish:2")})
    standing = Standing(SIGN_UP, progress=Progress(marks, appended=(("L1", 2), ("gone", 2))))
    assert [step.id for step in remaining(course, standing)] == ["L2", "L4", "L1"]


def test_nothing_left_has_no_due() -> None:
    course = timetable(DAILY, 1, welcome=False)
    had = Progress(frozenset({Mark("L1", "sent", "schedule")}))
    assert next_due(course, ANYONE, Standing(SIGN_UP, progress=had), SIGN_UP) is None


def test_progress_has_one_signature_whatever_the_order() -> None:
    marks = [Mark(f"L{number}", "sent", "schedule") for number in range(20)]
    one, other = Progress(frozenset(marks)), Progress(frozenset(reversed(marks)))
    assert one.signature() == other.signature()
    assert len(one.signature()) == 64
    assert one.signature() != one.with_mark("L99", "skipped", "learner").signature()
    assert one.signature() != Progress(frozenset(marks), (("L1", 1),)).signature()


def test_progress_survives_storing() -> None:
    progress = Progress(frozenset({Mark("L1", "skipped", "publish:3")}), (("L2", 3),))
    assert Progress.from_json(progress.to_json()) == progress


@pytest.mark.parametrize(
    ("text", "pace"), [("faster", "faster"), (" Normal ", "normal"), ("10", 10), ("366", 366)]
)
def test_a_pace_is_read(text: str, pace: str | int) -> None:
    assert pace_named(text) == pace


@pytest.mark.parametrize("text", ["", "0", "367", "-1", "quick", "1.5", "9" * 5000, "²"])
def test_a_pace_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="choose slower, normal, faster or 1 to 366 days") as caught:
        pace_named(text)
    assert caught.value.field == "pace"
    assert len(str(caught.value)) < 120


@examples(40)
@given(zone=zones, now=moments, start=st.integers(0, 1439), weekday=st.integers(0, 6))
def test_s01_104_weekly_lessons_are_seven_days_apart(
    zone: str, now: datetime, start: int, weekday: int
) -> None:
    course = timetable(Cadence(weekdays=frozenset({weekday}), start=start), 104, welcome=False)
    profile = Profile(zone)
    slots = slots_for(course, profile)
    lived = [at for _, at in future(course, profile, enrolled(course, profile, now), now)]
    first = slots.day_of(lived[0])
    assert [slots.day_of(at) for at in lived] == [first + timedelta(weeks=week) for week in range(104)]
    assert all(may_send(slots, at) for at in lived)


@examples(100)
@given(data=st.data(), now=moments, had=st.integers(0, 5), wait=st.integers(0, 24 * 30))
def test_s07_faster_is_never_later_and_slower_never_earlier(
    data: st.DataObject, now: datetime, had: int, wait: int
) -> None:
    course, profile = data.draw(timetables(now)), replace(data.draw(profiles), pace="normal")
    standing = enrolled(course, profile, now)
    for _ in range(min(had, len(course.steps) - 1)):
        if standing.due_at is not None:
            now = standing.due_at
            standing = received(course, profile, standing)
    assume(standing.state == "active")
    now += timedelta(hours=wait)
    due = {}
    for pace in ("faster", "normal", "slower"):
        found = next_due(course, replace(profile, pace=pace), standing, now)
        assert found is not None
        due[pace] = found.at
    assert due["faster"] <= due["normal"] <= due["slower"]


@examples(100)
@given(data=st.data(), now=moments)
def test_the_same_inputs_give_the_same_moment_in_a_slot(data: st.DataObject, now: datetime) -> None:
    course, profile = data.draw(timetables(now)), data.draw(profiles)
    standing = enrolled(course, profile, now)
    assert standing == enrolled(course, profile, now)
    found = next_due(course, profile, standing, now)
    assert found is not None
    at_once = course.steps[0].welcome and course.cadence.welcome == "now"
    assert found.at >= now
    assert may_send(slots_for(course, profile), found.at) or (at_once and found.at == now)
