"""A plan in words: a panel an edit with whom it reaches, a line a person, a line a number (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.edits import Difference, Edit, EditKind, passages, word_differences
from campaigns.moving import Effect, Policy
from campaigns.plans import Coming, Person, Place, Plan, PlannedEdit
from campaigns.wording import shown
from courseletter.web.moments import clock, place, short_day
from courseletter.zones import zone_of

CHIPS: Final = {
    EditKind.INSERTED: "Inserted",
    EditKind.REMOVED: "Removed",
    EditKind.MOVED: "Moved",
    EditKind.REWORDED: "Edited",
    EditKind.GAP: "Gap",
    EditKind.RHYTHM: "Rhythm",
    EditKind.ABOUT: "Course",
    EditKind.RENUMBERED: "Numbers",
    EditKind.LOOK: "Look",
}
EFFECTS: Final = {
    Effect.FINISHES: "Have no lesson left",
    Effect.REOPENED: "Go on after they had finished",
    Effect.MOVES_ON: "Move on from a removed lesson",
    Effect.ANOTHER_NEXT: "Get another lesson next",
    Effect.MOMENT_MOVES: "Next moment moves",
    Effect.LATER_CHANGES: "Later lessons change",
    Effect.NEW_WORDS: "Get new words",
    Effect.NOTHING: "Notice nothing",
    Effect.HELD: "Wait: their day cannot be found",
}
_FIELDS: Final = {
    "only_if": "For whom",
    "preheader": "Preview text",
    "body": "Text",
    "gap": "Days after the lesson before",
    "kind": "Kind",
}

Words = Sequence[tuple[str, str]]  # (equal | removed | added, text)


@dataclass(frozen=True, slots=True)
class Option:
    """A policy for those whom a lesson lies behind, and what it does to them."""

    policy: Policy
    label: str
    consequence: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """An edit. `finished` are those who may be asked back in for it; 0 where there is no such choice."""

    title: str
    chip: str
    lesson_id: str
    differences: Sequence[tuple[str, Sequence[Words]]]
    sentences: Sequence[str]
    behind: int
    options: Sequence[Option]
    finished: int
    reopens: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A person before and after: lesson, moment, and the day of the last lesson."""

    name: str
    where: str
    before: tuple[str, str]
    after: tuple[str, str]
    finishes: str
    was: str  # where that changes


def panels(plan: Plan, zone: ZoneInfo, *, choosing: bool) -> list[Panel]:
    """A panel an edit; with its choices where there are any to make."""
    return [_panel(plan, one, zone, choosing) for one in plan.edits]


def numbers(plan: Plan) -> list[tuple[str, int]]:
    return [(EFFECTS[effect], plan.numbers[effect]) for effect in Effect if plan.numbers.get(effect)]


def named(plan: Plan) -> list[Row]:
    """The examples of the plan, those first who notice most."""
    return [row(one) for effect in Effect for one in plan.names.get(effect, ())]


def row(person: Person) -> Row:
    zone = zone_of(person.zone)
    before, after = (_day(at, zone) for at in (person.finishes_before, person.finishes_after))
    paused = ", paused" if person.state_after == "paused" else ""
    return Row(
        name=person.name or person.email,
        where=place(person.zone) + paused,
        before=_coming(person.before, zone, person.state_before),
        after=_coming(person.after, zone, person.state_after),
        finishes=after or "–",
        was=f"was {before}" if before and before != after else "",
    )


def people(number: int, verb: str = "") -> str:
    """`1 person gets`, `208 people get`: the verb is given as the plural has it."""
    who = "1 person" if number == 1 else f"{number:,} people"
    if not verb:
        return who
    first, _, rest = verb.partition(" ")
    if number == 1:
        first = {"have": "has", "are": "is", "do": "does"}.get(first, f"{first}s")
    return f"{who} {first} {rest}".rstrip()


def _panel(plan: Plan, planned: PlannedEdit, zone: ZoneInfo, choosing: bool) -> Panel:
    edit, reach = planned.edit, planned.reach
    behind = reach.get(Place.BEHIND, 0)
    options = tuple(_options(planned, behind, zone)) if choosing and behind and _is_placed(edit) else ()
    finished = reach.get(Place.FINISHED, 0) if choosing and edit.kind is EditKind.INSERTED else 0
    return Panel(
        title=_title(edit),
        chip=CHIPS[edit.kind],
        lesson_id=edit.lesson_id or "",
        differences=[(_label(one.field), _words(one)) for one in edit.differences],
        sentences=[*_sentences(planned), *_moments(plan, edit)],
        behind=behind,
        options=options,
        finished=finished,
        reopens=planned.reopens,
    )


def _is_placed(edit: Edit) -> bool:
    return edit.kind in (EditKind.INSERTED, EditKind.MOVED)


def _title(edit: Edit) -> str:
    name = f"“{shown(edit.title)}”"
    where = f"after “{shown(edit.follows)}”" if edit.follows else "at the beginning"
    return {
        EditKind.INSERTED: f"New lesson {name}, {where}",
        EditKind.REMOVED: f"{name} is taken out",
        EditKind.MOVED: f"{name} moves, {where}",
        EditKind.REWORDED: f"New words in {name}",
        EditKind.GAP: f"Another gap before {name}",
        EditKind.RHYTHM: "Other days or hours",
        EditKind.ABOUT: "What is said of the course",
        EditKind.RENUMBERED: "Subjects count anew",
        EditKind.LOOK: "Every mail looks as the brand has it now",
    }[edit.kind]


def _label(field: str) -> str:
    return _FIELDS.get(field, field.replace("_", " ").capitalize())


def _words(one: Difference) -> Sequence[Words]:
    if one.field == "body":
        return list(passages(one.before, one.after))
    return [list(word_differences(one.before, one.after))]


def _sentences(planned: PlannedEdit) -> Iterator[str]:
    kind, reach = planned.edit.kind, planned.reach
    next_, later, had = (reach.get(one, 0) for one in (Place.NEXT, Place.LATER, Place.HAD))
    ahead = next_ + later
    flying = reach.get(Place.IN_FLIGHT, 0)
    if kind is EditKind.INSERTED and ahead:
        yield f"{people(ahead, 'have')} not got that far, and will get it in its place."
    elif kind is EditKind.REMOVED:
        if next_:
            yield f"{people(next_, 'wait')} for it, and will get the lesson after it."
        if later:
            yield f"{people(later)} would have got it later, and will not."
    elif kind is EditKind.MOVED and ahead:
        yield f"{people(ahead, 'have')} it before them, and will get it in its new place."
    elif kind is EditKind.REWORDED and ahead:
        yield f"{people(ahead, 'get')} the new words."
    elif kind is EditKind.GAP and ahead:
        yield f"{people(ahead, 'have')} it before them."
    if had and kind in (EditKind.REMOVED, EditKind.MOVED, EditKind.REWORDED):
        yield f"{people(had, 'have')} had this lesson and will get no second copy."
    if flying:
        yield f"For {people(flying)} it is on its way, and arrives as it was."


def _moments(plan: Plan, edit: Edit) -> Iterator[str]:
    """What other days or hours do to the lesson that people wait for."""
    moved = plan.numbers.get(Effect.MOMENT_MOVES, 0)
    if edit.kind in (EditKind.RHYTHM, EditKind.GAP) and moved:
        yield f"{people(moved, 'get')} the lesson that they wait for at another moment."


def _options(planned: PlannedEdit, behind: int, zone: ZoneInfo) -> Iterator[Option]:
    for policy, label, consequence in (
        (Policy.SEND_NEXT, "Send it next", f"{people(behind, 'get')} it{_when(planned, zone)}."),
        (Policy.APPEND_AT_END, "Add it at the end", f"{people(behind, 'get')} it after their last lesson."),
        (Policy.SKIP, "Skip it", f"{people(behind, 'do')} not get it."),
    ):
        yield Option(policy, label, consequence, policy is planned.in_effect)


def _when(planned: PlannedEdit, zone: ZoneInfo) -> str:
    if planned.at is None:
        return " before what they wait for now"
    first, last = (short_day(at.astimezone(zone)) for at in planned.at)
    return f" on {first}" if first == last else f" between {first} and {last}"


def _coming(coming: Coming | None, zone: ZoneInfo, state: str) -> tuple[str, str]:
    if coming is None:
        return {"completed": "Finished", "left": "Left"}.get(state, "Nothing"), ""
    if coming.at is None:
        return shown(coming.title), "when they come back" if state == "paused" else "waits"
    here = coming.at.astimezone(zone)
    return shown(coming.title), f"{short_day(here)}, {clock(here)}"


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return short_day(at.astimezone(zone)) if at else ""
