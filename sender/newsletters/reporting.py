"""An issue in numbers, subject by subject, and after a test those of everybody else: how far it is by the
ledger, what readers did by its results.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.models import Link, RevisionLesson
from campaigns.newsletters.models import Issue, IssueHold, IssueState
from sender.models import Click, Delivery, State, is_of_issue
from sender.newsletters import reaching, results
from sender.results import counted_until
from subscribers.models import Subscriber

_ON_THEIR_WAY: Final = (State.READY, State.CLAIMED, State.IN_DOUBT, State.DEFERRED)
_MOST_LINKS: Final = 20
REST: Final = "rest"


@dataclass(frozen=True, slots=True)
class Line:
    """The people of one subject. `received` is of this moment, what readers did is up to the last count.

    `group`: A to D of a test, REST for everybody else after it, "" without one.
    """

    group: str
    subject: str
    states: Counter[str]
    did: Counter[str]

    @property
    def queued(self) -> int:
        return self.states.total()

    @property
    def received(self) -> int:
        return self.states[State.ACCEPTED] + self.states[State.UNKNOWN]

    @property
    def on_their_way(self) -> int:
        return sum(self.states[one] for one in _ON_THEIR_WAY)

    @property
    def not_delivered(self) -> int:
        return self.queued - self.received - self.on_their_way

    @property
    def numbers(self) -> dict[str, int]:
        """All of them by name, as a spreadsheet has them."""
        told = ("queued", "received", "on_their_way", "not_delivered")
        readers = (name for name in results.COUNTS if name not in told)
        return {name: getattr(self, name) for name in told} | {name: self.did[name] for name in readers}


@dataclass(frozen=True, slots=True)
class Report:
    """`lines` has one a subject, in their order, and one for the rest. `until`: up to when what readers did
    is counted.
    """

    lines: list[Line]
    until: datetime | None

    @property
    def all(self) -> Line:
        """All subjects together."""
        states, did = Counter[str](), Counter[str]()
        for line in self.lines:
            states.update(line.states)
            did.update(line.did)
        return Line("", "All", states, did)


def report(session: Session, issue: Issue) -> Report:
    states = (
        select(Delivery.revision_id, Delivery.state, func.count())
        .where(is_of_issue(), Delivery.lesson_id == issue.lesson_id)
        .group_by(Delivery.revision_id, Delivery.state)
    )
    by_revision: dict[int, Counter[str]] = {revision: Counter() for revision in issue.revisions}
    for revision, state, people in session.execute(states):
        by_revision.setdefault(revision or 0, Counter())[state] += people
    did, subjects = results.totals(session, list(by_revision)), _subjects(session, issue)
    lines = [
        Line(_group(issue, revision), subjects.get(revision, ""), found, did.get(revision, Counter()))
        for revision, found in by_revision.items()
        if found or revision in issue.tested_revisions
    ]
    return Report(lines, counted_until(session))


def as_table(found: Report) -> tuple[Sequence[str], list[list[object]]]:
    """For a spreadsheet: the header, and a row a group."""
    lines = found.lines if len(found.lines) == 1 else [*found.lines, found.all]
    rows: list[list[object]] = [[line.subject, line.group, *line.numbers.values()] for line in lines]
    return ("subject", "group", *found.all.numbers), rows


def held(session: Session, issue: Issue, most: int) -> tuple[int, list[Subscriber]]:
    """How many are at their daily cap and get it on the next day, and some of them."""
    if issue.state not in (IssueState.SENDING, IssueState.PAUSED):
        return 0, []
    people = (
        select(Subscriber)
        .join(IssueHold, IssueHold.subscriber_id == Subscriber.id)
        .where(IssueHold.lesson_id == issue.lesson_id, ~reaching.has_it(issue.lesson_id))
    )
    number = session.scalar(people.with_only_columns(func.count())) or 0
    return number, list(session.scalars(people.order_by(Subscriber.id).limit(most)))


def links(session: Session, issue: Issue) -> list[tuple[str, int]]:
    """The addresses it links to and how many people followed each, as long as clicks are kept."""
    people = func.count(Click.delivery_id.distinct())
    followed = (
        select(Link.address, people)
        .outerjoin(Click, (Click.link_id == Link.id) & Click.scanner.is_(False))
        .where(Link.revision_id.in_(issue.revisions))
        .group_by(Link.address)
        .order_by(people.desc(), Link.address)
        .limit(_MOST_LINKS)
    )
    return [(address, number) for address, number in session.execute(followed)]


def _group(issue: Issue, revision: int) -> str:
    if not issue.subjects:
        return ""
    tested = issue.tested_revisions
    return "ABCD"[tested.index(revision)] if revision in tested else REST


def _subjects(session: Session, issue: Issue) -> dict[int, str]:
    frozen = select(RevisionLesson.revision_id, RevisionLesson.subject).where(
        RevisionLesson.revision_id.in_(issue.revisions)
    )
    return dict(session.execute(frozen).all())
