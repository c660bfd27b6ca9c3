"""What became of each lesson, day by day: counted by the ticker, so that pages add up a few rows.

A day is counted whole, each time, until an hour after its end; then it stays, whatever is forgotten later.
A number belongs to the lesson that its person received last, and to the week (UTC) in which they signed up.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from campaigns.models import Enrolment, RevisionLesson
from courseletter.database import Database, UtcDateTime
from courseletter.weeks import week_of
from sender import clicks
from sender.clicks import counted
from sender.finishing import ends_with, is_last
from sender.models import IS_ENDING, Click, Counted, Delivery, Event, Result, State, is_in
from sender.newsletters import results as issue_results

DAY: Final = timedelta(days=1)
_STOPS: Final = ("left", "paused")
_FINISHES: Final = ("finished", "unfinished")  # without the last mail, and going on after it
SETTLED: Final = timedelta(hours=1)  # after its end a day's last clicks are judged, its last answers recorded


class Place(NamedTuple):
    """What a number is counted for."""

    course_id: str
    cohort: date
    lesson_id: str


def bring_up_to_date(database: Database, now: datetime, keep: timedelta) -> Counter[str]:
    """Judge, count and forget what is due. Returns what was done; repeating it counts nothing twice."""
    done = Counter({"clicks judged": clicks.judge(database, now)})
    for day in _open_days(database, now):
        _count_day(database, day, now)
    closed = _midnight((now - SETTLED).date())
    done["clicks forgotten"] = clicks.forget(database, min(now - keep, closed))
    return +done


def counted_until(session: Session) -> datetime | None:
    """Up to when the results are counted; None: never yet."""
    return session.scalar(select(Counted.until))


def _open_days(database: Database, now: datetime) -> Iterator[date]:
    """From the day that was not settled when it was last counted, or the first of all, to this one."""
    with database.read() as session:
        last = counted_until(session)
        begun = last - SETTLED if last else session.scalar(select(func.min(Delivery.finished_at)))
    day = (begun or now).astimezone(UTC).date()
    while day <= now.astimezone(UTC).date():
        yield day
        day += DAY


def _count_day(database: Database, day: date, now: datetime) -> None:
    """Read first and write then: the few rows of a day take no writer's turn for long."""
    with database.read() as session:
        found = count_day(session, day)
        issues = issue_results.count_day(session, _midnight(day), _midnight(day + DAY))
    columns = [name for name in Result.__table__.c.keys() if name not in (*Place._fields, "day")]  # noqa: SIM118
    rows = [
        {**place._asdict(), "day": day, **{name: numbers[name] for name in columns}}
        for place, numbers in sorted(found.items())
    ]
    with database.write() as session:
        mark = counted(session)  # held: of two that count, one waits
        if mark.until is not None and mark.until > now:
            return  # somebody has seen more than we have
        session.execute(delete(Result).where(Result.day == day))
        if rows:
            session.execute(insert(Result), rows)
        issue_results.keep_day(session, day, issues)
        mark.until = min(now, _midnight(day + DAY))


def count_day(session: Session, day: date) -> dict[Place, Counter[str]]:
    """The day's numbers from the ledger, the events and the clicks, set by set."""
    span = {"start": _midnight(day), "end": _midnight(day + DAY)}
    found: dict[Place, Counter[str]] = {}
    for query, names in day_queries():
        for course_id, cohort, lesson_id, *numbers in session.execute(query, span):
            counts = found.setdefault(Place(course_id, cohort, lesson_id), Counter())
            for name, number in zip(names, numbers, strict=True):
                counts[name] += number
    return {place: counts for place, counts in found.items() if any(counts.values())}


@cache
def day_queries() -> list[tuple[Select[*tuple[Any, ...]], list[str]]]:
    """Each with the names of its numbers. Written once: there may be years of days to count."""
    queries = (
        _received(),
        _come_back(),
        _passed_over(),
        _gone_on(),
        _endings(),
        _reports(),
        _clicked(),
        _scanned(),
    )
    return [(one, [column.name for column in one.selected_columns[3:]]) for one in queries]


def _received() -> Select[*tuple[Any, ...]]:
    """Lessons that were received, and of them the first that was the last of its revision."""
    earlier = aliased(Delivery)
    received_before = exists().where(
        earlier.enrolment_id == Delivery.enrolment_id,
        earlier.run == Delivery.run,
        _was_received(earlier),
        _moment(earlier) < Delivery.finished_at,
        ends_with(earlier.revision_id, earlier.lesson_id),
    )
    passed_over = _latest(_FINISHES, Delivery, Enrolment.joined_at) == "finished"
    finished = case(
        (and_(ends_with(Delivery.revision_id, Delivery.lesson_id), ~received_before, ~passed_over), 1),
        else_=0,
    )
    return (
        select(*_place(Delivery), func.count().label("received"), func.sum(finished).label("finished"))
        .join(Enrolment, Enrolment.id == Delivery.enrolment_id)
        .where(_is_received(Delivery), _within(Delivery.finished_at))
        .group_by(*_place(Delivery))
    )


def _come_back() -> Select[*tuple[Any, ...]]:
    """Who received a lesson after they had stopped: taken off where they had."""
    before, ending = aliased(Delivery), aliased(Event)
    ever_stopped = exists().where(
        ending.subscriber_id == Delivery.subscriber_id,
        ending.course_id == Delivery.course_id,
        ending.kind.in_(_STOPS),
        ending.at < Delivery.finished_at,
    )
    the_one_before = (
        select(before.id)
        .where(
            before.enrolment_id == Delivery.enrolment_id,
            before.run == Delivery.run,
            _was_received(before),
            _moment(before) < Delivery.finished_at,
        )
        .order_by(before.finished_at.desc())
        .limit(1)
        .correlate(Delivery)
        .scalar_subquery()
    )
    return (
        select(*_place(before), (-func.count()).label("stopped"))
        .select_from(Delivery)
        .join(before, before.id == the_one_before)
        .join(Enrolment, Enrolment.id == Delivery.enrolment_id)
        .where(_is_received(Delivery), _within(Delivery.finished_at))
        .where(ever_stopped, _has_stopped(Delivery, before))
        .group_by(*_place(before))
    )


def _passed_over() -> Select[*tuple[Any, ...]]:
    """Who finished without the last lesson of their revision, and who went on after that: each once."""
    last, mail = aliased(RevisionLesson), aliased(Delivery)
    received = exists().where(
        mail.enrolment_id == Enrolment.id,
        mail.run == Enrolment.run,
        _was_received(mail),
        _moment(mail) <= Event.at,
        ends_with(mail.revision_id, mail.lesson_id),
    )
    stood = _latest(_FINISHES, Event, Enrolment.joined_at)
    finished = case(
        (and_(Event.kind == "finished", stood != "finished"), 1),
        (and_(Event.kind == "unfinished", stood == "finished"), -1),
        else_=0,
    )
    return (
        select(
            Event.course_id,
            week_of(Enrolment.joined_at),
            last.lesson_id,
            func.sum(finished).label("finished"),
        )
        .select_from(Event)
        .join(
            Enrolment,
            and_(Enrolment.course_id == Event.course_id, Enrolment.subscriber_id == Event.subscriber_id),
        )
        .join(last, and_(last.revision_id == Enrolment.revision_id, is_last(last)))
        .where(IS_ENDING, Event.kind.in_(_FINISHES), _within(Event.at), ~received)
        .group_by(Event.course_id, week_of(Enrolment.joined_at), last.lesson_id)
    )


def _gone_on() -> Select[*tuple[Any, ...]]:
    """Who finished so after they had stopped: taken off where they had."""
    mail = aliased(Delivery)
    return (
        select(*_place(mail), (-func.count()).label("stopped"))
        .select_from(Event)
        .join(mail, mail.id == _last_received())
        .join(Enrolment, Enrolment.id == mail.enrolment_id)
        .where(IS_ENDING, Event.kind == "finished", _within(Event.at), _has_stopped(Event, mail))
        .group_by(*_place(mail))
    )


def _endings() -> Select[*tuple[Any, ...]]:
    """Who left or paused, each once a lesson. A mailbox that left is no unsubscribe."""
    mail, report = aliased(Delivery), aliased(Event)
    reported = exists().where(
        report.subscriber_id == Event.subscriber_id,
        report.kind.in_(("bounced", "complained")),
        report.at == Event.at,
    )
    unsubscribed = case((and_(Event.kind == "left", ~_again(mail, "left"), ~reported), 1), else_=0)
    paused = case((and_(Event.kind == "paused", ~_again(mail, "paused")), 1), else_=0)
    stopped = case((~_has_stopped(Event, mail), 1), else_=0)
    return (
        select(
            *_place(mail),
            func.sum(stopped).label("stopped"),
            func.sum(unsubscribed).label("unsubscribed"),
            func.sum(paused).label("paused"),
        )
        .select_from(Event)
        .join(mail, mail.id == _last_received())
        .join(Enrolment, Enrolment.id == mail.enrolment_id)
        .where(IS_ENDING, Event.kind.in_(_STOPS), _within(Event.at))
        .group_by(*_place(mail))
    )


def _reports() -> Select[*tuple[Any, ...]]:
    """Lessons that came back or were called spam, each once."""
    earlier = aliased(Event)
    again = exists().where(
        earlier.delivery_id == Event.delivery_id, earlier.kind == Event.kind, earlier.id < Event.id
    )
    return (
        select(*_place(Delivery), *(_how_many(Event.kind == one, one) for one in ("bounced", "complained")))
        .select_from(Event)
        .join(Delivery, Delivery.id == Event.delivery_id)
        .join(Enrolment, Enrolment.id == Delivery.enrolment_id)
        .where(IS_ENDING, Event.kind.in_(("bounced", "complained")), ~again)
        .where(_within(Event.at))
        .group_by(*_place(Delivery))
    )


def _clicked() -> Select[*tuple[Any, ...]]:
    """Lessons of which a person first followed a link."""
    return _of_clicks("clicked").where(clicks.first_of_mail())


def _scanned() -> Select[*tuple[Any, ...]]:
    return _of_clicks("scanner_clicks").where(Click.scanner.is_(True))


def _of_clicks(name: str) -> Select[*tuple[Any, ...]]:
    return (
        select(*_place(Delivery), func.count().label(name))
        .select_from(Click)
        .join(Delivery, Delivery.id == Click.delivery_id)
        .join(Enrolment, Enrolment.id == Delivery.enrolment_id)
        .where(_within(Click.at))
        .group_by(*_place(Delivery))
    )


def _place(mail: Any) -> tuple[ColumnElement[Any], ...]:
    return mail.course_id, week_of(Enrolment.joined_at), mail.lesson_id


def _within(moment: Any) -> ColumnElement[bool]:
    kind = UtcDateTime()
    return and_(moment >= bindparam("start", type_=kind), moment < bindparam("end", type_=kind))


def _how_many(which: ColumnElement[bool], name: str) -> ColumnElement[int]:
    return func.sum(case((which, 1), else_=0)).label(name)


def _is_received(mail: Any) -> ColumnElement[bool]:
    """It arrived, or may have and counts as had; a further copy is no other lesson."""
    received = or_(is_in(State.ACCEPTED, mail), is_in(State.UNKNOWN, mail))
    return and_(received, mail.finished_at.is_not(None), mail.kind == "lesson", mail.copy == 0)


def _was_received(mail: Any) -> ColumnElement[bool]:
    """The same of a mail that is looked up for each of many.

    Behind coalesce no index is used: SQLite would go by the moment, and read everybody's mail for each one's.
    """
    received = func.coalesce(mail.state, "").in_((State.ACCEPTED, State.UNKNOWN))
    return and_(received, _moment(mail).is_not(None), mail.kind == "lesson", mail.copy == 0)


def _moment(mail: Any) -> ColumnElement[datetime | None]:
    return func.coalesce(mail.finished_at, null())


def _has_stopped(what: Any, mail: Any) -> ColumnElement[bool]:
    """Whether the person of an event or mail had stopped after an earlier mail, and not gone on since."""
    return _latest((*_STOPS, "finished"), what, mail.finished_at).in_(_STOPS)


def _latest(kinds: Sequence[str], what: Any, since: Any) -> ColumnElement[str]:
    """Of its person's events of these kinds the last one before an event or mail; "" without one."""
    event = aliased(Event)
    latest = (
        select(event.kind)
        .where(
            event.subscriber_id == what.subscriber_id,
            event.course_id == what.course_id,
            event.kind.in_(kinds),
            event.at >= since,
            _came_before(event, what),
        )
        .order_by(event.at.desc(), event.id.desc())
        .limit(1)
        .correlate_except(event)
    )
    return func.coalesce(latest.scalar_subquery(), "")


def _came_before(event: Any, what: Any) -> ColumnElement[bool]:
    """Whether an event was there before another one, or before a mail had arrived."""
    if what is Delivery:
        before: ColumnElement[bool] = event.at < Delivery.finished_at
        return before
    return or_(event.at < what.at, and_(event.at == what.at, event.id < what.id))


def _again(mail: Any, kind: str) -> ColumnElement[bool]:
    """Whether an event of this kind came between this one and the lesson before it."""
    earlier = aliased(Event)
    return exists().where(
        earlier.subscriber_id == Event.subscriber_id,
        earlier.course_id == Event.course_id,
        earlier.kind == kind,
        earlier.at >= mail.finished_at,
        _came_before(earlier, Event),
    )


def _last_received() -> ColumnElement[int | None]:
    mail = aliased(Delivery)
    return (
        select(mail.id)
        .where(
            mail.subscriber_id == Event.subscriber_id,
            mail.course_id == Event.course_id,
            _was_received(mail),
            _moment(mail) <= Event.at,
        )
        .order_by(mail.finished_at.desc(), mail.id.desc())
        .limit(1)
        .correlate(Event)
        .scalar_subquery()
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
