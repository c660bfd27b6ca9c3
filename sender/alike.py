"""Enrolments that are alike: equal in all the schedule looks at, so that what comes next is computed once.

A million learners share a few thousand histories and moments. Of each group one is computed by the plain
functions of campaigns/standing.py; the others follow it in one statement. The groups live in a temporary
table of the transaction's connection: only counts and exceptions come to Python.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    Insert,
    Integer,
    MetaData,
    Select,
    Table,
    Update,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased, joinedload

from campaigns.enrolling import STANDING
from campaigns.models import Enrolment
from courseletter.bulk import among, dialect_of
from subscribers.models import Subscriber

# The due enrolments of this transaction, each with the one whose way it follows (itself, for that one).
_TABLE = Table(
    "enrolments_alike",
    MetaData(),
    Column("enrolment_id", Integer, primary_key=True),
    Column("like_id", Integer, nullable=False, index=True),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
_id, _like_id = _TABLE.c.enrolment_id, _TABLE.c.like_id


def gather(
    session: Session, wanted: Select[int], values: Mapping[str, Any], fields: Collection[str] = ()
) -> Mapping[int, int]:
    """Group the enrolments whose ids a query finds with these values. Returns the groups' sizes().

    `fields` names what else tells people apart: subscriber fields that a lesson's condition asks for.
    """
    _TABLE.create(session.connection(), checkfirst=True)
    session.execute(delete(_TABLE))
    grouping = _grouping(dialect_of(session), wanted, tuple(sorted(fields)))
    session.connection().execute(grouping, values)
    return sizes(session)


def sizes(session: Session) -> Mapping[int, int]:
    """The size of each group by the id of its first."""
    counted = session.execute(select(_like_id, func.count()).group_by(_like_id))
    return dict(counted.all())


def firsts(session: Session) -> Sequence[Enrolment]:
    """The first of each group, with what the schedule needs of it."""
    return session.scalars(
        select(Enrolment)
        .where(among(dialect_of(session), Enrolment.id, select(_like_id)))
        .options(
            joinedload(Enrolment.progress), joinedload(Enrolment.profile), joinedload(Enrolment.subscriber)
        )
        .order_by(Enrolment.id)
    ).all()


def set_apart(session: Session, enrolments: Collection[int]) -> None:
    """Let each of these stand for itself alone."""
    session.execute(update(_TABLE).where(_id.in_(enrolments)).values(like_id=_id))


def members(first: int | None = None) -> Select[int]:
    """The ids of all that were gathered, or of one group."""
    everyone = select(_id)
    return everyone if first is None else everyone.where(_like_id == first)


def written(first: Enrolment) -> tuple[Any, ...]:
    """What follow() hands on: the columns of STANDING."""
    return tuple(getattr(first, column.key) for column in STANDING)


def follow(session: Session, before: Mapping[Enrolment, tuple[Any, ...]]) -> None:
    """Write to everybody what the first of their group now says. `before` is what the firsts said until now:
    a column that none of them has changed is not touched, and neither are its indexes.
    """
    session.flush()
    pairs = [zip(said, written(first), strict=True) for first, said in before.items()]
    changed = {place for pair in pairs for place, (old, new) in enumerate(pair) if old != new}
    if not changed:
        return
    session.execute(_following(dialect_of(session), tuple(sorted(changed))))


@cache
def _following(dialect: str, changed: Sequence[int]) -> Update:
    """Written once, as all that a chunk asks for is: to put it together takes longer than to send it."""
    first = aliased(Enrolment)
    return (
        update(Enrolment)
        .where(Enrolment.id == _id, _like_id == first.id, _id != _like_id)
        .where(among(dialect, first.id, select(_like_id)))
        .values({STANDING[place].key: getattr(first, STANDING[place].key) for place in changed})
        .execution_options(synchronize_session=False)
    )


@lru_cache(maxsize=100)  # courses differ in what they ask for
def _grouping(dialect: str, wanted: Select[int], fields: Sequence[str]) -> Insert:
    grouped = _grouped(dialect, wanted.cte("due"), fields)
    return insert(_TABLE).from_select([_id.name, _like_id.name], grouped)


def _grouped(dialect: str, due: CTE, fields: Sequence[str]) -> Select[Any, int]:
    """Each of those who are due, with the first of its likes. What tells people apart most often is first."""
    alike: list[Any] = [Enrolment.profile_id, Enrolment.due_at, Enrolment.revision_id, *STANDING]
    not_begun = or_(Enrolment.anchor_at.is_(None), Enrolment.due_at == Enrolment.joined_at)
    alike.append(case((not_begun, Enrolment.joined_at)))
    alike += [_field(name) for name in fields]
    wanted = select().add_cte(due).where(among(dialect, Enrolment.id, select(due.c.id)))
    if fields:
        wanted = wanted.join_from(Enrolment, Subscriber)
    first = func.min(Enrolment.id)
    if dialect != "postgresql":
        return wanted.add_columns(Enrolment.id, first.over(partition_by=alike))
    # It hashes groups, but sorts partitions, which takes three times as long.
    ids = func.array_agg(Enrolment.id).label("ids")
    groups = wanted.add_columns(ids, first.label("first")).group_by(*alike).subquery()
    return select(func.unnest(groups.c.ids), groups.c.first)


def _field(name: str) -> Any:
    if name in ("email", "first_name", "last_name"):
        return getattr(Subscriber, name)
    return Subscriber.fields[name]
