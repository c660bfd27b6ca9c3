"""The database: one base for all tables, and transactions for reading and for writing.

SQLite runs in WAL with `BEGIN IMMEDIATE` for writers: a deferred read upgraded to a write fails at once with
SQLITE_BUSY_SNAPSHOT, whatever the busy timeout. synchronous=FULL, because a delivery marked as in doubt must
survive a power cut.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from importlib.resources import as_file, files
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import DatabaseError as DatabaseFault
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from courseletter.errors import CourseletterError

SCHEMA = "0028"  # the newest migration
BUSY_TIMEOUT = 10_000  # milliseconds a SQLite writer waits for the one before it
CACHE = 16  # MB of a SQLite file's pages that each connection keeps
SENDING_CACHE = 1  # and where nothing but sending is done: deliveries come one after the other
CHECKPOINT = 4_000  # pages of 4 KB that SQLite's log grows to before a writer copies them into the file
ROOM = "64MB"  # for a connection's temporary tables, on PostgreSQL: none of an import's goes to the disk
# A server that is gone without a word, behind a firewall that forgets or on a machine that fell over, is
# noticed within a minute; without this, all would wait for it for a quarter of an hour, or for two hours.
STEADY = {
    "connect_timeout": "10",  # seconds, as the others but the last
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",  # milliseconds
}
IDLE_TIMEOUT = 60_000  # milliseconds between two statements of one transaction, on PostgreSQL

_DAMAGED = ("not a database", "malformed")
_FILE_TROUBLE = (*_DAMAGED, "readonly", "unable to open", "disk is full")  # in SQLite's words

# What the tables have on one of the two databases alone, as the `info` of an index or a foreign key.
on_sqlite_alone = {"dialect": "sqlite"}
on_postgresql_alone = {"dialect": "postgresql"}

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class DatabaseError(CourseletterError):
    """The database cannot be used as it is; the message says what to do."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment. SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a zone must not be stored")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table. Constraints have fixed names, so that migrations find them on SQLite too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way to declare it
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[Any]: Json,
    }


class Database:
    """An open database. `read()` and `write()` give a session that lives for one transaction."""

    def __init__(self, address: str, *, cache: int = CACHE) -> None:
        """`cache`: MB of its pages that each connection to a SQLite file keeps."""
        self.engine = _create_engine(_parse(address), cache)
        self._reading = sessionmaker(self.engine, expire_on_commit=False)
        # Copies of the engine that share its pool but begin as writers, by whether they wait for the disk.
        self._writing = {
            durable: sessionmaker(
                self.engine.execution_options(writes=True, durable=durable), expire_on_commit=False
            )
            for durable in (True, False)
        }
        # SQLite's own wait for the writer before is a poll that anybody may overtake, without end. Here the
        # threads of a process take turns, so that one at most of each process waits that way.
        self._turn = threading.Lock() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that changes nothing: it is never committed."""
        with self._reading() as session:
            yield session

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Session]:
        """A transaction that is committed at the end, or rolled back whole when an error passes through.

        One that is not `durable` may be undone by a power cut, until any durable one has followed it: both
        databases write their logs in order. It is for what would only be done once more.
        """
        with self._turn, self._writing[durable].begin() as session:
            yield session

    def upgrade(self) -> None:
        """Bring the tables to this version's shape. Safe to repeat."""
        from alembic import command
        from alembic.config import Config

        with as_file(files("courseletter") / "migrations") as folder:
            config = Config()
            config.set_main_option("script_location", str(folder).replace("%", "%%"))
            config.attributes["engine"] = self.engine
            try:
                command.upgrade(config, "head")
            except DatabaseFault as error:
                raise unusable(error, self.engine.url) from None

    def check_version(self) -> None:
        """Raise DatabaseError, with what to run, unless the tables have this version's shape."""
        try:
            with self.engine.connect() as connection:
                found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        except DatabaseFault as error:
            if "alembic_version" not in str(error.orig):
                raise unusable(error, self.engine.url) from None
            raise DatabaseError("The database has no tables yet. Run `courseletter init`.") from None
        if found != SCHEMA:
            raise DatabaseError("The database has another version's tables. Run `courseletter db upgrade`.")

    def close(self) -> None:
        self.engine.dispose()


def is_unusable(error: DBAPIError) -> bool:
    """Whether it is the file that is in the way, so that trying again cannot help."""
    return any(words in str(error.orig) for words in _FILE_TROUBLE)


def unusable(error: DBAPIError, url: URL) -> DatabaseError:
    """What a person can do about it: another thing for a server and for a file."""
    reason = str(error.orig).partition("\n")[0].rstrip(". ")
    if url.get_backend_name() != "sqlite":
        return DatabaseError(
            f"The database cannot be opened: {reason}. Is it running, and is its address right?"
        )
    if any(words in reason for words in _DAMAGED):
        return DatabaseError(f"{url.database} is damaged: {reason}. Restore it from a backup.")
    return DatabaseError(
        f"The database {url.database} cannot be used: {reason}. "
        "Check the path, its permissions and the room on the disk."
    )


def _parse(address: str) -> URL:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise DatabaseError(
            "COURSELETTER_DATABASE_URL is no database address. "
            "Write one like postgresql://user:password@host/name, or leave it out to use SQLite."
        ) from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername == "postgresql+psycopg":  # what the address says itself counts
        url = url.update_query_dict({name: STEADY[name] for name in STEADY.keys() - url.query.keys()})
    return url


def _create_engine(url: URL, cache: int) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite")
    except (NoSuchModuleError, ArgumentError, ImportError):
        raise DatabaseError(
            f"COURSELETTER_DATABASE_URL names {url.drivername!r}. Courseletter runs on sqlite and postgresql."
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_prepare_sqlite, cache))
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(cache: int, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself; we do, below
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT}",
        "journal_mode = WAL",
        "synchronous = FULL",
        f"wal_autocheckpoint = {CHECKPOINT}",
        "foreign_keys = ON",
        f"cache_size = -{1000 * cache}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """Commits wait for the disk, whatever the server's own setting is: see synchronous=FULL above.

    And who stops within a transaction loses it, or its locks would stop everybody else (REQUIREMENTS 22).
    """
    connection.execute("SET synchronous_commit = on")
    connection.execute("SET timezone = 'UTC'")  # else each moment that is read has to be converted
    connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_TIMEOUT}")
    connection.execute(f"SET temp_buffers = '{ROOM}'")  # here, since it must be said before there is any
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA synchronous = {'FULL' if options.get('durable', True) else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("durable", True):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
