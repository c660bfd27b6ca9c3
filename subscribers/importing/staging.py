"""The people of a chunk as tables beside ours, so that a few statements decide and write.

What is handed over (handing.py) is attached on SQLite, and copied into temporary tables on PostgreSQL. Whom
we know and who is suppressed is put beside it; comparing.py writes what that comes to for people whom we
know, and loading.py for everybody else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    cast,
    false,
    func,
    literal,
    select,
    text,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of, with_room
from courseletter.database import IDLE_TIMEOUT, UtcDateTime
from subscribers.importing.handing import COLUMNS, FILLED, KEYS, Way
from subscribers.importing.reading import Chunk
from subscribers.models import MailingList, Subscriber, Suppression, Tag

BLOCK: Final = 1 << 18  # octets

_HANDED: Final = MetaData()
_OURS: Final = MetaData()
_INTEGERS: Final = ("row", "place", "line", "minute", "daily_cap", "stands", "tags")


def _column(name: str, keys: tuple[str, ...]) -> Column[Any]:
    if name in _INTEGERS:
        return Column(name, Integer, primary_key=name in keys, autoincrement=False)
    if name in ("at", "created_at", "changed_at", "added_at"):
        return Column(name, UtcDateTime)
    return Column(name, Boolean if name == "no_tracking" else String, nullable=name not in FILLED)


def _table(name: str, metadata: MetaData, *columns: Column[Any]) -> Table:
    return Table(name, metadata, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DELETE ROWS")


def _row() -> Column[Any]:
    return Column("row", Integer, primary_key=True, autoincrement=False)


PEOPLE, MEMBERS, LEDGER, TAGS, WITHHELD = (
    _table(name, _HANDED, *(_column(one, KEYS.get(name, ())) for one in names))
    for name, names in COLUMNS.items()
)
# Where people stand, and how they are marked, with the ids of our lists and tags.
STANDS: Final = _table(
    "staged_stands",
    _OURS,
    Column("stands", Integer, primary_key=True, autoincrement=False),
    Column("list_id", Integer, primary_key=True, autoincrement=False),
    Column("status", String),
    Column("changed_at", UtcDateTime),
)
MARKS: Final = _table(
    "staged_marks",
    _OURS,
    Column("tags", Integer, primary_key=True, autoincrement=False),
    Column("tag_id", Integer, primary_key=True, autoincrement=False),
    Column("added_at", UtcDateTime),
)
KNOWN: Final = _table(
    "staged_known", _OURS, _row(), Column("subscriber_id", Integer), Column("kept_out", Boolean)
)
SUPPRESSED: Final = _table("staged_suppressed", _OURS, _row(), Column("reason", String))
# On which lists those whom we know are to stand, and whether that becomes so.
CHANGES: Final = _table(
    "staged_changes",
    _OURS,
    _row(),
    Column("list_id", Integer, primary_key=True, autoincrement=False),
    Column("status", String),
    Column("changed_at", UtcDateTime),
    Column("changes", Boolean, server_default=true()),
)


def way_of(database: Connection | Engine) -> Way:
    """How chunks are to be handed over for this database."""
    return Way.FILE if database.dialect.name == "sqlite" else Way.TEXTS


def prepare(connection: Connection) -> None:
    """Make the tables, in a transaction of their own; they last as long as the connection."""
    with connection.begin():
        _OURS.create_all(connection, checkfirst=False)
        if way_of(connection) is Way.TEXTS:
            _HANDED.create_all(connection, checkfirst=False)


@contextmanager
def attached(connection: Connection, chunk: Chunk) -> Iterator[None]:
    """Have what was handed over at hand, for transactions within the block."""
    if way_of(connection) is Way.TEXTS:
        yield
        rmtree(chunk.handed)
        return
    driver: Any = connection.connection.driver_connection  # within a transaction it is too late
    driver.execute("ATTACH ? AS handed", (str(chunk.handed),))
    try:
        yield
    finally:
        driver.execute("DETACH handed")
    chunk.handed.unlink()


def fill(session: Session, chunk: Chunk, *, known: bool) -> None:
    """Begin a chunk, in its transaction: what was handed over, and whom of them we know, if anybody can be.

    Locks nobody.
    """
    if way_of(session.connection()) is Way.TEXTS:
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # it may wait for its turn
        with_room(session)  # or a chunk's ledger is put in order on the disk
        _copy(session.connection(), chunk.handed)
    else:
        for table in _OURS.sorted_tables:
            session.execute(table.delete())
    if chunk.replaced:
        for table in (PEOPLE, LEDGER, WITHHELD):
            session.execute(table.delete().where(table.c.row.in_(chunk.replaced)))
    if known:
        _recognise(session)


def _copy(connection: Connection, texts: Path) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        for table in _HANDED.sorted_tables:
            statement = f"COPY {table.name} FROM STDIN"
            with (texts / table.name).open("rb") as text, cursor.copy(statement) as copy:
                while block := text.read(BLOCK):
                    copy.write(block)
        # Nobody knows the size of what was just copied; a small sample tells it.
        cursor.execute("SET LOCAL default_statistics_target = 1")
        cursor.execute(f"ANALYZE {', '.join(COLUMNS)}")


def look_up(session: Session, *, hold: bool) -> bool:
    """Find the lists and tags that are named, and who is suppressed; returns whether we know anybody.

    In a trial there may be no list or tag of this name yet. `hold`: nobody else changes or erases those whom
    we know until the transaction ends.
    """
    if dialect_of(session) == "postgresql":
        session.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_TIMEOUT}"))
    stands = select(MEMBERS.c.stands, MailingList.id, MEMBERS.c.status, MEMBERS.c.changed_at)
    _put(session, STANDS, stands.join(MailingList, MailingList.slug == MEMBERS.c.slug))
    marks = select(TAGS.c.tags, Tag.id, func.min(TAGS.c.added_at)).join(Tag, Tag.name_key == TAGS.c.name_key)
    _put(session, MARKS, marks.group_by(TAGS.c.tags, Tag.id))
    known = select(KNOWN.c.row).limit(1)
    if hold and dialect_of(session) == "postgresql" and session.scalar(known) is not None:
        session.execute(KNOWN.delete())  # on SQLite nobody else writes anyway
        _recognise(session, hold=True)
    suppressed = select(PEOPLE.c.row, Suppression.reason)
    with by_index(session):
        same = Suppression.address_hash == PEOPLE.c.address_hash
        _put(session, SUPPRESSED, suppressed.join(Suppression, same))
    session.execute(update(KNOWN).where(KNOWN.c.row.in_(select(SUPPRESSED.c.row))).values(kept_out=True))
    return session.scalar(known) is not None


def _recognise(session: Session, *, hold: bool = False) -> None:
    """Find whom we know."""
    known = select(PEOPLE.c.row, Subscriber.id, false())
    known = known.join(Subscriber, Subscriber.address_key == PEOPLE.c.address_key)
    if hold:
        known = known.order_by(Subscriber.id).with_for_update(of=Subscriber, key_share=True)
    with by_index(session):
        _put(session, KNOWN, known)


def _put(session: Session, table: Table, rows: Select[Any]) -> None:
    names = [one.name for one in table.columns if one.server_default is None]
    session.execute(table.insert().from_select(names, rows))


@contextmanager
def by_index(session: Session) -> Iterator[None]:
    """A chunk is small beside the tables it meets: PostgreSQL is not to read all of those for it."""
    ways = ("enable_hashjoin", "enable_mergejoin") if dialect_of(session) == "postgresql" else ()
    for way in ways:
        session.execute(text(f"SET LOCAL {way} = off"))
    yield
    for way in ways:
        session.execute(text(f"SET LOCAL {way} = on"))


def moment(now: datetime) -> ColumnElement[Any]:
    return literal(now, UtcDateTime)


def as_json(session: Session, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text as the database keeps JSON: SQLite keeps text."""
    return cast(column, JSONB) if dialect_of(session) == "postgresql" else type_coerce(column, String)
