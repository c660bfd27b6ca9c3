"""The week that a moment lies in, in SQL: both databases can, each in its own way."""

from typing import Any

from sqlalchemy import Date
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class week_of(FunctionElement[Any]):  # noqa: N801 - a function in SQL
    """The Monday, in UTC, of a moment's week."""

    type = Date()
    inherit_cache = True


@compiles(week_of, "sqlite")
def _on_sqlite(element: week_of, compiler: Any, **options: Any) -> str:
    # 'weekday 1' moves forward to a Monday, so from six days before. Of the day alone: SQLite would round the
    # last half of a millisecond up to the next.
    return f"date(substr({compiler.process(element.clauses, **options)}, 1, 10), '-6 days', 'weekday 1')"


@compiles(week_of, "postgresql")
def _on_postgresql(element: week_of, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"CAST(date_trunc('week', ({moment}) AT TIME ZONE 'UTC') AS DATE)"
