"""How many there are, roughly and at once: some thousand people are drawn by lot, asked, and scaled up.

Whatever is asked costs each of those people a few looks into indexes, so it is answered in a moment, however
many others there are. It is for a page to show until the exact number is there, and decides nothing.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from math import floor, log10, sqrt
from random import Random
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, String, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from subscribers.models import Subscriber

SIZE: Final = 4_000  # ids that are drawn: a half of all is told to within two in a hundred of them
MANY: Final = 20_000  # fewer are counted exactly as soon
# Else PostgreSQL may read tables of millions whole, or remember all who clicked to look one of them up, or
# make one plan for all samples, taking each for ten people: then it looks all of them up for each of them.
# And so few are asked sooner by one process than others are started.
_SETTINGS: Final = {
    "random_page_cost": "1",
    "work_mem": "256kB",
    "plan_cache_mode": "force_custom_plan",
    "max_parallel_workers_per_gather": "0",
}
_BY_INDEX: Final = select(*(func.set_config(name, value, True) for name, value in _SETTINGS.items()))


@dataclass(frozen=True, slots=True)
class Sample:
    """Ids drawn by lot, out of so many."""

    ids: tuple[int, ...]
    among: int
    dialect: str

    def has(self, person: Any) -> ColumnElement[bool]:
        """Whether somebody was drawn."""
        if self.dialect == "postgresql":
            drawn: ColumnElement[bool] = person == any_(literal(list(self.ids), ARRAY(Integer)))
            return drawn
        ids = func.json_each(literal(json.dumps(self.ids), String)).table_valued("value")
        among_them: ColumnElement[bool] = person.in_(select(ids.c.value))
        return among_them

    def scaled(self, found: int) -> int:
        """How many of all it may be if so many were found: no more digits than the lot is sure of."""
        each = self.among / len(self.ids)
        margin = 2 * each * sqrt(max(found * (1 - found / len(self.ids)), 1))  # twice the standard error
        step: int = 10 ** max(floor(log10(margin)), 0)
        people: int = round(found * each / step) * step
        return people


def draw(session: Session) -> Sample | None:
    """Some thousand people by lot, the same until many have come; None where all are soon counted.

    What this transaction asks of them is looked up person by person.
    """
    span = session.execute(select(func.min(Subscriber.id), func.max(Subscriber.id))).one()
    first, last = span[0] or 0, span[1] or 0
    if last - first < MANY:
        return None
    last += -last % 2 ** max(last.bit_length() - 4, 0)  # an eighth at most: until it is full, the lot stands
    dialect = dialect_of(session)
    if dialect == "postgresql":
        session.execute(_BY_INDEX)
    return Sample(_drawn(first, last), last - first + 1, dialect)


@lru_cache(maxsize=4)
def _drawn(first: int, last: int) -> tuple[int, ...]:
    # The same lot each time, so that a number changes with what is asked and not by itself.
    return tuple(sorted(Random(0).sample(range(first, last + 1), SIZE)))  # noqa: S311 - nobody gains by guessing
