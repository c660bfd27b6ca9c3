"""The tick: what is due becomes deliveries, and the enrolment moves on, in one transaction.

Nothing here sends. A row that is over an hour late is dated anew by the schedule (S9), so that an outage, a
paused course or a wrong clock never becomes a flood.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaigns import history
from campaigns.conditional import conditions_of, meets
from campaigns.digests.models import Digest
from campaigns.enrolling import place_in, store, timetable_in
from campaigns.models import Course, Enrolment, Revision
from campaigns.newsletters.models import Issue, IssueState
from campaigns.schedule import Timetable
from campaigns.standing import Promotion
from courseletter.bulk import among, dialect_of
from courseletter.database import Database, UtcDateTime
from courseletter.errors import CourseletterError
from sender import alike, events
from sender.daily_cap import had_today, perhaps_full
from sender.holding import held_if_damaged
from sender.instance import is_held
from sender.models import Delivery, State
from sender.queueing import SENT_ALREADY, queue_lessons
from templates.conditions import Condition

log = logging.getLogger(__name__)

CHUNK = 4_000  # enrolments a transaction: about 0.1 s, so that no writer waits long
HANDS = 2  # that promote at once on PostgreSQL: while it writes for one, the other computes

Cursor = tuple[datetime, int]  # (due moment, enrolment) of the last one looked at
START: Cursor = (datetime.min.replace(tzinfo=UTC), 0)

# Hears, within the transaction that queues them, how many deliveries there will be to send with its commit.
Announce = Callable[[Session, int], None]


def tick(
    database: Database,
    now: datetime,
    announce: Announce | None = None,
    course_id: str | None = None,
) -> Counter[str]:
    """Promote whatever is due now, course by course or in one. Returns how many met which outcome.

    A course that is being published waits until all its people live by one revision again (S18). One that
    cannot be promoted stops no other (REQUIREMENTS 27).
    """
    outcomes: Counter[str] = Counter()
    running = select(Course.id).where(Course.paused_at.is_(None), Course.revision_id.is_not(None), ~is_held())
    if course_id is not None:
        running = running.where(Course.id == course_id)
    with database.read() as session:
        courses = session.scalars(running).all()
    for course in courses:
        try:
            found, after = promote_chunk(database, course, now, START, announce)
            outcomes += found
            if after is not None:
                outcomes += _promote_many(database, course, now, after, announce)
        except DBAPIError:
            raise  # the database is in trouble, not the course: the next tick tries again
        except Exception:
            log.exception("course %s cannot be promoted; the next tick tries again", course)
    return outcomes


def _promote_many(
    database: Database, course_id: str, now: datetime, after: Cursor, announce: Announce | None
) -> Counter[str]:
    """Promote chunk after chunk, on PostgreSQL with several hands: none waits for what another has locked."""

    def promote() -> Counter[str]:
        outcomes: Counter[str] = Counter()
        then: Cursor | None = after
        while then is not None:
            found, then = promote_chunk(database, course_id, now, then, announce)
            outcomes += found
        return outcomes

    if database.is_sqlite:  # one writer at a time
        return promote()
    with ThreadPoolExecutor(HANDS) as hands:
        found = [hands.submit(promote) for _ in range(HANDS)]
    return sum((one.result() for one in found), Counter[str]())


def promote_chunk(
    database: Database,
    course_id: str,
    now: datetime,
    after: Cursor = START,
    announce: Announce | None = None,
) -> tuple[Counter[str], Cursor | None]:
    """Promote the longest-due enrolments of one course in one transaction, each once.

    Returns the outcomes' counts and where to go on; None: the end was reached.
    """
    outcomes: Counter[str] = Counter()
    with database.write(durable=False) as session:  # what a power cut undoes is still due
        # Shared, so that a publish begins between two chunks and not within one.
        course = session.get_one(Course, course_id, with_for_update={"read": True})
        if history.is_under_way(session, course_id):
            return outcomes, None
        conditional = conditions_of(course.revision)
        sizes = alike.gather(session, *_due(course_id, now, after), _fields_of(conditional))
        if not sizes:
            return outcomes, None
        last = session.execute(_last(session)).one() if sum(sizes.values()) == CHUNK else None
        busy = perhaps_full(session, course_id, now)
        if busy:
            alike.set_apart(session, busy)
            sizes = alike.sizes(session)
        before = {first: alike.written(first) for first in alike.firsts(session)}
        timetable = cache(timetable_in)  # they live by the same revision, or two
        for first in before:
            outcomes[_promote(session, first, timetable, conditional, busy.get(first.id, ()), now)] += sizes[
                first.id
            ]
        alike.follow(session, before)
        for first in before:
            if first.state == "completed":  # the lessons that were left are not meant for them
                events.record_enrolments(session, "finished", now, alike.members(first.id))
        queued = queue_lessons(session, now)
        if len(queued) < outcomes[Promotion.QUEUED]:
            _hold_all_but(session, queued, now)
        if announce is not None and queued:
            announce(session, len(queued))
    return outcomes, None if last is None else (last.due_at, last.id)


def next_moment(session: Session) -> datetime | None:
    """The earliest moment at which anything is due: an enrolment, an issue, a digest, or a delivery."""
    enrolments = (
        select(func.min(Enrolment.due_at))
        .join(Course)
        .where(Enrolment.state == "active", Enrolment.queued_lesson.is_(None), Course.paused_at.is_(None))
    )
    waiting = select(func.min(Delivery.due_at)).where(
        Delivery.state.in_((State.READY, State.DEFERRED, State.UNKNOWN)), Delivery.finished_at.is_(None)
    )
    issues = select(func.min(Issue.next_at)).where(
        Issue.state.in_((IssueState.SCHEDULED, IssueState.SENDING))
    )
    digests = select(func.min(Digest.next_at)).join(Course).where(Course.paused_at.is_(None))
    moments = [session.scalar(one) for one in (enrolments, waiting, issues, digests)]
    return min((moment for moment in moments if moment is not None), default=None)


def _due(course_id: str, now: datetime, after: Cursor) -> tuple[Select[int], dict[str, Any]]:
    """A chunk's enrolments, as a query and its values."""
    due_at, last_id = after
    values = {"course": course_id, "now": now, "after": due_at, "last": last_id, "most": CHUNK}
    return _due_after(), values


@cache
def _due_after() -> Select[int]:
    after, moment = bindparam("after", type_=UtcDateTime()), bindparam("now", type_=UtcDateTime())
    follows = and_(Enrolment.due_at == after, Enrolment.id > bindparam("last"))
    return (
        select(Enrolment.id)
        .join(Course)
        .where(
            Enrolment.course_id == bindparam("course"),
            Enrolment.state == "active",
            Enrolment.due_at <= moment,
            or_(Enrolment.due_at > after, follows),
            Enrolment.queued_lesson.is_(None),
            Course.paused_at.is_(None),
        )
        .order_by(Enrolment.due_at, Enrolment.id)
        .limit(bindparam("most"))
        .with_for_update(of=Enrolment, skip_locked=True)
    )


def _last(session: Session) -> Select[datetime | None, int]:
    """The last enrolment of the chunk, before anything moves."""
    return (
        select(Enrolment.due_at, Enrolment.id)
        .where(among(dialect_of(session), Enrolment.id, alike.members()))
        .order_by(Enrolment.due_at.desc(), Enrolment.id.desc())
        .limit(1)
    )


def _promote(
    session: Session,
    first: Enrolment,
    timetable: Callable[[Revision], Timetable],
    conditional: Mapping[str, Condition],
    sent: Sequence[datetime],
    now: datetime,
) -> str:
    """A group's turn, in its first. What cannot be dated is held for a person and stops nobody (R27)."""
    with held_if_damaged(session, first, now):
        place = place_in(timetable(first.revision), first)
        full = had_today(place, sent, now) >= first.subscriber.daily_cap
        wanted = place.standing.passing_over(
            place.timetable, place.profile, now, meets(conditional, first.subscriber)
        )
        outcome, after = wanted.promote(place.timetable, place.profile, now, cap_reached=full)
        store(session, first, after)
        return outcome
    for other in session.scalars(_members(session, first.id).where(Enrolment.id != first.id)):
        events.record(session, "held", now, enrolment=other, why=f"as enrolment {first.id}")
    return "held"


def _hold_all_but(session: Session, queued: Collection[int | None], now: datetime) -> None:
    """Hold those whose lesson the ledger would not queue: it may have arrived already."""
    for enrolment in session.scalars(_members(session).where(Enrolment.queued_lesson.is_not(None))):
        if enrolment.id not in queued:
            with held_if_damaged(session, enrolment, now):
                enrolment.queued_lesson = None
                raise CourseletterError(SENT_ALREADY)


def _members(session: Session, first: int | None = None) -> Select[Enrolment]:
    return select(Enrolment).where(among(dialect_of(session), Enrolment.id, alike.members(first)))


def _fields_of(conditional: Mapping[str, Condition]) -> set[str]:
    """The names of the subscriber's fields that the conditions ask for."""
    tests = (test for one in conditional.values() for tests in one.alternatives for test in tests)
    paths = (test.path.split(".") for test in tests)
    return {names[1] for names in paths if names[0] == "subscriber"}
