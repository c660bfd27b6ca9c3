"""What became of an issue, day by day and subject by subject; counted along with the lessons' results."""

from collections import Counter, defaultdict
from datetime import date, datetime
from functools import cache
from typing import Any, Final

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
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from courseletter.database import UtcDateTime
from sender import clicks
from sender.models import IS_ENDING, Click, Delivery, Event, IssueResult, State, is_in

COUNTS: Final = ("received", "clicked", "scanner_clicks", "unsubscribed", "bounced", "complained")


def count_day(session: Session, start: datetime, end: datetime) -> dict[int, Counter[str]]:
    """The day's numbers by revision, each of which is one subject of an issue."""
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for query, names in _queries():
        for revision, *numbers in session.execute(query, {"start": start, "end": end}):
            found[revision].update(dict(zip(names, numbers, strict=True)))
    return dict(found)


def keep_day(session: Session, day: date, found: dict[int, Counter[str]]) -> None:
    session.execute(delete(IssueResult).where(IssueResult.day == day))
    rows = [
        {"revision_id": revision, "day": day, **{name: numbers[name] for name in COUNTS}}
        for revision, numbers in sorted(found.items())
    ]
    if rows:
        session.execute(insert(IssueResult), rows)


def totals(session: Session, revisions: list[int]) -> dict[int, Counter[str]]:
    """All days together."""
    sums = [func.sum(getattr(IssueResult, name)) for name in COUNTS]
    wanted = select(IssueResult.revision_id, *sums).where(IssueResult.revision_id.in_(revisions))
    rows = session.execute(wanted.group_by(IssueResult.revision_id)).all()
    return {revision: Counter(dict(zip(COUNTS, numbers, strict=True))) for revision, *numbers in rows}


@cache
def _queries() -> list[tuple[Select[*tuple[Any, ...]], list[str]]]:
    queries = (_received(), _clicked(), _scanned(), _endings())
    return [(one, [column.name for column in one.selected_columns[1:]]) for one in queries]


def _received() -> Select[*tuple[Any, ...]]:
    received = and_(or_(is_in(State.ACCEPTED), is_in(State.UNKNOWN)), Delivery.finished_at.is_not(None))
    return _by_revision(func.count().label("received")).where(
        received, _within(Delivery.finished_at), Delivery.kind == "issue"
    )


def _clicked() -> Select[*tuple[Any, ...]]:
    """People who first followed one of its links on this day."""
    return _of_clicks("clicked").where(clicks.first_of_mail())


def _scanned() -> Select[*tuple[Any, ...]]:
    return _of_clicks("scanner_clicks").where(Click.scanner.is_(True))


def _of_clicks(name: str) -> Select[*tuple[Any, ...]]:
    counting = _by_revision(func.count().label(name)).join(Click, Click.delivery_id == Delivery.id)
    return counting.where(_within(Click.at), Delivery.kind == "issue")


def _endings() -> Select[*tuple[Any, ...]]:
    """Who left after it, sent it back or called it spam, each once."""
    earlier = aliased(Event)
    again = exists().where(
        earlier.delivery_id == Event.delivery_id, earlier.kind == Event.kind, earlier.id < Event.id
    )
    names = {"left": "unsubscribed", "bounced": "bounced", "complained": "complained"}
    sums = (func.sum(case((Event.kind == kind, 1), else_=0)).label(name) for kind, name in names.items())
    return (
        _by_revision(*sums)
        .join(Event, Event.delivery_id == Delivery.id)
        .where(IS_ENDING, Event.kind.in_(tuple(names)), _within(Event.at), ~again, Delivery.kind == "issue")
    )


def _by_revision(*numbers: Any) -> Select[*tuple[Any, ...]]:
    return select(Delivery.revision_id, *numbers).select_from(Delivery).group_by(Delivery.revision_id)


def _within(moment: Any) -> ColumnElement[bool]:
    kind = UtcDateTime()
    return and_(moment >= bindparam("start", type_=kind), moment < bindparam("end", type_=kind))
