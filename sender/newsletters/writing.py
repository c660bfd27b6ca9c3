"""Writing an issue's deliveries: wave by wave, some thousand people a transaction, and on after a crash.

The cursor moves in the transaction that writes, and the ledger has one row a person and issue: so nobody is
passed over and nobody gets it twice, wherever a process ends. Who is at their daily cap is left out, and the
waves come once more on the next day for whoever has nothing yet (S16).
"""

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Select,
    Table,
    case,
    delete,
    exists,
    func,
    literal,
    select,
    text,
)
from sqlalchemy import insert as insert_rows
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaigns.models import Course, Lesson
from campaigns.newsletters import scheduling
from campaigns.newsletters.models import Issue, IssueHold, IssueState
from campaigns.newsletters.testing import Split
from campaigns.newsletters.timing import Wave, When
from campaigns.schedule import GRACE
from campaigns.slots import DAY, MINUTE
from courseletter.bulk import dialect_of, for_these_values
from courseletter.database import Database
from courseletter.upserting import insert
from courseletter.zones import zone_of
from sender import clicks
from sender.daily_cap import at_their_cap
from sender.instance import is_held
from sender.models import OF_ISSUE, Delivery, State, is_of_issue
from sender.newsletters import deciding, reaching
from sender.planning import Announce
from subscribers.audiences import Audience, Span
from subscribers.models import Subscriber

log = logging.getLogger(__name__)

CHUNK: Final = 5_000  # ids of subscribers a transaction, whoever of them is meant
LATE: Final = "Its hour passed over an hour ago while nothing could be sent."
ROUNDS: Final = 7  # days on which somebody at their cap is tried again
# The people of this transaction's chunk, each with the list that they agreed on.
_TABLE: Final = Table(
    "issue_people",
    MetaData(),
    Column("subscriber_id", Integer, primary_key=True),
    Column("list_id", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)
_person, _list = _TABLE.c.subscriber_id, _TABLE.c.list_id
_UNDER_WAY: Final = (IssueState.SCHEDULED, IssueState.SENDING)


def send_due(database: Database, now: datetime, announce: Announce | None = None) -> Counter[str]:
    """Write and decide whatever is due of all issues. Returns what was done how often."""
    due = (
        select(Issue.lesson_id)
        .join(Lesson, Lesson.id == Issue.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(Issue.next_at <= now, Issue.state.in_(_UNDER_WAY), Course.paused_at.is_(None), ~is_held())
        .order_by(Issue.next_at)
    )
    with database.read() as session:
        issues = session.scalars(due).all()
    if issues:
        clicks.judge(database, now)  # a test may be decided by them
    done: Counter[str] = Counter()
    for issue_id in issues:
        try:
            while step(database, issue_id, now, announce, done):
                pass
        except DBAPIError:
            raise  # the database is in trouble, not the issue: the next tick tries again
        except Exception as error:  # whatever its audience has become: it stops no other (REQUIREMENTS 27)
            log.exception("issue %s cannot be written", issue_id)
            with database.write() as session:
                issue = session.get_one(Issue, issue_id, with_for_update=True)
                issue.state, issue.why = IssueState.PAUSED, str(error)
    return done


def step(
    database: Database, issue_id: str, now: datetime, announce: Announce | None, done: Counter[str]
) -> bool:
    """Do one thing for an issue, in one transaction. False: there is nothing more to do now."""
    with database.write(durable=False) as session:  # what a power cut undoes is still due
        issue = session.get_one(Issue, issue_id, with_for_update=True)
        if issue.state not in _UNDER_WAY or issue.next_at is None or issue.next_at > now:
            return False
        if _is_late(issue, now):
            issue.state, issue.why = IssueState.PAUSED, LATE
        elif not issue.waves:
            _after_the_waves(session, issue, now)
        elif issue.begun_at is None:
            _begin(session, issue, now)
        else:
            queued = _write_chunk(session, issue, now)
            done["queued"] += queued
            if announce is not None and queued:
                announce(session, queued)
        return issue.next_at is not None and issue.next_at <= now and issue.state in _UNDER_WAY


def _is_late(issue: Issue, now: datetime) -> bool:
    """A wave that is missed by over an hour, the rest of one, or the moment at which its test is decided and
    everybody else is written to, waits for a person (REQUIREMENTS 25).
    """
    deciding_at = issue.decide_at if issue.phase == "test" else None
    at = Wave.from_json(issue.waves[0]).at if issue.waves else deciding_at
    if at is None:
        return False
    seen_since = issue.resumed_at is not None and issue.resumed_at >= at
    return at < now - GRACE and not seen_since


def _begin(session: Session, issue: Issue, now: datetime) -> None:
    """Whoever is there now gets it; the zones that they are in may be others than when it was planned."""
    issue.state, issue.begun_at = IssueState.SENDING, now
    first = Wave.from_json(issue.waves[0])
    scheduling.plan(issue, scheduling.planned(session, issue, first.at))


def _write_chunk(session: Session, issue: Issue, now: datetime) -> int:
    """Write the deliveries of the next people of the first wave. Returns how many."""
    wave = Wave.from_json(issue.waves[0])
    top = session.scalar(_top(issue.cursor))
    if top is None:
        issue.cursor, issue.waves = 0, issue.waves[1:]
        issue.next_at = Wave.from_json(issue.waves[0]).at if issue.waves else now
        return 0
    for_these_values(session)
    _gather(session, _people(session, issue, wave, Span(issue.cursor, top), now))
    full = at_their_cap(session, select(_person), issue.lesson.course.zone, now)
    if full:
        session.execute(delete(_TABLE).where(_person.in_(full)))
        _hold(session, issue, full)
    queued = _insert(session, issue, now)
    issue.cursor = top
    return queued


def _top(cursor: int) -> Select[int | None]:
    """The last id of the next chunk of everybody; NULL: there is none."""
    some = select(Subscriber.id).where(Subscriber.id > cursor).order_by(Subscriber.id).limit(CHUNK).subquery()
    return select(func.max(some.c.id))


def _people(
    session: Session, issue: Issue, wave: Wave, among: Span, now: datetime
) -> Select[*tuple[Any, ...]]:
    """Those of the chunk who get it with this wave and have nothing yet: id and list."""
    asked = reaching.asked(session, issue, Audience.from_json(issue.audience), now, among)
    people = asked.reached(Subscriber.id, asked.agreed.c.list_id).where(
        ~reaching.has_it(issue.lesson_id),
        ~reaching.is_on_hold(issue),
    )
    if wave.zones is not None:
        people = people.where(func.coalesce(Subscriber.zone, "").in_(wave.zones))
    if issue.phase == "test":
        people = people.where(Split(*issue.split).is_tested(Subscriber.id, issue.share))
    return people


def _gather(session: Session, people: Select[*tuple[Any, ...]]) -> None:
    """Let the chunk's people stand in the temporary table: the audience is asked once."""
    _TABLE.create(session.connection(), checkfirst=True)
    session.execute(delete(_TABLE))
    session.execute(insert_rows(_TABLE).from_select([_person.name, _list.name], people))
    if dialect_of(session) == "postgresql":
        session.execute(text(f"ANALYZE {_TABLE.name}"))  # else its size is guessed, and the joins after it


def _insert(session: Session, issue: Issue, now: datetime) -> int:
    lesson = issue.lesson
    values: dict[str, ColumnElement[Any]] = {
        "kind": literal("issue"),
        "subscriber_id": _person,
        "course_id": literal(lesson.course_id),
        "list_id": _list,
        "run": literal(1),
        "lesson_id": literal(lesson.id),
        "revision_id": _revision(issue, _person),
        "copy": literal(0),
        "by": literal("schedule"),
        "state": literal(State.READY),
        "due_at": literal(now),
        "created_at": literal(now),
        "attempts": literal(0),
        "reply": literal(""),
        "retried_unknown": literal(False),
    }
    # Without a condition SQLite takes what follows for that of a join.
    rows = select(*(column.label(name) for name, column in values.items())).where(_person.is_not(None))
    adding = (
        insert(session, Delivery)
        .from_select(list(values), rows.order_by(_person))
        .on_conflict_do_nothing(index_elements=["lesson_id", "subscriber_id"], index_where=text(OF_ISSUE))
        .execution_options(preserve_rowcount=True)  # else PostgreSQL's driver is not asked
    )
    return session.connection().execute(adding).rowcount


def _revision(issue: Issue, person: ColumnElement[int]) -> ColumnElement[int]:
    """The frozen mail that somebody gets: their subject of the test, else the one that has won."""
    if issue.phase == "test":
        subject = Split(*issue.split).subject(person, len(issue.tested_revisions))
        return case(dict(enumerate(issue.tested_revisions)), value=subject)
    return literal(issue.rest_revision)


def _after_the_waves(session: Session, issue: Issue, now: datetime) -> None:
    """The test is written: wait, then decide. Everybody is: come again for who was held, then end."""
    if issue.phase == "test":
        if issue.next_at == issue.decide_at:
            deciding.decide(session, issue, now)
            issue.phase = "rest"
            scheduling.plan(issue, scheduling.planned(session, issue, now))
        else:
            issue.decide_at = issue.next_at = now + timedelta(hours=issue.hours)
    elif issue.rounds < ROUNDS and session.scalar(select(_is_anybody_held(issue))):
        issue.rounds += 1
        scheduling.plan(issue, _tomorrow(session, issue, now))
    elif session.scalar(select(_is_leaving(issue.lesson_id))):
        issue.next_at = now + MINUTE
    else:
        issue.state, issue.finished_at, issue.next_at = IssueState.SENT, now, None


def _hold(session: Session, issue: Issue, people: set[int]) -> None:
    """Let these wait for the next round."""
    this = {"lesson_id": issue.lesson_id, "round": issue.rounds}
    adding = insert(session, IssueHold)
    again = adding.on_conflict_do_update(
        index_elements=["lesson_id", "subscriber_id"], set_={"round": adding.excluded.round}
    )
    session.execute(again, [{**this, "subscriber_id": one} for one in sorted(people)])


def _is_anybody_held(issue: Issue) -> ColumnElement[bool]:
    this = (IssueHold.lesson_id == issue.lesson_id, IssueHold.round == issue.rounds)
    return exists(IssueHold.lesson_id).where(*this)


def _tomorrow(session: Session, issue: Issue, now: datetime) -> list[Wave]:
    """The waves of the next day, at the issue's hour; of one that went at once, at the hour it began."""
    zone = issue.lesson.course.zone
    wall = (issue.begun_at or now).astimezone(zone_of(zone))
    minute = wall.hour * 60 + wall.minute if issue.minute is None else issue.minute
    day = now.astimezone(zone_of(zone)).date() + DAY
    return scheduling.planned(session, issue, now + MINUTE, When(day, minute))


def _is_leaving(issue_id: str) -> ColumnElement[bool]:
    """Whether deliveries wait for a sender. One that is to be tried again later is no reason to wait."""
    leaving = (State.READY, State.CLAIMED, State.IN_DOUBT)
    still_open = (is_of_issue(), Delivery.lesson_id == issue_id, Delivery.finished_at.is_(None))
    return exists(Delivery.id).where(*still_open, Delivery.state.in_(leaving))
