"""The queue of a PostgreSQL installation, kept by Procrastinate. Nothing else here knows that library.

A job says no more than that a batch is ready. The ledger is the truth: a job too many finds nothing to send,
and for one that is lost the ticker defers another. So the queue has a schema of its own, which is made anew
whenever the installed Procrastinate asks for other tables.
"""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from courseletter.database import Database, DatabaseError
from courseletter.logs import log

SCHEMA = "courseletter_jobs"
QUEUE = "sending"
TASK = "send_batch"
STALLED_SECONDS = 30  # without a heartbeat, of which there is one every 10
RETRY_SECONDS = 5  # before a database that is down is asked again


def prepare(connection: Connection) -> None:
    """Make the queue's tables as the installed Procrastinate wants them, within the caller's transaction."""
    if _made(connection) == _wanted():
        return
    connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
    path = connection.exec_driver_sql("SELECT current_setting('search_path')").scalar_one()
    connection.exec_driver_sql(f"SET LOCAL search_path = {SCHEMA}")
    _driver(connection).execute(SchemaManager.get_schema())  # many statements at once
    connection.execute(text("SELECT set_config('search_path', :path, true)"), {"path": path})
    connection.exec_driver_sql(f"COMMENT ON SCHEMA {SCHEMA} IS '{_wanted()}'")


def check(database: Database) -> None:
    """Raise DatabaseError, with what to run, unless the queue's tables are those of this Procrastinate."""
    with database.engine.connect() as connection:
        if _made(connection) != _wanted():
            raise DatabaseError("The job queue is another version's. Run `courseletter db upgrade`.")


class Jobs:
    """The ticker's side of the queue."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._app = App(connector=SyncPsycopgConnector())  # never opened: it defers on our own connections

    def defer(self, session: Session, batches: int) -> None:
        """Defer a job for each batch. It is there with the session's commit, or not at all."""
        found = f"current_setting('search_path') || ', {SCHEMA}'"
        session.execute(text(f"SELECT set_config('search_path', {found}, true)"))
        raw = _driver(session.connection())
        deferrer = self._app.configure_task(TASK, queue=QUEUE, connection=raw)
        deferrer.batch_defer(*({} for _ in range(batches)))

    def waiting(self, session: Session) -> int:
        """How many jobs nobody has begun."""
        jobs = f"SELECT count(*) FROM {SCHEMA}.procrastinate_jobs WHERE status = 'todo'"  # noqa: S608
        return int(session.execute(text(jobs)).scalar_one())

    def sweep(self) -> int:
        """Delete the jobs whose workers died: what they were to send is in the ledger. Returns how many."""
        return asyncio.run(self._sweep())

    async def _sweep(self) -> int:
        async with App(connector=_connector(self._database)).open_async() as app:
            stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
            ids = [job.id for job in stalled if job.id is not None]
            for job_id in ids:
                await app.job_manager.finish_job_by_id_async(job_id, Status.FAILED, delete_job=True)
            return len(ids)


async def run_jobs(database: Database, send_batch: Callable[[], object]) -> None:
    """Run the queue's jobs, one after the other, in a thread, until cancelled; then await the present one.

    A database that is down is asked again and again.
    """

    while True:
        app = App(connector=_connector(database))

        @app.task(name=TASK, queue=QUEUE)
        def job() -> None:
            send_batch()

        try:
            async with app.open_async():
                await app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=1,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    stalled_worker_timeout=STALLED_SECONDS,
                )
        except (ConnectorException, PoolTimeout) as error:
            reason = str(error.__cause__ or error).partition("\n")[0]
            log.error("the job queue cannot be used: %s; trying again", reason)
        await asyncio.sleep(RETRY_SECONDS)


def _connector(database: Database) -> PsycopgConnector:
    _, how = database.engine.dialect.create_connect_args(database.engine.url)
    return PsycopgConnector(kwargs=how, min_size=1, max_size=2, configure=_find_queue)


async def _find_queue(connection: AsyncConnection[Any]) -> None:
    await connection.execute(f"SET search_path = {SCHEMA}")
    await connection.commit()


def _driver(connection: Connection) -> Any:
    """psycopg's own connection, within the same transaction."""
    return connection.connection.driver_connection


def _made(connection: Connection) -> str | None:
    """Which tables there are, as `prepare` has noted."""
    noted = f"SELECT obj_description(to_regnamespace('{SCHEMA}'), 'pg_namespace')"
    return connection.exec_driver_sql(noted).scalar()


def _wanted() -> str:
    return sha256(SchemaManager.get_schema().encode()).hexdigest()
