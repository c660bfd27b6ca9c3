"""A page of people, newest first, by keys and not by counting rows: the thousandth costs what the first
does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from courseletter.bulk import one_by_one
from subscribers import segments
from subscribers.models import Subscriber


@dataclass(frozen=True, slots=True)
class Page:
    """People in a row. `earlier` and `later` lead on: `after` and `before` of the pages beside; None: none.

    The list begins with the newest: what is later on it came earlier.
    """

    people: Sequence[Subscriber]
    earlier: int | None = None
    later: int | None = None


def page(
    session: Session,
    wanted: ColumnElement[bool],
    size: int,
    *,
    before: int | None = None,
    after: int | None = None,
) -> Page:
    """The first `size` people whom a condition wants, with ids below `before`; or the last above `after`."""
    one_by_one(session)
    people = select(Subscriber).where(wanted)
    if after is not None:
        above = people.where(Subscriber.id > after).order_by(Subscriber.id).limit(size + 1)
        found = session.scalars(above).all()[::-1]
        more_above, found = len(found) > size, found[-size:]
        more_below = bool(found)  # where one came from
    else:
        below = people if before is None else people.where(Subscriber.id < before)
        found = session.scalars(below.order_by(Subscriber.id.desc()).limit(size + 1)).all()
        more_below, found = len(found) > size, found[:size]
        more_above = before is not None
    if not found:
        return Page([])
    return Page(found, found[0].id if more_above else None, found[-1].id if more_below else None)


def counted(session: Session, wanted: ColumnElement[bool], most: int | None = None) -> int:
    """How many people a condition wants; no further than `most` and one."""
    if most is None:
        return segments.count(session, wanted)
    some = select(Subscriber.id).where(wanted).limit(most + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0
