"""A simulated course tells every change of the clock; a pace is shown with its dates."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from calendars import (
    BERLIN,
    NUUK,
    berlin,
    dates,
    examples,
    moments,
    profiles,
    received,
    timetable,
    timetables,
)
from hypothesis import given
from hypothesis import strategies as st

from campaigns.cadence import Cadence
from campaigns.preview import at_pace, simulate
from campaigns.schedule import Profile, Timetable
from campaigns.standing import enrolled, future
from courseletter.errors import InvalidInput

SIGN_UP = berlin("2026-03-11 15:42")  # a Wednesday
MONDAYS = timetable(Cadence(weekdays=frozenset({0})))


def remarks(course: Timetable, zone: str, start: datetime) -> list[str]:
    """“29 Mar 03:00 <remark>” for each lesson that has one."""
    lived = simulate(course, Profile(zone), start)
    return [f"{one.at.astimezone(ZoneInfo(zone)):%d %b %H:%M} {one.remark}" for one in lived if one.remark]


def test_r24_a_lesson_in_the_gap_is_told_with_the_change() -> None:
    sundays = timetable(Cadence(weekdays=frozenset({6}), start=150))
    assert remarks(sundays, BERLIN, SIGN_UP) == [
        "29 Mar 03:00 summer time began on 29 March; clock gap: 02:30 does not exist, moved to 03:00"
    ]


def test_r24_a_lesson_in_the_overlap_is_told() -> None:
    sundays = timetable(Cadence(weekdays=frozenset({6}), start=150))
    assert remarks(sundays, BERLIN, berlin("2026-10-14 12:00")) == [
        "25 Oct 02:30 02:30 comes twice: the first one counts",
        "01 Nov 02:30 summer time ended on 25 October",
    ]


def test_a_change_between_two_lessons_is_told_at_the_one_after_it() -> None:
    assert remarks(MONDAYS, BERLIN, SIGN_UP) == ["30 Mar 09:00 summer time began on 29 March"]


def test_a_gap_that_runs_to_midnight() -> None:
    nightly = timetable(Cadence(gap=1, start=23 * 60 + 30), 2)
    told = remarks(nightly, NUUK, datetime(2026, 3, 27, 12, tzinfo=UTC))
    assert told[0] == "28 Mar 22:59 clock gap: 23:30 does not exist, moved to 22:59"


@pytest.mark.parametrize(
    ("zone", "start", "told"),
    [
        (
            "Africa/Casablanca",
            datetime(2026, 2, 10, tzinfo=UTC),
            "the clock went back by 60 minutes on 15 February",
        ),
        ("Australia/Lord_Howe", datetime(2026, 3, 30, tzinfo=UTC), "summer time ended on 5 April"),
        ("Europe/Dublin", datetime(2026, 3, 20, tzinfo=UTC), "29 March"),
    ],
)
def test_zones_with_rules_of_their_own(zone: str, start: datetime, told: str) -> None:
    daily = timetable(Cadence(gap=1), 14)
    (remark,) = remarks(daily, zone, start)
    assert remark.endswith(told)


def test_a_window_that_opens_in_the_quiet_hours_is_no_clock_gap() -> None:
    course = timetable(Cadence(gap=1, start=360, end=720, quiet=(1260, 420)))
    assert remarks(course, "Asia/Tokyo", SIGN_UP) == []


def test_a_simulation_tells_place_and_moment_in_utc() -> None:
    welcome, first, *_ = simulate(MONDAYS, Profile(), SIGN_UP.astimezone(ZoneInfo("Asia/Tokyo")))
    assert (welcome.lesson, welcome.at, welcome.remark) == ("W", SIGN_UP, "")
    assert first.planned == first.at == datetime(2026, 3, 16, 8, tzinfo=UTC)
    assert welcome.at.utcoffset() == first.at.utcoffset() == SIGN_UP.utcoffset()


def test_a_paused_course_is_simulated_as_if_it_ran() -> None:
    assert simulate(replace(MONDAYS, paused=True), Profile(), SIGN_UP) == simulate(
        MONDAYS, Profile(), SIGN_UP
    )


@pytest.mark.parametrize("year", [1, 1969, 2200, 9999])
def test_a_year_far_away_is_refused(year: int) -> None:
    with pytest.raises(
        InvalidInput, match=f"{year} is too far away: choose a day from 1970 to 2199."
    ) as caught:
        simulate(MONDAYS, Profile(), datetime(year, 6, 1, tzinfo=UTC))
    assert caught.value.field == "from"


@examples(60)
@given(data=st.data(), now=moments, profile=profiles)
def test_a_simulation_is_the_future_of_a_sign_up(
    data: st.DataObject, now: datetime, profile: Profile
) -> None:
    course = data.draw(timetables(now))
    lived = simulate(course, profile, now)
    assert [(one.lesson, one.at) for one in lived] == future(
        course, profile, enrolled(course, profile, now), now
    )


def test_s07_the_dates_of_a_pace_are_shown_before_it_is_chosen() -> None:
    standing = received(MONDAYS, Profile(), enrolled(MONDAYS, Profile(), SIGN_UP))
    standing = received(MONDAYS, Profile(), standing)  # L1 on Monday the 16th
    now = berlin("2026-03-17 12:00")
    shown = {
        pace: at_pace(MONDAYS, Profile(), standing, now, pace) for pace in ("slower", "normal", "faster")
    }
    assert dates(shown["faster"])[:2] == ["L2 Fri 20 Mar 09:00", "L3 Tue 24 Mar 09:00"]
    assert dates(shown["slower"])[:2] == ["L2 Mon 30 Mar 09:00", "L3 Mon 13 Apr 09:00"]
    assert shown["normal"] == future(MONDAYS, Profile(), standing, now)


def test_s07_a_pace_that_does_nothing_shows_the_same_dates() -> None:
    own = Profile(weekdays=frozenset({3}))
    standing = enrolled(MONDAYS, own, SIGN_UP)
    faster, normal = (at_pace(MONDAYS, own, standing, SIGN_UP, pace) for pace in ("faster", "normal"))
    assert faster == normal


def test_a_finished_course_has_no_dates() -> None:
    course = timetable(Cadence(cohort_start=date(2026, 3, 1)), 1, welcome=False)
    done = received(course, Profile(), enrolled(course, Profile(), SIGN_UP))
    assert at_pace(course, Profile(), done, SIGN_UP, "slower") == []
