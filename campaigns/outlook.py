"""The outlook on a publish or roll-back: who would get what when, in numbers and by name (S24).

The very functions that applying.py carries out are asked, once for each group of enrolments with one future.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from campaigns import history, publishing
from campaigns.checking.finding import Finding
from campaigns.edits import Edit, EditKind, edits, reworded, wording
from campaigns.enrolling import timetable_in
from campaigns.groups import Members, counted
from campaigns.models import Course, Enrolment, Revision
from campaigns.moving import Choices, Effect, Member, Move, Publication, effect, moved_or_none
from campaigns.plans import Coming, Kind, Person, Place, Plan, PlannedEdit
from campaigns.schedule import Timetable, remaining, slots_for
from campaigns.standing import Standing, future
from courseletter.bulk import dialect_of
from subscribers.models import Subscriber
from templates.brand import Brand

EXAMPLES = 5  # people named for each effect


@dataclass(frozen=True, slots=True)
class Outlook:
    """A course about to go from one revision to another. `after` may be a draft that is not stored."""

    course: Course
    kind: Kind
    before: Revision | None
    after: Revision
    move: Move | None  # None: nobody can be in the course yet
    choices: Choices
    at: datetime
    findings: Sequence[Finding] = ()  # of the checks, none of them blocking

    def plan(self, session: Session) -> Plan:
        """The plan for everybody in the course, as they stand now."""
        found = self._edits()
        tally = _Tally([edit for edit in found if edit.lesson_id])
        if self.move is not None:
            self._count(session, self.move, tally)
        return self._told(found, tally, self._named(session, tally.examples))

    def uncounted(self) -> Plan:
        """The plan's edits alone, at once: whom they reach is not looked at."""
        return self._told(self._edits(), _Tally([]), {})

    def _edits(self) -> Sequence[Edit]:
        return edits(self.before, self.after) if self.before else []

    def _told(self, found: Sequence[Edit], tally: "_Tally", names: Mapping[Effect, Sequence[Person]]) -> Plan:
        return Plan(
            slug=self.course.slug,
            title=self.after.title,
            kind=self.kind,
            before=self.before.number if self.before else None,
            after=self.after.number,
            at=self.at,
            edits=tuple(self._planned(edit, tally) for edit in found),
            wording=wording(self.after),
            numbers=dict(tally.numbers),
            names=names,
        )

    def people(self, session: Session, *, after: int = 0, limit: int = 50, like: str = "") -> list[Person]:
        """The people of the course by name, those behind the enrolment `after`, to page through.

        `like` is a part of a name or address.
        """
        wanted = select(Enrolment.id).where(Enrolment.course_id == self.course.id, Enrolment.id > after)
        if like:
            names = (Subscriber.email, Subscriber.first_name, Subscriber.last_name)
            found = or_(*(name.icontains(like, autoescape=True) for name in names))
            wanted = wanted.join(Subscriber).where(found)
        return self._persons(session, session.scalars(wanted.order_by(Enrolment.id).limit(limit)).all())

    def _count(self, session: Session, move: Move, tally: "_Tally") -> None:
        words = self._reworded()
        groups = {one.first: one.size for one in counted(session, dialect_of(session), self.course.id)}
        for member in Members(session).read(list(groups)):
            fate = _fate(move, member, self.at, words)
            tally.add(move, fate, member.enrolment_id, groups[member.enrolment_id])

    def _planned(self, edit: Edit, tally: "_Tally") -> PlannedEdit:
        lesson = edit.lesson_id or ""
        return PlannedEdit(
            edit=edit,
            reach=tally.reach(edit),
            policy=self.choices.policies.get(lesson),
            reopens=lesson in self.choices.reopen,
            at=tally.moments.get(lesson),
        )

    def _reworded(self) -> frozenset[str]:
        return reworded(self.before, self.after) if self.before else frozenset()

    def _named(
        self, session: Session, firsts: Mapping[Effect, Sequence[int]]
    ) -> Mapping[Effect, list[Person]]:
        named: defaultdict[Effect, list[Person]] = defaultdict(list)
        for person in self._persons(session, [one for some in firsts.values() for one in some]):
            named[person.effect].append(person)
        return dict(named)

    def _persons(self, session: Session, ids: Sequence[int]) -> list[Person]:
        if self.move is None or not ids:
            return []
        wanted = select(Enrolment.id, Subscriber).join(Subscriber).where(Enrolment.id.in_(ids))
        whose = dict(session.execute(wanted).all())
        words, titles = self._reworded(), self._titles()
        members = sorted(Members(session).read(ids), key=lambda one: one.enrolment_id)
        return [
            _person(
                self.move,
                one,
                _fate(self.move, one, self.at, words),
                whose[one.enrolment_id],
                titles,
                self.at,
            )
            for one in members
        ]

    def _titles(self) -> Mapping[str, str]:
        both = [*(self.before.lessons if self.before else ()), *self.after.lessons]
        return {lesson.lesson_id: lesson.title for lesson in both}


def of_draft(
    session: Session, course: Course, brand: Brand, now: datetime, choices: Choices | None = None
) -> Outlook:
    """The outlook on publishing the draft. Raises NotPublishable, PublishUnderWay or InvalidInput."""
    history.refuse_if_under_way(session, course)
    chosen = choices or Choices()
    after, findings = publishing.drafted(session, course, brand, now)
    publishing.check_choices(chosen, after)
    return replace(_published(course, after, now, chosen), findings=findings)


def of_former(session: Session, course: Course, number: int, now: datetime) -> Outlook:
    """The outlook on rolling back to a revision. Raises NotFound, PublishUnderWay or InvalidInput."""
    history.refuse_if_under_way(session, course)
    after = publishing.former(session, course, number)
    since = publishing.since(session, course, after)
    if since is None or course.revision is None:
        return _published(course, after, now, Choices())
    move = history.taking_back(course.revision, since)
    return Outlook(course, "roll_back", course.revision, after, move, Choices(), now)


def _published(course: Course, after: Revision, now: datetime, choices: Choices) -> Outlook:
    before, move = course.revision, None
    if before is not None:
        new = replace(timetable_in(after), publishes=course.publishes + 1)
        move = Publication(timetable_in(before), new, choices)
    return Outlook(course, "publish", before, after, move, choices, now)


@dataclass(frozen=True, slots=True)
class _Fate:
    """One enrolment before and after."""

    before: Standing
    after: Standing
    effect: Effect


def _fate(move: Move, member: Member, now: datetime, words: frozenset[str]) -> _Fate:
    after = moved_or_none(move, member, now)
    if after is None:
        return _Fate(member.standing, replace(member.standing, due_at=None), Effect.HELD)
    return _Fate(member.standing, after, effect(move, member.standing, after, words))


class _Tally:
    """What is summed up over all groups. `edits` are those of single lessons."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._reach: dict[tuple[EditKind, str | None], Counter[Place]] = defaultdict(Counter)
        self._places: dict[object, Sequence[Place]] = {}
        self.numbers: Counter[Effect] = Counter()
        self.examples: dict[Effect, list[int]] = defaultdict(list)
        self.moments: dict[
            str | None, tuple[datetime, datetime]
        ] = {}  # of who gets a lesson behind them next

    def reach(self, edit: Edit) -> Mapping[Place, int]:
        return dict(self._reach[edit.kind, edit.lesson_id])

    def add(self, move: Move, fate: _Fate, first: int, size: int) -> None:
        """Count a group by the fate of its first."""
        self.numbers[fate.effect] += size
        if len(self.examples[fate.effect]) < EXAMPLES:
            self.examples[fate.effect].append(first)
        # Where lessons lie follows from what was had, which far fewer groups tell apart than moments do.
        path = (fate.before.state, fate.before.progress, fate.before.queued and fate.before.queued.lesson)
        if path not in self._places:
            self._places[path] = _places(self._edits, move, fate)
        for edit, place in zip(self._edits, self._places[path], strict=True):
            self._reach[edit.kind, edit.lesson_id][place] += size
            at = fate.after.due_at
            if place is Place.BEHIND and at is not None and fate.after.next_lesson == edit.lesson_id:
                earliest, latest = self.moments.get(edit.lesson_id, (at, at))
                self.moments[edit.lesson_id] = (min(earliest, at), max(latest, at))


def _places(lessons: Sequence[Edit], move: Move, fate: _Fate) -> Sequence[Place]:
    behind = {lesson for lesson, _ in move.decided(fate.before)} if isinstance(move, Publication) else set()
    firsts = (_first(move.old, fate.before), _first(move.new, fate.after))
    return [_place(edit, fate, behind, firsts[edit.kind is not EditKind.REMOVED]) for edit in lessons]


def _place(edit: Edit, fate: _Fate, behind: set[str], first: str | None) -> Place:
    before = fate.before
    if before.state == "left":
        return Place.LEFT
    if before.state == fate.after.state == "completed":
        return Place.FINISHED
    if before.queued is not None and before.queued.lesson == edit.lesson_id:
        return Place.IN_FLIGHT
    if edit.lesson_id in behind:
        return Place.BEHIND
    if edit.lesson_id in before.had:
        return Place.HAD
    return Place.NEXT if edit.lesson_id == first else Place.LATER


def _first(timetable: Timetable, standing: Standing) -> str | None:
    """The lesson that comes next, also for who pauses."""
    return next((step.id for step in remaining(timetable, standing)), None)


def _person(
    move: Move, member: Member, fate: _Fate, who: Subscriber, titles: Mapping[str, str], now: datetime
) -> Person:
    datable = fate.effect is not Effect.HELD
    return Person(
        enrolment_id=member.enrolment_id,
        name=" ".join(name for name in (who.first_name, who.last_name) if name),
        email=who.email,
        zone=slots_for(move.new, member.profile).zone.key if datable else move.new.zone,
        effect=fate.effect,
        state_before=fate.before.state,
        state_after=fate.after.state,
        before=_coming(move.old, fate.before, titles),
        after=_coming(move.new, fate.after, titles),
        finishes_before=_finishes(move.old, member, fate.before, now) if datable else None,
        finishes_after=_finishes(move.new, member, fate.after, now) if datable else None,
    )


def _coming(timetable: Timetable, standing: Standing, titles: Mapping[str, str]) -> Coming | None:
    first = _first(timetable, standing) if standing.state in ("active", "paused") else None
    return Coming(first, titles.get(first, first), standing.due_at) if first else None


def _finishes(timetable: Timetable, member: Member, standing: Standing, now: datetime) -> datetime | None:
    calendar = future(timetable, member.profile, standing, now)
    return calendar[-1][1] if calendar else None
