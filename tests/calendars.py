"""What the tests of the schedule share: small courses, random cadences, and a check of slots of its own."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from campaigns.cadence import Cadence
from campaigns.schedule import Profile, Step, Timetable
from campaigns.slots import Slots
from campaigns.standing import Promotion, Standing, future

THOROUGH = int(os.environ.get("THOROUGH", "1"))  # 20 for a long run

BERLIN = "Europe/Berlin"
NUUK = "America/Nuuk"
TROUBLE = (
    *("America/New_York", BERLIN, "Europe/Dublin", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo"),
    *("Asia/Beirut", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns", "Africa/Casablanca"),
    *("America/Asuncion", "America/Santiago", "Pacific/Chatham", "Asia/Kathmandu", NUUK),
)
ZONES = sorted(name for name in files("tzdata").joinpath("zones").read_text().split() if "/" in name)


def examples(count: int) -> settings:
    """So many examples; machines are busy, so no deadline."""
    return settings(
        max_examples=count * THOROUGH,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )


def lessons(count: int, *, welcome: bool = True) -> tuple[Step, ...]:
    """W, L1, L2 ..."""
    first = (Step("W", welcome=True),) if welcome else ()
    return (*first, *(Step(f"L{number}") for number in range(1, count + 1)))


def timetable(cadence: Cadence, count: int = 5, *, welcome: bool = True, zone: str = BERLIN) -> Timetable:
    return Timetable(zone, lessons(count, welcome=welcome), cadence)


def berlin(text: str) -> datetime:
    """“2026-03-11 15:42” on a clock in Berlin, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)


def dates(calendar: Iterable[tuple[str, datetime]], zone: str = BERLIN) -> list[str]:
    """“L1 Mon 16 Mar 09:00” for each lesson, as a wall clock shows it."""
    walls = [(lesson, at.astimezone(ZoneInfo(zone))) for lesson, at in calendar]
    return [f"{lesson} {wall:%a} {wall.day} {wall:%b %H:%M}" for lesson, wall in walls]


def coming_dates(course: Timetable, profile: Profile, standing: Standing, now: datetime) -> list[str]:
    return dates(future(course, profile, standing, now))


def received(
    course: Timetable, profile: Profile, standing: Standing, *, lag: timedelta = timedelta(0)
) -> Standing:
    """The next lesson promoted at its moment and accepted `lag` later."""
    at = standing.due_at
    assert at is not None
    promotion, standing = standing.promote(course, profile, at)
    assert promotion is Promotion.QUEUED
    return standing.sent(course, profile, at + lag)


zones = st.one_of(st.sampled_from(TROUBLE), st.sampled_from(ZONES))
paces = st.sampled_from(["slower", "normal", "faster", 1, 3, 10])
moments = st.datetimes(datetime(2023, 1, 1), datetime(2037, 1, 1)).map(  # noqa: DTZ001 - made aware below
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
minutes = st.one_of(st.sampled_from([0, 30, 60, 90, 120, 150, 540]), st.integers(0, 1439))
weekdays = st.frozensets(st.integers(0, 6), min_size=1)


@st.composite
def cadences(draw: st.DrawFn, around: datetime) -> Cadence:
    """Cadences without problems, their dates near a moment."""
    start = draw(minutes)
    near = st.integers(-40, 90).map(lambda days: around.date() + timedelta(days=days))
    cadence = Cadence(
        weekdays=draw(weekdays),
        start=start,
        end=draw(st.none() | st.integers(start + 1, 1440)),
        gap=draw(st.integers(1, 14)),
        min_gap=draw(st.sampled_from([1, 1, 1, 2, 5])),
        zone_mode=draw(st.sampled_from(["subscriber", "subscriber", "course"])),
        quiet=draw(st.none() | st.just((1260, 420)) | st.tuples(minutes, minutes)),
        holidays=frozenset(draw(st.lists(near, max_size=5))),
        welcome=draw(st.sampled_from(["now", "slot"])),
        cohort_start=draw(st.none() | near),
        catch_up=draw(st.sampled_from([None, "shift", "skip", "one_a_day"])),
    )
    return draw(st.just(cadence).filter(lambda one: not one.problems()))


@st.composite
def timetables(draw: st.DrawFn, around: datetime) -> Timetable:
    gaps = st.none() | st.none() | st.integers(1, 20)
    count = draw(st.integers(1, 7))
    first = Step("L0", draw(gaps), welcome=draw(st.booleans()))
    steps = (first, *(Step(f"L{number}", draw(gaps)) for number in range(1, count)))
    return Timetable(draw(zones), steps, draw(cadences(around)))


profiles = st.builds(Profile, st.none() | zones, st.none() | minutes, st.none() | weekdays, paces)


def in_quiet_hours(minute: int, quiet: tuple[int, int] | None) -> bool:
    if quiet is None:
        return False
    first, last = quiet
    covered = range(first, last) if first <= last else [*range(first, 1440), *range(last)]
    return minute in covered


def may_send(slots: Slots, at: datetime) -> bool:
    """Whether the rules allow this moment, found apart from the product: by what clocks show around it."""
    local = at.astimezone(slots.zone).replace(tzinfo=None)
    minute = local.hour * 60 + local.minute
    if local.weekday() not in slots.weekdays or local.date() in slots.holidays:
        return False
    if in_quiet_hours(minute, slots.quiet):
        return False
    if slots.end is not None and slots.start <= minute < slots.end:
        return True
    asked = datetime.combine(local.date(), time()) + timedelta(minutes=slots.start)
    if local == asked:
        return slots.end is not None or _first_time(at, asked, slots.zone)
    if asked in shown(asked, slots.zone):
        return False
    before, after = (
        (at + timedelta(seconds=one)).astimezone(slots.zone).replace(tzinfo=None) for one in (-1, 60)
    )
    if local < asked:  # the gap goes on to midnight: the last minute before it
        return after.date() > local.date()
    return before < asked  # the first moment after the gap


def shown(wall: datetime, zone: ZoneInfo) -> Sequence[datetime]:
    """What clocks show at the moments that this wall time could mean: itself, unless it does not exist."""
    moments = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return [moment.astimezone(zone).replace(tzinfo=None) for moment in moments]


def _first_time(at: datetime, wall: datetime, zone: ZoneInfo) -> bool:
    return at == min(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


@cache
def changes(name: str) -> tuple[date, ...]:
    """The days of 2026 and 2027 whose clock, or that of a day beside them, changes in a zone."""
    zone = ZoneInfo(name)
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(730)]
    noon = [datetime.combine(day, time(12), UTC).astimezone(zone).utcoffset() for day in days]
    around = {
        index + side for index in range(1, 730) if noon[index] != noon[index - 1] for side in (-1, 0, 1)
    }
    return tuple(days[index] for index in sorted(around) if 0 <= index < 730)
