"""What a publish or roll-back would do, as plain values for a page. campaigns/outlook.py makes them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from campaigns.edits import Edit, EditKind
from campaigns.moving import Effect, Policy

Kind = Literal["publish", "roll_back"]


class Place(StrEnum):
    """Where an edited lesson lies for an enrolment."""

    NEXT = "next"  # it waits for it
    LATER = "later"
    BEHIND = "behind"  # not had, and before what was: the policy decides
    HAD = "had"
    IN_FLIGHT = "in flight"  # that copy goes as it was
    FINISHED = "finished"  # with the course
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """An edit and whom it reaches: how many people, by the place that its lesson has for them.

    `reach` is empty for an edit of the whole course. `policy` is what was chosen for those whom the lesson
    lies behind; None: a new lesson is skipped, a promised one sent next. `at` are the first and the last
    moment at which those of them get it who get it next.
    """

    edit: Edit
    reach: Mapping[Place, int]
    policy: Policy | None = None
    reopens: bool = False
    at: tuple[datetime, datetime] | None = None

    @property
    def in_effect(self) -> Policy:
        """The policy chosen, else the default of S20: a new lesson is skipped, a promised one sent."""
        default = Policy.SKIP if self.edit.kind is EditKind.INSERTED else Policy.SEND_NEXT
        return self.policy or default


@dataclass(frozen=True, slots=True)
class Coming:
    """The lesson that comes next. `at` is None while the person pauses, or where it waits for a marketer."""

    lesson_id: str
    title: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """One enrolment, before and after. `finishes_*`: when its last lesson comes; None if none is coming."""

    enrolment_id: int
    name: str
    email: str
    zone: str
    effect: Effect
    state_before: str
    state_after: str
    before: Coming | None
    after: Coming | None
    finishes_before: datetime | None
    finishes_after: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish or roll-back would do at `at`.

    `before` and `after` are the numbers of the revisions; `before` is None for the first publish of a course.
    `numbers` counts the people by what happens to them, `names` has the first few of each.
    """

    slug: str
    title: str
    kind: Kind
    before: int | None
    after: int
    at: datetime
    edits: tuple[PlannedEdit, ...]
    wording: str  # a hash of what `after` says
    numbers: Mapping[Effect, int]
    names: Mapping[Effect, Sequence[Person]]

    @property
    def people(self) -> int:
        return sum(self.numbers.values())

    @property
    def affected(self) -> int:
        """How many people will notice it."""
        return self.people - self.numbers.get(Effect.NOTHING, 0)

    @property
    def fingerprint(self) -> str:
        """What somebody confirms: words, edits, choices and numbers. Another plan has another; a default that
        was chosen is the default.
        """
        edits = [(one.edit, one.in_effect, one.reopens) for one in self.edits]
        told = repr((self.kind, self.before, self.after, self.wording, edits, sorted(self.numbers.items())))
        return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()

    @property
    def changes_nothing(self) -> bool:
        """The draft says what the revision in force says."""
        return self.before is not None and not self.edits
