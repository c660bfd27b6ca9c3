"""Bars by the hour: where each moment falls, which bar is broken, and what the drawing finds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from courseletter.web.admin.bars import HIGH, by_hour, drawing

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 12, 9, 42, tzinfo=UTC)


def test_each_moment_falls_into_its_hour_of_the_zones_clock() -> None:
    hours = by_hour([(NOW, 3), (NOW + timedelta(minutes=18), 5), (NOW + timedelta(hours=23), 7)], NOW, LONDON)
    assert [people for _, people in hours] == [3, 5, *[0] * 21, 7]
    assert [f"{hour:%H}" for hour, _ in hours][:3] == ["09", "10", "11"]


def test_half_hour_zones_keep_their_own_hours() -> None:
    hours = by_hour([(NOW, 1)], NOW, ZoneInfo("Asia/Kolkata"))
    assert f"{hours[0][0]:%H:%M}" == "15:00"


def test_an_hour_that_the_clock_skips_is_not_drawn() -> None:
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    hours = by_hour([(before + timedelta(hours=1), 4)], before, LONDON)
    assert [f"{hour:%H}" for hour, _ in hours][:3] == ["00", "02", "03"]
    assert hours[1][1] == 4


def test_one_bar_far_above_the_others_is_broken_and_the_others_stay_readable() -> None:
    moments = [(NOW, 8_421), (NOW + timedelta(hours=1), 298), (NOW + timedelta(hours=2), 97)]
    hours = by_hour(moments, NOW, LONDON)
    drawn = drawing(hours, width=960, label_every=3)
    assert [bar.broken for bar in drawn.bars[:3]] == [True, False, False]
    assert drawn.bars[0].height == HIGH
    assert HIGH / 2 < drawn.bars[1].height < HIGH
    assert drawn.finding == "Most leave in the hour from 09:00: 8,421."


def test_a_single_person_is_seen_and_nobody_is_not() -> None:
    drawn = drawing(
        by_hour([(NOW, 300), (NOW + timedelta(hours=2), 1)], NOW, LONDON), width=960, label_every=3
    )
    assert drawn.bars[2].height == 2
    assert drawn.bars[1].height == 0
    assert [bar.label for bar in drawn.bars[:4]] == ["now", "", "", "12:00"]
    assert "Nothing leaves" in drawing(by_hour([], NOW, LONDON), width=960, label_every=3).finding
