"""Many rows of values as a table within one statement: both databases can, each in its own way.

PostgreSQL unnests an array a column, SQLite reads one JSON text. So a statement is written and prepared once,
whatever the number of rows, and needs no temporary table.
"""

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    FromClause,
    Select,
    String,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.type_api import TypeEngine
from sqlalchemy.types import UserDefinedType


class Rows:
    """A table of values with named, typed columns, to be joined in statements of one dialect."""

    def __init__(self, dialect: str, name: str, **columns: TypeEngine[Any]) -> None:
        self._name = name
        self._arrays = dialect == "postgresql"
        self._columns = columns
        self.table = self._unnested() if self._arrays else self._from_json()

    def __getattr__(self, name: str) -> ColumnElement[Any]:
        return self.table.c[name]

    def parameters(self, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """The statement's parameters that hold these rows, each in the order of the columns."""
        if not self._arrays:
            return {self._name: json.dumps(rows)}
        columns = zip(*rows, strict=True) if rows else [() for _ in self._columns]
        return {
            f"{self._name}_{key}": _array(values) for key, values in zip(self._columns, columns, strict=True)
        }

    def _unnested(self) -> FromClause:
        arrays = [
            cast(bindparam(f"{self._name}_{key}", type_=String()), ARRAY(kind))
            for key, kind in self._columns.items()
        ]
        shapes = [column(key, kind) for key, kind in self._columns.items()]
        return func.unnest(*arrays).table_valued(*shapes).render_derived(name=self._name)

    def _from_json(self) -> FromClause:
        entries = func.json_each(cast(bindparam(self._name), String)).table_valued("value")
        values = [
            func.json_extract(entries.c.value, literal_column(f"'$[{place}]'"), type_=kind).label(key)
            for place, (key, kind) in enumerate(self._columns.items())
        ]
        return select(*values).subquery(self._name)


def _array(values: Sequence[Any]) -> str:
    """An array as PostgreSQL reads it. The driver makes one, too, but takes twenty times as long."""
    joined = '","'.join(map(str, values))
    needs_escape = "\\" in joined or joined.count('"') != 2 * (len(values) - 1)
    if not values or needs_escape or None in values:
        return "{" + ",".join(map(_element, values)) + "}"
    return f'{{"{joined}"}}'


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def among(dialect: str, wanted: InstrumentedAttribute[int], ids: Select[int]) -> ColumnElement[bool]:
    """Whether a column is one of the ids that a query finds, by the column's index.

    PostgreSQL is given an array: for IN (SELECT ...) and for joins it reads and hashes a table of millions to
    find ten thousand rows, for each chunk anew.
    """
    if dialect == "postgresql":
        return wanted == any_(func.array(ids.scalar_subquery()))
    return wanted.in_(ids)


def one_of(session: Session, wanted: InstrumentedAttribute[Any], ids: Collection[int]) -> ColumnElement[bool]:
    """Whether a column is one of these ids, which PostgreSQL gets as one value: its driver takes longer to
    look at each of thousands than the server to find them.

    Together with `for_these_values`: of an array that it does not see PostgreSQL expects ten ids, and
    compares each row with each of thousands.
    """
    return wanted == any_(literal(ids, _Ids())) if dialect_of(session) == "postgresql" else wanted.in_(ids)


class _Ids(UserDefinedType[Collection[int]]):
    """An array of ids, as a text whose type PostgreSQL takes from the column."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "INTEGER[]"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:  # noqa: ARG002
        return lambda ids: "{" + ",".join(map(str, ids)) + "}"


def in_index_order(session: Session) -> None:
    """Let what this transaction looks for be read in the order of an index, as far as it is wanted.

    PostgreSQL knows a table as it was a minute ago. Where a tick has queued a million since, it would read
    and sort all of them for each claim.
    """
    if dialect_of(session) == "postgresql":
        session.execute(text("SET LOCAL enable_bitmapscan = off"))


def for_these_values(session: Session) -> None:
    """Let each statement of this transaction be planned for the values that it has.

    Of a statement that comes again and again, PostgreSQL makes one plan for any values after the tenth time.
    It takes any stretch of ids for a few people, and may read a million rows for each of the thousands in it.
    """
    if dialect_of(session) == "postgresql":
        session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def one_by_one(session: Session) -> None:
    """Let the first few that this transaction looks for be found as a table is gone through.

    With more memory PostgreSQL remembers all who clicked, or had a lesson, before it looks at anybody.
    """
    if dialect_of(session) == "postgresql":
        session.execute(text("SET LOCAL work_mem = '1MB'"))


def with_room(session: Session) -> None:
    """Let this transaction hold a table's people in memory, to count them: a million and their lists are more
    than PostgreSQL takes for a query, and it would write them to its disk first.
    """
    if dialect_of(session) == "postgresql":
        session.execute(text("SET LOCAL work_mem = '64MB'"))


def dialect_of(session: Session) -> str:
    return session.get_bind().dialect.name
