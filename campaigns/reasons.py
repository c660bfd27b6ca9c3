"""Why a lesson comes when it comes: the wait that decides, in a sentence with the rules it names (pure).

The waits are the schedule's own (`floors`), so that a reason cannot differ from the moment it explains. The
rules S1, S2 ... are those of docs/schedule.md, in short in RULES.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from campaigns.preview import odd_hour
from campaigns.rhythm import MONTHS, WEEKDAYS, spacing_phrase, time_phrase, weekdays_phrase
from campaigns.schedule import Because, Due, Floor, Profile, Step, Timetable, floors, slots_for
from campaigns.slots import DAY, Slots
from campaigns.standing import Standing

RULES: Final = {
    "S1": "Gaps are whole days of the learner’s calendar, never hours.",
    "S2": "A lesson is due at the first permitted moment after all that it waits for.",
    "S4": "Where the clock skips the hour, the lesson comes at the first minute after it.",
    "S5": "The learner’s own hour and weekdays go before the course’s.",
    "S6": "Between two lessons lie the smallest gap and 20 hours, whatever was changed.",
    "S7": "Slower doubles the gap, faster halves it.",
    "S8": "The welcome goes at once; lesson 1 comes from the next day, in a cohort from its first day.",
    "S9": "What is over an hour late is dated anew, never simply sent.",
    "S10": "After an outage or a pause the lessons that were missed are made up for by the course’s policy.",
    "S11": "One lesson is under way at a time; one accepted late moves the next.",
    "S12": "While a learner pauses nothing comes, and nothing is lost.",
    "S13": "While a course is paused nothing of it is sent, and nobody loses their place.",
    "S14": "“Next lesson now” goes at once, at any hour; the one after it takes the place that became free.",
    "S15": "A skipped lesson gives its place to the next one; another copy changes no date.",
    "S16": "Nobody gets more scheduled messages a day than they want; what is over waits until tomorrow.",
    "S17": "Who leaves gets nothing more; their place is kept.",
    "S18": "While edits are published the course waits until everybody lives by one revision.",
    "S21": "What a publish decided about a lesson that lies behind is marked with its number.",
    "Retries": "A lesson that failed is tried on three later days, then held for a person.",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence or two, and the rules they follow from."""

    text: str
    rules: tuple[str, ...]


def reason(timetable: Timetable, profile: Profile, standing: Standing, due: Due) -> Reason:
    """Why the lesson that this standing waits for is due at that moment."""
    step = next((one for one in timetable.steps if one.id == due.lesson), Step(due.lesson))
    slots = slots_for(timetable, profile)
    if timetable.is_welcome(due.lesson) and due.at == standing.joined_at:
        return Reason("The welcome leaves at once after signing up.", ("S8",))
    last = max(floors(timetable, profile, standing, step), key=lambda floor: floor.moment)
    told = [_waited(timetable, profile, standing, slots, last)]
    if slots.first(last.moment) < due.at:
        told = [
            Reason(f"Its place on the calendar has passed: it takes the next {_slot(slots)}.", ("S9", "S10"))
        ]
    told += _on_the_way(slots, last.moment, due.at)
    if any(lesson == due.lesson for lesson, _ in standing.progress.appended):
        publish = next(number for lesson, number in standing.progress.appended if lesson == due.lesson)
        told.append(Reason(f"Revision {publish} put it at the end.", ("S21",)))
    return Reason(
        " ".join(one.text for one in told), tuple(dict.fromkeys(sum((one.rules for one in told), ())))
    )


def _waited(timetable: Timetable, profile: Profile, standing: Standing, slots: Slots, floor: Floor) -> Reason:
    match floor.why:
        case Because.PAUSE:
            day = _day(slots.day_of(floor.moment))
            return Reason(f"The first {_slot(slots)} after the pause that ends on {day}.", ("S2", "S12"))
        case Because.HELD if standing.failures:
            times = "once" if standing.failures == 1 else f"{standing.failures} times"
            return Reason(f"It failed {times} and is tried again at the next {_slot(slots)}.", ("Retries",))
        case Because.HELD:
            return Reason("As many messages as they want had gone out that day, so it waits.", ("S16",))
        case Because.OWN_GAP:
            gap = spacing_phrase(_days(slots, standing.last_at, floor.moment))
            return Reason(
                f"{_rhythm(slots)}, {gap} after the last lesson came: this one asks for it.", ("S2",)
            )
        case Because.REST:
            if not _is_begun(timetable, standing):
                return Reason(f"{_first(slots)} after the welcome.", ("S8",))
            return Reason(
                f"{_rhythm(slots)}, and the last lesson came late: a rest lies between.", ("S6", "S11")
            )
        case Because.GAP:
            return _gap(timetable, profile, standing, slots, floor)


def _gap(timetable: Timetable, profile: Profile, standing: Standing, slots: Slots, floor: Floor) -> Reason:
    start = timetable.cadence.cohort_start
    if start is not None and not _is_begun(timetable, standing):
        return Reason(f"The course begins for everybody on {_day(start)}.", ("S8",))
    if standing.anchor_at is None or not _is_begun(timetable, standing):
        return Reason(
            f"{_first(slots)} after {'signing up' if not standing.had else 'the welcome'}.", ("S8",)
        )
    days = _days(slots, standing.anchor_at, floor.moment)
    own_pace = profile.pace != "normal" and not timetable.cohort
    pace = f"at their {profile.pace} pace: " if own_pace and isinstance(profile.pace, str) else ""
    rules = ["S1", *(["S5"] if profile.minute is not None or profile.weekdays else [])]
    return Reason(
        f"{_rhythm(slots)}, {pace}{spacing_phrase(days)} after the last lesson was due.",
        (*rules, *(["S7"] if own_pace else [])),
    )


def _on_the_way(slots: Slots, earliest: datetime, at: datetime) -> Iterator[Reason]:
    """Holidays that were stepped over, and what the clock did to the hour."""
    day, last = slots.day_of(earliest), slots.day_of(at)
    while day < last:
        if day in slots.holidays and day.weekday() in slots.weekdays:
            yield Reason(f"{_day(day)} is a holiday.", ("S2",))
        day += DAY
    for remark in odd_hour(slots, at):
        yield Reason(f"{remark[:1].upper()}{remark[1:]}.", ("S4",))


def _is_begun(timetable: Timetable, standing: Standing) -> bool:
    """Whether anything but the welcome was had."""
    return any(not timetable.is_welcome(lesson) for lesson in standing.had)


def _rhythm(slots: Slots) -> str:
    days = weekdays_phrase(slots.weekdays)
    return f"{days[:1].upper()}{days[1:]} {_hour(slots)}"


def _first(slots: Slots) -> str:
    return f"The first {_slot(slots)}"


def _slot(slots: Slots) -> str:
    """“Thursday at 8:00 in Lisbon”, “permitted day between 9:00 and 17:00 in Lisbon”."""
    one = WEEKDAYS[next(iter(slots.weekdays))] if len(slots.weekdays) == 1 else "permitted day"
    return f"{one} {_hour(slots)}"


def _hour(slots: Slots) -> str:
    place = slots.zone.key.rpartition("/")[2].replace("_", " ")
    if slots.end is None:
        return f"at {time_phrase(slots.start)} in {place}"
    return f"between {time_phrase(slots.start)} and {time_phrase(slots.end)} in {place}"


def _days(slots: Slots, since: datetime | None, until: datetime) -> int:
    return (slots.day_of(until) - slots.day_of(since)).days if since else 1


def _day(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1]}"
