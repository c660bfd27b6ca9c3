"""Temporary tables for a chunk of an import, and the driver's own fast way to fill a table.

The addresses of a chunk are looked up all at once. Only who is known already is staged whole, to be
compared with what we have by a few statements (comparing.py); everybody else is loaded straight into the
tables (loading.py). COPY on PostgreSQL and executemany on SQLite take a seventh of the time of SQLAlchemy's
INSERTs.
"""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, String, Table, text, true
from sqlalchemy.exc import DBAPIError

from courseletter.database import UtcDateTime

_METADATA: Final = MetaData()


def _staged(name: str, *columns: Column[Any]) -> Table:
    return Table(
        f"staged_{name}", _METADATA, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DELETE ROWS"
    )


def _row() -> Column[Any]:
    return Column("row", Integer, primary_key=True, autoincrement=False)


def _text(name: str) -> Column[Any]:
    return Column(name, String, nullable=False)


ADDRESSES: Final = _staged("addresses", _row(), _text("address_key"), _text("address_hash"))
KNOWN: Final = _staged(
    "known",
    _row(),
    *(_text(name) for name in ("email", "address_key", "address_hash", "first_name", "last_name")),
    Column("language", String),
    Column("zone", String),
    Column("minute", Integer),
    Column("weekdays", String),
    Column("no_tracking", Boolean),
    Column("daily_cap", Integer),
    Column("fields", String),
    Column("created_at", UtcDateTime),
    Column("subscriber_id", Integer),
    Column("kept_out", Boolean),
)
MEMBERS: Final = _staged(
    "members",
    _row(),
    Column("list_id", Integer, primary_key=True, autoincrement=False),
    Column("status", String),
    Column("changed_at", UtcDateTime),
    Column("changes", Boolean, server_default=true()),  # whether the membership becomes what the file says
)
LEDGER: Final = _staged(
    "ledger",
    _row(),
    Column("list_id", Integer),
    Column("place", Integer, primary_key=True, autoincrement=False),  # among the row's lines
    Column("act", String),
    Column("at", UtcDateTime),
    *(_text(name) for name in ("wording", "wording_hash", "source_url", "ip", "user_agent", "note")),
)
TAGS: Final = _staged(
    "tags",
    Column("row", Integer, nullable=False),
    Column("tag_id", Integer, nullable=False),
    Column("added_at", UtcDateTime),
)
WITHHELD: Final = _staged(
    "withheld", _row(), Column("reason", String), Column("at", UtcDateTime), _text("note")
)


def prepare(connection: Connection) -> None:
    """Make the tables, in a transaction of their own; they last as long as the connection."""
    with connection.begin():
        _METADATA.create_all(connection, checkfirst=False)


def empty(connection: Connection) -> None:
    """Begin a chunk, in its transaction."""
    if connection.dialect.name == "sqlite":
        for table in _METADATA.sorted_tables:
            connection.execute(table.delete())
        return
    # A chunk is small beside the tables it meets: never read all of those to find these few rows.
    connection.execute(text("SET LOCAL enable_hashjoin = off"))
    connection.execute(text("SET LOCAL enable_mergejoin = off"))
    connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))


def load(connection: Connection, table: Table, names: list[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Put rows of values for these columns into a table: moments as text in UTC, JSON as text."""
    if not rows:
        return
    columns = ", ".join(f'"{name}"' for name in names)
    driver: Any = connection.connection.driver_connection
    try:
        if connection.dialect.name == "sqlite":
            values = ", ".join("?" for _ in names)
            driver.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({values})", rows)  # noqa: S608
        else:
            _copy(driver, table, names, columns, rows)
    except connection.dialect.loaded_dbapi.Error as error:  # as everybody else knows it
        raise DBAPIError.instance(None, None, error, connection.dialect.loaded_dbapi.Error) from error


def _copy(driver: Any, table: Table, names: list[str], columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    # An empty cell is NULL, unless its column knows none.
    texts = [f'"{name}"' for name in names if not table.columns[name].nullable]
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    statement = f"COPY {table.name} ({columns}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({', '.join(texts)}))"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(lines.getvalue())


def stage(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Fill a staged table: what it finds out by itself, `changes`, is left out."""
    load(connection, table, [one.name for one in table.columns if one.server_default is None], rows)
