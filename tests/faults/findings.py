"""What the relay has taken, beside what the ledger says: lost, copied, altered, and whether it was listed."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from faults.site import Site
from sqlalchemy import select

from campaigns.models import RevisionLesson
from sender.models import Delivery


@dataclass(frozen=True)
class Findings:
    """Counted in the relay's own book; only `in_doubt` is the ledger's word."""

    expected: int  # lessons times people
    taken: int  # messages
    copies: int  # messages beyond the first of each lesson and person
    lost: int  # lessons that a person never got
    in_doubt: int  # events that `courseletter delivery in-doubt` lists
    unexplained: int  # copies without an event of that very delivery
    altered: int  # copies that are not, octet by octet, what came first
    unlisted: int  # lessons that never came and of which no event tells


def look(site: Site) -> Findings:
    """Compare, once the course has come to its end."""
    site.sink.wait_until_quiet()
    listed = Counter(doubt["delivery"] for doubt in site.doubts())
    with site.database.read() as session:
        ids = session.scalars(select(Delivery.id)).all()
        lessons = len(session.scalars(select(RevisionLesson.lesson_id)).all())
    events = {site.message_id(one): listed[one] for one in ids}
    books: defaultdict[tuple[str, str], list[tuple[str, bytes]]] = defaultdict(list)
    for one in site.sink.taken:
        books[one.recipient, one.subject].append((one.message_id, one.digest))
    expected = lessons * site.people
    taken = {name for some in books.values() for name, _ in some}
    return Findings(
        expected=expected,
        taken=len(site.sink.taken),
        copies=sum(len(some) - 1 for some in books.values()),
        lost=expected - len(books),
        in_doubt=listed.total(),
        unexplained=sum(max(0, len(some) - 1 - events[some[0][0]]) for some in books.values()),
        altered=sum(one != some[0] for some in books.values() for one in some),
        unlisted=expected - len(taken | {name for name, count in events.items() if count}),
    )
