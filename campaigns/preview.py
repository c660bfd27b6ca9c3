"""What a learner would live through: a course simulated from a sign-up, the dates of another pace (pure)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from campaigns.rhythm import day_phrase
from campaigns.schedule import Profile, Timetable, slots_for
from campaigns.slots import DAY, Slots, change_between, instant
from campaigns.standing import Standing, coming, enrolled, future
from courseletter.errors import InvalidInput

# The tz database tells little before the one, and Python has no year after 9999 for a slow pace to reach.
FIRST_YEAR, LAST_YEAR = 1970, 2199


@dataclass(frozen=True, slots=True)
class Lived:
    """One lesson of a simulated course."""

    lesson: str
    planned: datetime
    at: datetime  # when it goes, UTC
    remark: str  # what happened to the clock on the way; mostly empty


def simulate(timetable: Timetable, profile: Profile, start: datetime) -> list[Lived]:
    """The whole course for somebody who signs up at `start`, with every change of the clock on the way.

    Raises InvalidInput for a year outside 1970 to 2199.
    """
    if not FIRST_YEAR <= start.year <= LAST_YEAR:
        raise InvalidInput(
            f"{start.year} is too far away: choose a day from {FIRST_YEAR} to {LAST_YEAR}.", field="from"
        )
    start = start.astimezone(UTC)
    slots = slots_for(timetable, profile)
    standing, before, lived = enrolled(timetable, profile, start), start, []
    for due in coming(timetable, profile, standing, start):
        remarks = [*_clock_changes(slots, before, due.at), *odd_hour(slots, due.at)]
        lived.append(Lived(due.lesson, due.planned, due.at, "; ".join(remarks)))
        before = due.at
    return lived


def at_pace(
    timetable: Timetable, profile: Profile, standing: Standing, now: datetime, pace: str | int
) -> list[tuple[str, datetime]]:
    """The learner's calendar at another pace, shown before they choose it (S7): the lessons that are left,
    each with its moment.
    """
    changed = replace(profile, pace=pace)
    return future(timetable, changed, standing.changed(timetable, changed, now), now)


def _clock_changes(slots: Slots, after: datetime, until: datetime) -> Iterator[str]:
    """“summer time began on 29 March” for each change of the zone's offset in (after, until]."""
    low = after
    while low < until:
        high = min(low + DAY, until)
        changed_at = change_between(low, high, slots.zone)
        if changed_at is not None:
            yield _clock_change(slots, changed_at)
        low = high


def _clock_change(slots: Slots, changed_at: datetime) -> str:
    new, old = (moment.astimezone(slots.zone) for moment in (changed_at, changed_at - timedelta(seconds=1)))
    nothing = timedelta(0)
    step = (new.utcoffset() or nothing) - (old.utcoffset() or nothing)
    day = day_phrase(old.date())
    if step > nothing and not old.dst() and (new.dst() or nothing) > nothing:
        return f"summer time began on {day}"
    if step < nothing and not new.dst() and (old.dst() or nothing) > nothing:
        return f"summer time ended on {day}"
    minutes = int(abs(step) / timedelta(minutes=1))
    return f"the clock went {'forward' if step > nothing else 'back'} by {minutes} minutes on {day}"


def odd_hour(slots: Slots, at: datetime) -> Iterator[str]:
    """What the hour of a lesson met on a day on which the clock changes (S4)."""
    wall = at.astimezone(slots.zone)
    if at != slots.opening(wall.date()):
        return
    asked = f"{slots.start // 60:02}:{slots.start % 60:02}"
    if wall.hour * 60 + wall.minute != slots.start:
        yield f"clock gap: {asked} does not exist, moved to {wall:%H:%M}"
    elif instant(wall.date(), slots.start, slots.zone, fold=1) != at:
        yield f"{asked} comes twice: the first one counts"
