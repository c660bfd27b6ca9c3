"""The worked examples of the schedule: Berlin in 2026, a course of five lessons after a welcome."""

from dataclasses import replace
from datetime import date

import pytest
from calendars import berlin, coming_dates, dates, received, timetable

from campaigns.cadence import Cadence, CatchUp
from campaigns.schedule import Profile, Timetable
from campaigns.standing import Promotion, Standing, enrolled, future

MONDAYS = Cadence(weekdays=frozenset({0}))
ANYONE = Profile()
SIGN_UP = berlin("2026-03-11 15:42")  # a Wednesday


def calendar(course: Timetable, profile: Profile = ANYONE) -> list[str]:
    return coming_dates(course, profile, enrolled(course, profile, SIGN_UP), SIGN_UP)


def after(course: Timetable, count: int) -> Standing:
    """Signed up on 11 March, and had so many of the emails."""
    standing = enrolled(course, ANYONE, SIGN_UP)
    for _ in range(count):
        standing = received(course, ANYONE, standing)
    return standing


def test_s01_s08_normal_pace_stays_at_nine_over_the_summer_change() -> None:
    assert calendar(timetable(MONDAYS)) == [
        "W Wed 11 Mar 15:42",
        "L1 Mon 16 Mar 09:00",
        "L2 Mon 23 Mar 09:00",
        "L3 Mon 30 Mar 09:00",
        "L4 Mon 6 Apr 09:00",
        "L5 Mon 13 Apr 09:00",
    ]


def test_s04_sundays_at_half_past_two_when_that_does_not_exist() -> None:
    course = timetable(Cadence(weekdays=frozenset({6}), start=150), 4)
    assert calendar(course)[1:] == [
        "L1 Sun 15 Mar 02:30",
        "L2 Sun 22 Mar 02:30",
        "L3 Sun 29 Mar 03:00",
        "L4 Sun 5 Apr 02:30",
    ]


def test_s07_faster_adds_the_workdays() -> None:
    assert calendar(timetable(MONDAYS), Profile(pace="faster"))[1:] == [
        "L1 Thu 12 Mar 09:00",
        "L2 Mon 16 Mar 09:00",
        "L3 Fri 20 Mar 09:00",
        "L4 Tue 24 Mar 09:00",
        "L5 Mon 30 Mar 09:00",
    ]


def test_s07_slower_doubles_the_gap() -> None:
    assert calendar(timetable(MONDAYS), Profile(pace="slower"))[1:] == [
        "L1 Mon 16 Mar 09:00",
        "L2 Mon 30 Mar 09:00",
        "L3 Mon 13 Apr 09:00",
        "L4 Mon 27 Apr 09:00",
        "L5 Mon 11 May 09:00",
    ]


@pytest.mark.parametrize(
    ("resumed", "expected"),
    [
        ("2026-04-20 08:00", ["L3 Mon 20 Apr 09:00", "L4 Mon 27 Apr 09:00", "L5 Mon 4 May 09:00"]),
        ("2026-04-20 09:30", ["L3 Mon 27 Apr 09:00", "L4 Mon 4 May 09:00", "L5 Mon 11 May 09:00"]),
    ],
)
def test_s12_a_pause_moves_the_rest_and_loses_none(resumed: str, expected: list[str]) -> None:
    course = timetable(MONDAYS)
    paused = after(course, 3).pause(course, ANYONE, berlin("2026-03-25 12:00"), None)
    assert paused.due_at is None
    back = berlin(resumed)
    assert coming_dates(course, ANYONE, paused.resume(course, ANYONE, back), back) == expected


def test_s14_next_now_moves_the_rest_up_without_a_hole() -> None:
    course, evening = timetable(MONDAYS), berlin("2026-03-25 20:00")
    asked = after(course, 3).next_now(course, ANYONE, evening)
    assert asked.queued is not None
    assert asked.queued.lesson == "L3"
    assert coming_dates(course, ANYONE, asked, evening) == ["L4 Mon 30 Mar 09:00", "L5 Mon 6 Apr 09:00"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("one_a_day", ["L1 Sun 8", "L2 Mon 9", "L3 Tue 10", "L4 Wed 11", "L5 Thu 12"]),
        ("skip", ["L3 Sun 8", "L4 Mon 9", "L5 Tue 10"]),
        ("shift", ["L1 Sun 8", "L2 Tue 10", "L3 Thu 12", "L4 Sat 14", "L5 Mon 16"]),
    ],
)
@pytest.mark.parametrize("welcome", [True, False])
def test_s10_somebody_joins_a_cohort_late(policy: CatchUp, expected: list[str], welcome: bool) -> None:
    cadence = Cadence(start=480, gap=2, cohort_start=date(2026, 3, 2), catch_up=policy)
    course, joined = timetable(cadence, welcome=welcome), berlin("2026-03-07 21:15")
    lived = coming_dates(course, ANYONE, enrolled(course, ANYONE, joined), joined)
    assert [one for one in lived if not one.startswith("W")] == [f"{one} Mar 08:00" for one in expected]


def test_s08_a_cohort_that_is_on_time_starts_on_its_day() -> None:
    course, joined = (
        timetable(Cadence(start=480, gap=2, cohort_start=date(2026, 3, 2))),
        berlin("2026-02-20 21:15"),
    )
    assert coming_dates(course, ANYONE, enrolled(course, ANYONE, joined), joined) == [
        "W Fri 20 Feb 21:15",
        "L1 Mon 2 Mar 08:00",
        "L2 Wed 4 Mar 08:00",
        "L3 Fri 6 Mar 08:00",
        "L4 Sun 8 Mar 08:00",
        "L5 Tue 10 Mar 08:00",
    ]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("shift", ["L2 Thu 7 May", "L3 Sat 9 May", "L4 Mon 11 May", "L5 Wed 13 May"]),
        ("one_a_day", ["L2 Thu 7 May", "L3 Fri 8 May", "L4 Sat 9 May", "L5 Sun 10 May"]),
        ("skip", ["L3 Thu 7 May", "L4 Fri 8 May", "L5 Sun 10 May"]),
    ],
)
def test_s09_s10_r25_after_an_outage_nothing_floods(policy: CatchUp, expected: list[str]) -> None:
    """Down from Monday 06:00 to Thursday 07:00; L2 was planned for Monday, L3 for Wednesday."""
    course, joined = timetable(Cadence(start=480, gap=2, catch_up=policy)), berlin("2026-05-01 12:00")
    standing = received(course, ANYONE, received(course, ANYONE, enrolled(course, ANYONE, joined)))
    assert dates(future(course, ANYONE, standing, berlin("2026-05-02 09:00"))) == [
        *("L2 Mon 4 May 08:00", "L3 Wed 6 May 08:00", "L4 Fri 8 May 08:00", "L5 Sun 10 May 08:00"),
    ]
    up_again = berlin("2026-05-07 07:00")
    promotion, redated = standing.promote(course, ANYONE, up_again)
    assert promotion is Promotion.REDATED
    assert redated.queued is None
    assert coming_dates(course, ANYONE, redated, up_again) == [f"{one} 08:00" for one in expected]


def test_s13_a_paused_course_is_dated_anew_when_it_goes_on() -> None:
    course = timetable(MONDAYS)
    standing, paused = after(course, 3), replace(course, paused=True)
    for moment in ("2026-03-30 09:00", "2026-03-30 09:30", "2026-04-05 12:00"):
        assert standing.promote(paused, ANYONE, berlin(moment)) == (Promotion.NOTHING, standing)
    resumed = berlin("2026-04-07 10:00")
    promotion, redated = standing.promote(course, ANYONE, resumed)
    assert promotion is Promotion.REDATED
    assert coming_dates(course, ANYONE, redated, resumed)[0] == "L3 Mon 13 Apr 09:00"
