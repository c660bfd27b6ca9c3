"""Finding people by the beginning of an address or of a name, by indexes alone; or, while those are put away
for a large import, by reading everybody once.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from subscribers.importing import indexes
from subscribers.models import Subscriber
from subscribers.names import fold

_LAST = "\U0010ffff"  # no letter comes after it


def search(
    session: Session, text: str, most: int, also: ColumnElement[bool] | None = None
) -> Sequence[Subscriber]:
    """Up to `most` people whose address, first or last name begins so, or both names in this order.

    Without a text: who came last. `also` is what must hold beside it. SQLite folds the case of ASCII alone:
    other letters are found as typed, or with a capital in front.
    """
    there = Subscriber.erased_at.is_(None) if also is None else also
    if not text.strip():
        return session.scalars(
            select(Subscriber).where(there).order_by(Subscriber.id.desc()).limit(most)
        ).all()
    found: dict[int, Subscriber] = {}
    for condition in _ways(session, text):
        if len(found) < most:
            wanted = select(Subscriber).where(condition, there).limit(most)
            found |= {one.id: one for one in session.scalars(wanted)}
    return list(found.values())[:most]


def counted(session: Session, text: str, most: int, also: ColumnElement[bool]) -> int:
    """How many are found by this text, no further than `most` and one: each way by its own index."""
    ways = (
        select(Subscriber.id).where(condition, also).limit(most + 1).subquery()
        for condition in _ways(session, text)
    )
    found = union(*(select(way.c.id) for way in ways)).subquery()
    return min(session.scalar(select(func.count()).select_from(found)) or 0, most + 1)


def matching(session: Session, text: str) -> ColumnElement[bool]:
    """Whether somebody is found by this text."""
    return or_(*_each_way(session, " ".join(text.split())))


def _ways(session: Session, text: str) -> Sequence[ColumnElement[bool]]:
    """What is to be asked one after the other, each of it by its own index."""
    ways = [*_each_way(session, " ".join(text.split()))]
    return [or_(*ways)] if indexes.are_away(session) else ways


def _each_way(session: Session, text: str) -> Iterator[ColumnElement[bool]]:
    first, last = func.lower(Subscriber.first_name), func.lower(Subscriber.last_name)
    yield begins_so(session, Subscriber.address_key, fold(text))
    for spelling in dict.fromkeys((text.lower(), _as_sqlite(text), _as_sqlite(text.title()))):
        for column in (first, last):
            yield begins_so(session, column, spelling)
        one, _, other = spelling.partition(" ")
        if other:
            yield and_(first == one, begins_so(session, last, other))


def begins_so(session: Session, column: Any, text: str) -> ColumnElement[bool]:
    """Whether the column begins with the text, as a range that its index answers."""
    from_, to = ("~>=~", "~<~") if dialect_of(session) == "postgresql" else (">=", "<")
    beginning: ColumnElement[bool] = and_(column.op(from_)(text), column.op(to)(text + _LAST))
    return beginning


def _as_sqlite(text: str) -> str:
    """The text with ASCII letters alone in lower case."""
    return "".join(one.lower() if one.isascii() else one for one in text)
