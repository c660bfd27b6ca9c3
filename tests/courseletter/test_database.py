"""The database: its shape, its transactions, and what it says when it cannot be used."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

import campaigns.digests.models
import campaigns.models
import campaigns.newsletters.models  # noqa: F401
import courseletter.accounts.models  # noqa: F401
import sender.bounces.models
import sender.models  # noqa: F401
import subscribers.acts.models
import subscribers.importing.models  # noqa: F401
from courseletter.database import SCHEMA, STEADY, Base, Database, DatabaseError
from subscribers.models import MailingList


def _is_of(dialect: str, item: Any, _name: str, kind: str, *_: object) -> bool:
    """Whether the tables of this database are to have it."""
    info = item.elements[0].info if kind == "foreign_key_constraint" else item.info
    return info.get("dialect", dialect) == dialect


def test_migrated_tables_are_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": partial(_is_of, connection.dialect.name)}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_migration_is_the_one_checked_for() -> None:
    folder = files("courseletter") / "migrations" / "versions"
    newest = max(path.name for path in folder.iterdir() if path.name.endswith(".py"))
    assert newest.startswith(SCHEMA)


def test_upgrading_again_changes_nothing(database: Database) -> None:
    database.upgrade()
    database.check_version()


def test_r21_processes_that_upgrade_at_once_agree(postgresql: Database, tmp_path: Path) -> None:
    with postgresql.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("CREATE DATABASE at_once")
    server = postgresql.engine.url.set(database="at_once").render_as_string(hide_password=False)
    upgrade = "import sys; from courseletter.database import Database; Database(sys.argv[1]).upgrade()"
    for address in (*(f"sqlite:///{tmp_path / name}" for name in "abc"), server):
        at_once = [
            subprocess.Popen([sys.executable, "-c", upgrade, address], stderr=subprocess.PIPE)
            for _ in range(4)
        ]
        said = [process.communicate(timeout=60)[1] for process in at_once]
        assert [process.returncode for process in at_once] == [0] * 4, said
        database = Database(address)
        database.check_version()
        database.close()


def test_only_what_would_be_done_once_more_does_not_wait_for_the_disk(database: Database) -> None:
    asked = text("PRAGMA synchronous" if database.is_sqlite else "SHOW synchronous_commit")
    waits, goes_on = (2, 1) if database.is_sqlite else ("on", "off")  # SQLite: FULL, NORMAL
    for durable in (True, False, True):
        with database.write(durable=durable) as session:
            assert session.scalar(asked) == (waits if durable else goes_on)
    with database.write() as session:
        assert session.scalar(asked) == waits


def test_moments_come_back_aware_and_the_same(database: Database, now: datetime) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=9)))
    with database.write() as session:
        session.add(MailingList(slug="one", name="One", created_at=elsewhere))
    with database.read() as session:
        stored = session.scalars(select(MailingList)).one().created_at
    assert stored == now
    assert stored.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"), database.write() as session:
        session.add(MailingList(slug="one", name="One", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_an_error_rolls_the_whole_transaction_back(database: Database, now: datetime) -> None:
    row = {"slug": "one", "name": "One", "created_at": now}
    with pytest.raises(IntegrityError), database.write() as session:
        session.add_all([MailingList(**row), MailingList(**row)])
    with database.read() as session:
        assert session.scalars(select(MailingList)).all() == []


def test_a_reader_changes_nothing(database: Database, now: datetime) -> None:
    with database.read() as session:
        session.add(MailingList(slug="one", name="One", created_at=now))
        session.flush()
    with database.read() as session:
        assert session.scalars(select(MailingList)).all() == []


def test_sqlite_writes_durably_and_reads_beside_a_writer(tmp_path: Path, now: datetime) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    database.upgrade()
    with database.engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with database.write() as writer:
        writer.add(MailingList(slug="one", name="One", created_at=now))
        writer.flush()
        with database.read() as reader:
            assert reader.scalars(select(MailingList)).all() == []
    database.close()


def test_writers_of_one_process_take_turns_however_long_one_takes(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wave of sign-ups: SQLite's own wait is a poll that others overtake, and then an error."""
    monkeypatch.setattr("courseletter.database.BUSY_TIMEOUT", 1)  # millisecond
    database = Database(f"sqlite:///{tmp_path / 'turns.db'}")
    database.upgrade()

    def write(number: int) -> None:
        with database.write() as session:
            session.add(MailingList(slug=f"list-{number}", name="A list", created_at=now))

    with ThreadPoolExecutor(4) as threads:
        with database.write() as session:
            session.add(MailingList(slug="first", name="A list", created_at=now))
            session.flush()
            waiting = [threads.submit(write, number) for number in range(4)]
            done, _ = wait(waiting, timeout=0.2)
            assert not done
        for one in waiting:
            one.result()
    with database.read() as session:
        assert len(session.scalars(select(MailingList)).all()) == 5
    database.close()


def test_postgresql_writes_durably_whatever_the_server_thinks(postgresql: Database) -> None:
    lazy = postgresql.engine.url.update_query_dict({"options": "-c synchronous_commit=off"})
    database = Database(lazy.render_as_string(hide_password=False))
    with database.read() as session:
        assert session.connection().exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()


def test_r22_whoever_stops_within_a_transaction_loses_it_on_postgresql(postgresql: Database) -> None:
    with postgresql.read() as session:
        shown = session.connection().exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
    assert shown == "1min"


def test_r23_a_server_that_is_gone_without_a_word_is_noticed(postgresql: Database) -> None:
    with postgresql.engine.connect() as connection:
        used = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    assert {name: used.get(name) for name in STEADY} == STEADY
    own = Database("postgresql://robin@db.example.org/letters?tcp_user_timeout=5000")
    assert own.engine.url.query == STEADY | {"tcp_user_timeout": "5000"}


def test_an_empty_database_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="courseletter init"):
        Database(f"sqlite:///{tmp_path / 'x.db'}").check_version()


@pytest.mark.parametrize(
    "address", ["nonsense", "mysql://user@host/name", "postgresql://nobody@127.0.0.1:1/none"]
)
def test_an_unusable_address_is_one_line(address: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        Database(address).upgrade()
    assert "\n" not in str(caught.value)
