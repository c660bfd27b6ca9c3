"""`courseletter course plan | publish | rollback | revisions`: what a change does to people, and doing it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any

import typer

from campaigns import history, publishing
from campaigns.applying import Moved
from campaigns.drafting import find_course
from campaigns.edits import EditKind
from campaigns.models import Course
from campaigns.moving import Choices, Effect, Policy
from campaigns.plans import Coming, Person, Place, Plan, PlannedEdit
from courseletter.cli.output import (
    AsJson,
    CourseName,
    count,
    installation,
    print_json,
    print_table,
    progress,
    say,
)
from courseletter.errors import InvalidInput, NotFound
from courseletter.home import FILE_NAME
from courseletter.installation import Installation, still_to_set
from courseletter.zones import zone_of
from sender import switching
from sender.doctor.finding import Level
from sender.doctor.visit import last_found
from sender.switching import Draft, Drifted, Former, Target

Policies = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        metavar="LESSON=POLICY",
        help="For those whom a lesson (its number or id) lies behind: skip, send_next or append_at_end. "
        "Else new lessons are skipped, and promised ones sent next.",
    ),
]
Reopen = Annotated[
    list[str] | None,
    typer.Option(metavar="LESSON", help="Send this new lesson also to those who have finished the course."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether the plan is as you want it.")]
Revision = Annotated[
    int | None, typer.Argument(metavar="REVISION", help="Its number; else the one before the one in force.")
]


def plan(
    course: CourseName,
    policy: Policies = None,
    reopen: Reopen = None,
    to: Annotated[
        int | None, typer.Option("--rollback", metavar="REVISION", help="The plan of rolling back to it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what publishing the draft would do, and to whom. Changes nothing.

    Example: courseletter course plan small-habits --policy 3=send_next
    """
    with installation() as opened:
        target = Former(to) if to is not None else _draft(opened, course, policy, reopen)
        planned = switching.plan(opened.database, course, target, opened.clock.now())
    return print_json(asdict(planned)) if as_json else _print_plan(planned)


def publish(
    course: CourseName,
    policy: Policies = None,
    reopen: Reopen = None,
    note: Annotated[
        str, typer.Option(metavar="TEXT", help="Why, for colleagues: it stands beside the revision.")
    ] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Check, compile and freeze the draft, and move everybody in the course to it.

    Where people are under way, the plan is shown first. Where nothing has changed since the last time, no
    new revision is made. A publish that was interrupted goes on.

    Example: courseletter course publish small-habits --note "Sleep before caffeine"
    """
    with installation() as opened:
        draft = replace(_draft(opened, course, policy, reopen), note=_note(note))
        done = _carried_on(opened, course) or _go_over(opened, course, draft, ask=not as_json, yes=yes)
        done["sign_up"] = opened.links.sign_up(done["slug"])
        with opened.database.read() as session:
            brand = opened.brands.of(session, find_course(session, course))
            unbelieved = [one for one in last_found(session) if one.level is Level.BAD]
        missing = still_to_set(opened.settings, brand.address)
    if as_json:
        return print_json(done)
    _say_done(done)
    say(f"Sign-up page: {done['sign_up']}")
    for line in missing:
        say(f"Still to set in {FILE_NAME}: {line}")
    for one in unbelieved:
        say(f"Mail providers may not believe your mail. {one}")
    return None


def rollback(
    course: CourseName, revision: Revision = None, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Put a former revision in force again. What was sent stays sent, and the draft stays as it is.

    Example: courseletter course rollback small-habits 3
    """
    with installation() as opened:
        done = _carried_on(opened, course)
        if done is None:
            target = Former(_former(opened, course) if revision is None else revision)
            done = _go_over(opened, course, target, ask=not as_json, yes=yes)
    return print_json(done) if as_json else _say_done(done)


def revisions(course: CourseName, as_json: AsJson = False) -> None:
    """List what was published, latest first.

    Example: courseletter course revisions small-habits
    """
    with installation() as opened, opened.database.read() as session:
        found = history.revisions(session, find_course(session, course))
    if as_json:
        return print_json([asdict(one) for one in found])
    rows = [
        (
            one.number,
            f"{one.published_at:%d %b %Y %H:%M} UTC",
            one.title,
            count(one.lessons, "lesson"),
            _state(one),
            ": ".join(part for part in (one.author, one.note) if part),
        )
        for one in found
    ]
    return print_table(("", "published", "title", "", "", "by whom, and why"), rows)


def _state(one: history.PastRevision) -> str:
    return "in force" if one.in_force else "taken back" if one.taken_back else ""


# Doing it


@contextmanager
def _moving() -> Iterator[Callable[[Moved], None]]:
    with progress("Moving people") as watch:
        yield lambda moved: watch(moved.moved, moved.people)


def _carried_on(opened: Installation, course: str) -> dict[str, Any] | None:
    """Finish what another process left half-done. None: there was nothing."""
    with _moving() as watch:
        if not switching.carry_on(opened.database, opened.clock, course, watch):
            return None
    return _done(opened, course, carried_on=True)


def _go_over(opened: Installation, course: str, target: Target, *, ask: bool, yes: bool) -> dict[str, Any]:
    """Go over to the target, after a look at the plan where it concerns anybody."""
    planned = switching.plan(opened.database, course, target, opened.clock.now())
    confirmed = None
    if planned.affected and not yes:
        _confirm(planned, ask)
        confirmed = planned.fingerprint
    while True:
        try:
            applying = switching.begin(
                opened.database, course, target, opened.clock.now(), confirmed=confirmed
            )
        except Drifted as drifted:
            say(str(drifted))
            _confirm(drifted.plan, ask)
            confirmed = drifted.plan.fingerprint
        else:
            break
    if applying is not None:
        with _moving() as watch:
            applying.run(opened.clock, watch)
    return _done(opened, course, changed=not planned.changes_nothing, numbers=planned.numbers)


def _confirm(planned: Plan, ask: bool) -> None:
    if not (ask and sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidInput(
            f"This concerns {_people(planned.affected)} under way in “{planned.title}”. Look at "
            f"`courseletter course plan {planned.slug}`, then add --yes."
        )
    _print_plan(planned)
    if not typer.confirm("Do it?"):
        raise InvalidInput("Nothing was changed.")


def _done(opened: Installation, name: str, *, carried_on: bool = False, **more: Any) -> dict[str, Any]:
    with opened.database.read() as session:
        course = find_course(session, name)
        number = course.revision.number if course.revision else None
        return {
            "slug": course.slug,
            "title": course.title,
            "revision": number,
            "changed": True,
            "carried_on": carried_on,
            **more,
        }


def _say_done(done: dict[str, Any]) -> None:
    if done["carried_on"]:
        return say(
            f"Revision {done['revision']} had not reached everybody: now it has. Run it again for what has "
            "changed since."
        )
    if not done["changed"]:
        return say(f"Nothing has changed since revision {done['revision']}, which stays in force.")
    return say(f"“{done['title']}”: revision {done['revision']} is in force.")


def _former(opened: Installation, name: str) -> int:
    with opened.database.read() as session:
        course = find_course(session, name)
        made = history.in_effect(session, course.id)
        if len(made) < 2:
            raise NotFound(f"“{course.title}” has no revision before the one in force.")
        return made[-2].after.number


def _draft(opened: Installation, course: str, policies: list[str] | None, reopen: list[str] | None) -> Draft:
    with opened.database.read() as session:
        row = find_course(session, course)
        chosen = dict(_policy(row, text) for text in policies or ())
        choices = Choices(chosen, frozenset(_lesson(row, name) for name in reopen or ()))
        return Draft(opened.brands.of(session, row), choices)


def _note(text: str) -> str:
    """On one line; refused where it is longer than the workshop's."""
    note = " ".join(text.split())
    if len(note) > history.LONGEST_NOTE:
        raise InvalidInput(
            f"--note: it has {len(note)} characters. Say it in {history.LONGEST_NOTE}.", field="note"
        )
    return note


def _policy(course: Course, text: str) -> tuple[str, Policy]:
    lesson, _, policy = text.partition("=")
    if policy not in list(Policy):
        raise InvalidInput(
            f"--policy: “{text}” names no policy. Write {lesson or 3}=skip, =send_next or =append_at_end.",
            field="policy",
        )
    return _lesson(course, lesson), Policy(policy)


def _lesson(course: Course, name: str) -> str:
    for number, lesson in publishing.numbered(course):
        if name in (lesson.id, str(number)):
            return lesson.id
    raise InvalidInput(f"“{name}” is no lesson of the draft of “{course.title}”: give its number or id.")


# Showing it


def _print_plan(planned: Plan) -> None:
    since = f"since revision {planned.before}" if planned.before else "for the first time"
    say(f"“{planned.title}” as revision {planned.after}: {count(len(planned.edits), 'edit')} {since}")
    if planned.changes_nothing:
        return say("Nothing has changed.")
    if planned.edits:
        print_table(("edit", "what", "whom it reaches"), [_edit_row(one) for one in planned.edits])
    if planned.numbers:
        rows = [
            (
                effect,
                f"{planned.numbers[effect]:,}",
                "; ".join(_example(one) for one in planned.names[effect][:2]),
            )
            for effect in Effect
            if effect in planned.numbers
        ]
        print_table(("people", "", "such as"), rows)
    return None


def _edit_row(planned: PlannedEdit) -> tuple[str, str, str]:
    edit = planned.edit
    what = f"“{edit.title}”" if edit.title else ""
    if edit.kind in (EditKind.INSERTED, EditKind.MOVED):
        what += f", after “{edit.follows}”" if edit.follows else ", at the beginning"
    elif edit.kind in (EditKind.GAP, EditKind.RHYTHM):
        what = "; ".join(f"{one.field}: {one.before or '–'} → {one.after or '–'}" for one in edit.differences)
    elif edit.kind is EditKind.RENUMBERED:
        what = count(len(edit.differences), "subject")
    elif edit.differences:
        what += f" ({', '.join(one.field for one in edit.differences)})"
    return edit.kind, what, ", ".join(_reach(planned))


def _reach(planned: PlannedEdit) -> Iterator[str]:
    for place in Place:
        people = planned.reach.get(place)
        if people and place is Place.BEHIND:
            yield f"{people:,} are past it ({planned.in_effect}{'' if planned.policy else ', by default'})"
        elif people:
            yield f"{people:,} {place}"
    if planned.reopens:
        yield "those who have finished get it"


def _example(person: Person) -> str:
    before, after = (_next(one, person.zone) for one in (person.before, person.after))
    who = person.name or person.email
    return f"{who}: {before}" if before == after else f"{who}: {before} → {after}"


def _next(coming: Coming | None, zone: str) -> str:
    if coming is None:
        return "nothing"
    return f"“{coming.title}” {_when(coming.at, zone)}".rstrip()


def _when(at: datetime | None, zone: str) -> str:
    return "" if at is None else f"{at.astimezone(zone_of(zone)):%a %d %b %H:%M}"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"
