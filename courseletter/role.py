"""Who ticks: one process of all that work on a database. When it dies, another takes the role within a tick.

Two tickers would do no harm (the ledger keeps them apart, REQUIREMENTS 21); they would do the work twice.
"""

import fcntl
import os
from contextlib import suppress
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from courseletter.database import Database

TICKING = 7_026_361_946  # the advisory lock's number: any of our own
IDLE_SECONDS = 60  # without a tick, after which the server takes the role from a holder that hangs or is gone


class Role(Protocol):
    def held(self) -> bool:
        """Whether the role is ours, taking it if nobody has it. Asked before each tick."""

    def release(self) -> None: ...


def role_of(database: Database) -> Role:
    return FileRole(f"{database.engine.url.database}.ticker") if database.is_sqlite else ServerRole(database)


class FileRole:
    """Held through a lock on a file beside the SQLite database; the system frees it when we end."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None

    def held(self) -> bool:
        if self._file is not None:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class ServerRole:
    """Held through an advisory lock of a connection of its own: who loses the connection loses the role."""

    def __init__(self, database: Database, idle_seconds: float = IDLE_SECONDS) -> None:
        self._engine = database.engine
        self._idle_seconds = idle_seconds
        self._connection: Connection | None = None
        self._held = False

    def held(self) -> bool:
        try:
            connection = self._connection = self._connection or self._connect()
            if self._held:
                connection.exec_driver_sql("SELECT 1")
            else:
                trying = f"SELECT pg_try_advisory_lock({TICKING})"
                self._held = bool(connection.exec_driver_sql(trying).scalar())
        except DBAPIError:
            self.release()
            raise
        return self._held

    def release(self) -> None:
        connection, self._connection, self._held = self._connection, None, False
        if connection is not None:
            with suppress(DBAPIError):  # it may be lost
                if not connection.invalidated:
                    connection.exec_driver_sql(f"SELECT pg_advisory_unlock({TICKING})")
            connection.close()

    def _connect(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # closed for good when it is released: the lock must not go back to the pool
        connection.exec_driver_sql(f"SET idle_session_timeout = {round(1000 * self._idle_seconds)}")
        return connection
