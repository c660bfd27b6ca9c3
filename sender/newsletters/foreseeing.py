"""What sending an issue would do: who gets it, when, who does not and why, and how many are in its test."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.newsletters import timing
from campaigns.newsletters.drafting import Wishes
from campaigns.newsletters.models import Issue
from campaigns.newsletters.testing import Split
from campaigns.newsletters.timing import When
from courseletter.errors import InvalidInput
from sender.newsletters import reaching
from subscribers import audiences
from subscribers.audiences import Count
from subscribers.estimating import Sample
from subscribers.models import Subscriber


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`tested`: people by subject, empty without a test. `waves`: moments in order, each with its people.
    `roughly`: all numbers are scaled up from a sample.
    """

    count: Count
    tested: list[int]
    waves: list[tuple[datetime, int]]
    roughly: bool = False

    @property
    def obstacle(self) -> str | None:
        """Why it would be pointless to send it so, in one line; None: it would not, as far as is known."""
        reached = self.count.reached
        if self.roughly:
            return None
        if not reached:
            return "Nobody would get this issue: choose another audience, or wait until somebody has joined."
        if self.tested and not min(self.tested):
            people = "1 person gets" if reached == 1 else f"{reached:,} people get"
            return (
                f"{people} this issue, too few to test {len(self.tested)} subjects on. "
                "Take the other subjects out, test on a larger share, or choose more people."
            )
        return None


class Shown(NamedTuple):
    """What is foreseen, and some people: who get it, and who do not, each with why, as Count calls it."""

    foreseen: Foreseen
    gets_it: list[Subscriber]
    left_out: list[tuple[Subscriber, str]]


_ZONE: Final = func.coalesce(Subscriber.zone, "")


def foresee(session: Session, issue: Issue, wishes: Wishes, key: bytes, now: datetime) -> Foreseen:
    """Count what would happen if the issue were scheduled now, with these wishes."""
    asked = reaching.asked(session, issue, wishes.audience, now)
    subjects = 1 + len(wishes.subjects)
    split = Split.of(key, issue.lesson_id)
    by_zone = audiences.counts(session, asked, _ZONE)
    reached = {zone: found.reached for zone, found in by_zone.items() if found.reached}
    return Foreseen(
        Count.sum_of(by_zone.values()),
        reaching.tested(session, asked, split, wishes.share, subjects) if subjects > 1 else [],
        _waves(reached, wishes.when, issue.lesson.course.zone, now),
    )


def shown(
    session: Session,
    issue: Issue,
    wishes: Wishes,
    key: bytes,
    now: datetime,
    most: int,
    sample: Sample | None = None,
) -> Shown:
    """The same, with some people of either kind; by a sample all of it is told roughly."""
    if sample is not None:
        return _shown_roughly(session, issue, wishes, key, now, most, sample)
    asked = reaching.asked(session, issue, wishes.audience, now)
    return Shown(
        foresee(session, issue, wishes, key, now),
        audiences.some_reached(session, asked, most),
        audiences.left_out(session, asked, most),
    )


def _shown_roughly(
    session: Session, issue: Issue, wishes: Wishes, key: bytes, now: datetime, most: int, sample: Sample
) -> Shown:
    """Each of the sample is asked once; all numbers are made of that."""
    asked = reaching.asked(session, issue, wishes.audience, now, sample)
    fates = audiences.fates(session, asked, _ZONE)
    reached = [one for one in fates if one.became == "reached"]
    others = [one for one in fates if one.became != "reached"][:most]
    subjects, split = 1 + len(wishes.subjects), Split.of(key, issue.lesson_id)
    groups = Counter(split.group(one.id, wishes.share, subjects) for one in reached)
    waves = _waves(Counter(one.by for one in reached), wishes.when, issue.lesson.course.zone, now)
    foreseen = Foreseen(
        Count(**{name: sample.scaled(n) for name, n in Counter(one.became for one in fates).items()}),
        [sample.scaled(groups[place]) for place in range(subjects)] if subjects > 1 else [],
        [(at, sample.scaled(people)) for at, people in waves],
        roughly=True,
    )
    wanted = [one.id for one in (*reached[:most], *others)]
    people = {one.id: one for one in session.scalars(select(Subscriber).where(Subscriber.id.in_(wanted)))}
    return Shown(
        foreseen,
        [people[one.id] for one in reached[:most]],
        [(people[one.id], one.became) for one in others],
    )


def require_sense(foreseen: Foreseen) -> None:
    """Raise InvalidInput where it would be pointless."""
    if foreseen.obstacle is not None:
        raise InvalidInput(foreseen.obstacle, field="audience")


def _waves(by_zone: Mapping[str, int], when: When, usual: str, now: datetime) -> list[tuple[datetime, int]]:
    found: Counter[datetime] = Counter()
    for name, size in by_zone.items():
        at = now
        if when.day is not None and when.minute is not None:
            at = timing.moment(when.day, when.minute, timing.known(name, usual), now)
        found[at] += size
    return sorted(found.items())
