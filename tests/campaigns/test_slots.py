"""The first permitted moment, against the clock's own behaviour: every zone, every change, every minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from calendars import BERLIN, NUUK, ZONES, cadences, changes, examples, may_send, moments, weekdays, zones
from hypothesis import given
from hypothesis import strategies as st

from campaigns.slots import Slots, instant, is_quiet
from courseletter.errors import InvalidInput
from courseletter.zones import zone_named

EVERY_DAY = frozenset(range(7))
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def at(name: str, start: int, **rules: object) -> Slots:
    return Slots(ZoneInfo(name), EVERY_DAY, start, **rules)  # type: ignore[arg-type]


def local(moment: datetime | None, name: str) -> str:
    assert moment is not None
    return f"{moment.astimezone(ZoneInfo(name)):%Y-%m-%d %H:%M%z}"


def test_s01_nine_stays_nine_across_the_summer() -> None:
    slots = at(BERLIN, 540)
    days = [slots.on(date(2026, 3, 28) + timedelta(days=number), LONG_AGO) for number in range(3)]
    assert [local(day, BERLIN) for day in days] == [
        "2026-03-28 09:00+0100",
        "2026-03-29 09:00+0200",
        "2026-03-30 09:00+0200",
    ]


def test_s03_a_fixed_time_already_past_waits_for_the_next_permitted_day() -> None:
    mondays = Slots(ZoneInfo(BERLIN), frozenset({0}), 540)
    just_past = datetime(2026, 3, 16, 8, 0, 1, tzinfo=UTC)
    assert local(mondays.first(just_past), BERLIN) == "2026-03-23 09:00+0100"


def test_s03_inside_a_window_now_is_a_slot() -> None:
    now = datetime(2026, 3, 16, 10, 17, 3, tzinfo=UTC)
    assert at(BERLIN, 540, end=1020).first(now) == now


def test_s03_after_the_window_the_next_opening() -> None:
    now = datetime(2026, 3, 16, 16, 0, tzinfo=UTC)  # 17:00, and the window ends before 17:00
    assert local(at(BERLIN, 540, end=1020).first(now), BERLIN) == "2026-03-17 09:00+0100"


def test_s04_r24_in_a_gap_the_first_valid_moment_after_it() -> None:
    assert local(at(BERLIN, 150).on(date(2026, 3, 29), LONG_AGO), BERLIN) == "2026-03-29 03:00+0200"


def test_s04_r24_in_an_overlap_the_first_and_only_once() -> None:
    slots = at(BERLIN, 150)
    first = slots.on(date(2026, 10, 25), LONG_AGO)
    assert local(first, BERLIN) == "2026-10-25 02:30+0200"
    assert first is not None
    assert slots.on(date(2026, 10, 25), first + timedelta(seconds=1)) is None


def test_s04_r24_a_gap_that_runs_to_midnight_keeps_the_day() -> None:
    """Nuuk, Saturday 28 March 2026: 23:00 to 24:00 does not exist."""
    assert local(at(NUUK, 23 * 60 + 30).on(date(2026, 3, 28), LONG_AGO), NUUK) == "2026-03-28 22:59-0200"


def test_s04_a_day_that_does_not_exist_has_no_slot() -> None:
    """Samoa went over the date line and had no 30 December 2011."""
    slots = at("Pacific/Apia", 540)
    assert slots.on(date(2011, 12, 30), LONG_AGO) is None
    after = slots.first(datetime(2011, 12, 30, 9, 0, tzinfo=UTC))  # 29 December, 23:00
    assert local(after, "Pacific/Apia") == "2011-12-31 09:00+1400"


def test_the_second_pass_of_an_overlap_reopens_a_window() -> None:
    """Window 0:00 to 2:30: at 2:45 it is shut, and the clock put back from 3:00 to 2:00 opens it again."""
    shut = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert local(at(BERLIN, 0, end=150).first(shut), BERLIN) == "2026-10-25 02:00+0100"


def test_a_window_inside_the_overlap_opens_twice() -> None:
    past = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)  # 2:50, the first time
    assert local(at(BERLIN, 135, end=165).first(past), BERLIN) == "2026-10-25 02:15+0100"


def test_the_window_opens_when_the_quiet_hours_end() -> None:
    slots = at(BERLIN, 360, end=720, quiet=(1260, 420))
    assert local(slots.first(datetime(2026, 3, 16, 5, 30, tzinfo=UTC)), BERLIN) == "2026-03-16 07:00+0100"


def test_holidays_are_passed_over() -> None:
    slots = at(BERLIN, 540, holidays=frozenset({date(2026, 4, 5), date(2026, 4, 6)}))
    assert local(slots.first(datetime(2026, 4, 4, 12, tzinfo=UTC)), BERLIN) == "2026-04-07 09:00+0200"


def test_years_of_holidays_do_not_exhaust_the_search() -> None:
    mondays = frozenset(date(2026, 3, 16) + timedelta(weeks=number) for number in range(400))
    slots = Slots(ZoneInfo(BERLIN), frozenset({0}), 540, holidays=mondays)
    found = slots.first(datetime(2026, 3, 10, tzinfo=UTC))
    assert found.date() == max(mondays) + timedelta(weeks=1)


def test_rules_without_a_slot_are_an_error_and_no_endless_search() -> None:
    with pytest.raises(ValueError, match="allow no moment"):
        Slots(ZoneInfo(BERLIN), EVERY_DAY, 540, quiet=(0, 1440)).first(LONG_AGO)


@pytest.mark.parametrize(
    ("quiet", "minute", "expected"),
    [
        (None, 0, False),
        ((1260, 420), 1260, True),
        ((1260, 420), 0, True),
        ((1260, 420), 420, False),
        ((600, 660), 630, True),
        ((600, 660), 660, False),
        ((600, 600), 600, False),
    ],
)
def test_quiet_hours_may_cross_midnight(quiet: tuple[int, int] | None, minute: int, expected: bool) -> None:
    assert is_quiet(minute, quiet) is expected


@examples(150)
@given(data=st.data(), name=zones, now=moments)
def test_slot_is_the_earliest_minute_allowed(data: st.DataObject, name: str, now: datetime) -> None:
    """By brute force: no minute between now and the slot may be used, and the slot may."""
    cadence = data.draw(cadences(now))
    now = now.replace(second=0)
    if data.draw(st.booleans()) and changes(name):  # near a change of the clock
        day = data.draw(st.sampled_from(changes(name)))
        now = instant(day, data.draw(st.integers(0, 1439)), ZoneInfo(name))
    slots = Slots(
        ZoneInfo(name), cadence.weekdays, cadence.start, cadence.end, cadence.quiet, cadence.holidays
    )
    found = slots.first(now)
    assert found >= now
    assert may_send(slots, found)
    for number in range(min(2 * 1440, int((found - now).total_seconds() // 60))):
        assert not may_send(slots, now + timedelta(minutes=number))


@examples(300)
@given(name=zones, now=moments, start=st.integers(0, 1439))
def test_r24_every_day_has_its_fixed_time_within_a_day_and_two_hours(
    name: str, now: datetime, start: int
) -> None:
    slots = at(name, start)
    found = slots.first(now)
    assert now <= found <= now + timedelta(hours=26)
    assert may_send(slots, found)


def _zones_by_rule() -> list[str]:
    """One zone for each pattern of days and offsets around the changes of 2026 and 2027."""
    patterns = {}
    for name in ZONES:
        zone = ZoneInfo(name)
        offsets = tuple(
            datetime(day.year, day.month, day.day, hour, tzinfo=UTC).astimezone(zone).utcoffset()
            for day in changes(name)
            for hour in range(0, 24, 6)
        )
        if offsets:
            patterns.setdefault((changes(name), offsets), name)
    return sorted(patterns.values())


@pytest.mark.parametrize("name", _zones_by_rule())
def test_r24_around_every_change_of_the_clock_each_day_has_one_slot(name: str) -> None:
    for day in changes(name):
        for minute in range(0, 1440, 30):
            slots = at(name, minute)
            found = slots.on(day, LONG_AGO)
            assert found is not None
            assert may_send(slots, found)
            assert slots.day_of(found) == day
            assert slots.on(day, found) == found
            assert slots.on(day, found + timedelta(seconds=1)) is None


@examples(200)
@given(name=zones, now=moments, start=st.integers(0, 1439), days=weekdays)
def test_slots_only_move_forward(name: str, now: datetime, start: int, days: frozenset[int]) -> None:
    slots = Slots(ZoneInfo(name), days, start)
    first = slots.first(now)
    second = slots.first(first + timedelta(seconds=1))
    assert slots.first(first) == first
    assert slots.day_of(second) > slots.day_of(first)


@pytest.mark.parametrize("written", ["Europe/Berlin", " europe/berlin ", "EUROPE/BERLIN"])
def test_a_zone_is_found_however_it_is_written(written: str) -> None:
    assert zone_named(written).key == "Europe/Berlin"


def test_a_zone_with_a_space_for_the_underscore() -> None:
    assert zone_named("America/New York").key == "America/New_York"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Europe/Berln", "Europe/Berlin"), ("Berlin", "Europe/Berlin"), ("Asia/Calcuta", "Asia/Calcutta")],
)
def test_an_unknown_zone_is_refused_with_the_nearest_name(written: str, meant: str) -> None:
    with pytest.raises(
        InvalidInput, match=f"No time zone is called “{written}”. Did you mean {meant}?"
    ) as caught:
        zone_named(written)
    assert caught.value.field == "zone"


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "Mars/Base",
        "../../etc/passwd",
        "/etc/passwd",
        "/usr/share/zoneinfo/UTC",
        "Europe",
        "Europe/",
        "Europe/../UTC",
        "posix/UTC",
        "right/UTC",
        "Factory",
        "UTC\0",
        "UTC\r\nBcc: x",
        "C:\\Windows",
        "UTC" + "x" * 100_000,
    ],
)
def test_a_hostile_zone_is_refused_in_one_short_line(hostile: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        zone_named(hostile)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 200
    assert caught.value.field == "zone"


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Etc/GMT+1", "Asia/Kathmandu"])
def test_names_a_browser_gives_are_known(name: str) -> None:
    assert zone_named(name).key == name
