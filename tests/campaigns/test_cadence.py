"""A cadence says what contradicts itself, survives storing, and reads as English."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from calendars import cadences, examples, moments
from hypothesis import given
from hypothesis import strategies as st

from campaigns.cadence import Cadence
from campaigns.rhythm import interval_phrase, rhythm_phrase, weekdays_phrase

MONDAYS = frozenset({0})
WORKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"weekdays": frozenset()}, "No weekday is chosen: choose at least one."),
        ({"weekdays": frozenset({7})}, "A weekday is not one of 0 to 6"),
        ({"gap": 0}, "The gap between lessons is 0 days: make it 1 to 366."),
        ({"gap": 10**9}, "The gap between lessons is 1000000000 days"),
        ({"min_gap": 0}, "The smallest gap is 0 days: make it 1 to 366."),
        ({"start": 1440}, "The hour is not a time of day"),
        ({"start": -1}, "The hour is not a time of day"),
        ({"start": 540, "end": 540}, "The window opens at 9:00 and must close later"),
        ({"end": 1441}, "The window opens at 9:00 and must close later, by 24:00"),
        ({"quiet": (0, 1441)}, "The quiet hours are not times of day"),
        ({"quiet": (500, 600)}, "The whole time for sending lies in the quiet hours"),
        (
            {"start": 1300, "end": 1400, "quiet": (1260, 420)},
            "The whole time for sending lies in the quiet hours",
        ),
        ({"catch_up": "flood"}, "“flood” is not a catch-up policy: choose one of shift, skip, one_a_day."),
        ({"welcome": "never"}, "“never” is not a welcome: choose one of now, slot."),
        ({"zone_mode": "mars"}, "“mars” is not a zone mode"),
    ],
)
def test_a_contradiction_is_told_with_what_to_do(change: dict[str, Any], told: str) -> None:
    (problem,) = replace(Cadence(), **change).problems()
    assert problem.startswith(told)
    assert problem.endswith(".")


def test_the_default_has_no_problem() -> None:
    assert Cadence().problems() == []


def test_a_window_that_is_quiet_in_part_is_no_problem() -> None:
    assert Cadence(start=360, end=480, quiet=(1260, 420)).problems() == []


def test_s10_a_cohort_keeps_its_calendar_unless_told_otherwise() -> None:
    cohort = Cadence(cohort_start=date(2026, 3, 2))
    assert Cadence().policy == "shift"
    assert cohort.policy == "one_a_day"
    assert replace(cohort, catch_up="skip").policy == "skip"


@examples(100)
@given(data=st.data(), now=moments)
def test_a_cadence_survives_storing(data: st.DataObject, now: datetime) -> None:
    cadence = data.draw(cadences(now))
    assert Cadence.from_json(cadence.to_json()) == cadence


def test_an_empty_record_is_the_default() -> None:
    assert Cadence.from_json({}) == Cadence()


def test_stored_form_is_plain_json_in_one_order() -> None:
    cadence = Cadence(
        frozenset({4, 0}), holidays=frozenset({date(2026, 12, 25), date(2026, 1, 1)}), quiet=(1260, 420)
    )
    stored = cadence.to_json()
    assert stored["weekdays"] == [0, 4]
    assert stored["holidays"] == ["2026-01-01", "2026-12-25"]
    assert stored["quiet"] == [1260, 420]


@pytest.mark.parametrize(
    ("cadence", "phrase"),
    [
        (Cadence(MONDAYS), "Mondays at 9:00"),
        (Cadence(MONDAYS, gap=3), "Mondays at 9:00"),
        (Cadence(MONDAYS, gap=8), "every second Monday at 9:00"),
        (Cadence(), "once a week at 9:00"),
        (Cadence(gap=1, start=450), "every day at 7:30"),
        (Cadence(gap=1, min_gap=2), "every second day at 9:00"),
        (Cadence(WORKDAYS, gap=1, end=1020), "Monday to Friday between 9:00 and 17:00"),
        (Cadence(WORKDAYS), "Monday to Friday at 9:00, a week apart"),
        (Cadence(WORKDAYS, gap=2), "Monday to Friday at 9:00, 2 days apart"),
        (Cadence(frozenset({0, 3}), gap=3), "Mondays and Thursdays at 9:00"),
        (Cadence(frozenset({0, 3}), gap=14), "Mondays and Thursdays at 9:00, 2 weeks apart"),
    ],
)
def test_a_cadence_reads_as_english(cadence: Cadence, phrase: str) -> None:
    assert cadence.phrase() == phrase


@pytest.mark.parametrize(
    ("weekdays", "gap", "phrase"),
    [
        ({3}, 7, "Thursdays"),
        ({3}, 14, "every second Thursday"),
        ({3}, 28, "every fourth Thursday"),
        ({3}, 35, "every 5 weeks on Thursdays"),
        ({0, 3}, 3, "Mondays and Thursdays"),
        ({0, 2, 4}, 2, "Mondays, Wednesdays and Fridays"),
        (EVERY_DAY, 7, "once a week"),
        (EVERY_DAY, 1, "every day"),
        (EVERY_DAY, 2, "every second day"),
        (EVERY_DAY, 10, "every 10 days"),
        (WORKDAYS, 4, "every 4 to 6 days, Monday to Friday"),
        (WORKDAYS, 7, "once a week, Monday to Friday"),
        (WORKDAYS, 1, "Monday to Friday"),
    ],
)
def test_s07_a_rhythm_reads_as_english(weekdays: set[int], gap: int, phrase: str) -> None:
    assert rhythm_phrase(frozenset(weekdays), gap) == phrase


@examples(200)
@given(
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    gap=st.integers(1, 366),
)
def test_every_rhythm_has_a_phrase(weekdays: frozenset[int], gap: int) -> None:
    assert rhythm_phrase(weekdays, gap)


def test_weekdays_and_intervals() -> None:
    assert weekdays_phrase(frozenset({5, 6})) == "Saturdays and Sundays"
    assert weekdays_phrase(frozenset({0, 1, 3, 4})) == "Mondays, Tuesdays, Thursdays and Fridays"
    assert [interval_phrase(days) for days in (1, 2, 3, 5, 7, 14, 35)] == [
        *("every day", "every second day", "every third day", "every 5 days"),
        *("once a week", "every second week", "every 5 weeks"),
    ]
