"""What sending an issue would do: who gets it, when, who does not and why, and how many are in its test."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
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
from subscribers.models import Subscriber


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`tested`: people by subject, empty without a test. `waves`: moments in order, each with its people."""

    count: Count
    tested: list[int]
    waves: list[tuple[datetime, int]]

    @property
    def obstacle(self) -> str | None:
        """Why it would be pointless to send it so, in one line; None: it would not."""
        reached = self.count.reached
        if not reached:
            return "Nobody would get this issue: choose another audience, or wait until somebody has joined."
        if self.tested and not min(self.tested):
            people = "1 person gets" if reached == 1 else f"{reached:,} people get"
            return (
                f"{people} this issue, too few to test {len(self.tested)} subjects on. "
                "Take the other subjects out, test on a larger share, or choose more people."
            )
        return None


def foresee(session: Session, issue: Issue, wishes: Wishes, key: bytes, now: datetime) -> Foreseen:
    """Count what would happen if the issue were scheduled now, with these wishes."""
    asked = reaching.asked(session, issue, wishes.audience, now)
    subjects = 1 + len(wishes.subjects)
    split = Split.of(key, issue.lesson_id)
    by_zone = audiences.counts(session, asked, func.coalesce(Subscriber.zone, ""))
    reached = {zone: found.reached for zone, found in by_zone.items() if found.reached}
    return Foreseen(
        Count.sum_of(by_zone.values()),
        reaching.tested(session, asked, split, wishes.share, subjects) if subjects > 1 else [],
        _waves(reached, wishes.when, issue.lesson.course.zone, now),
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
