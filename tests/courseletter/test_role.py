"""One process ticks, and another takes over when it dies."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from waiting import until

from courseletter.database import Database
from courseletter.role import TICKING, ServerRole, role_of

END_OF_HOLDER = text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
    f"AND (classid::bigint << 32) + objid::bigint = {TICKING}"
)


def test_r21_one_holds_the_role_until_it_lets_go(database: Database) -> None:
    first, second = role_of(database), role_of(database)
    assert [first.held(), second.held(), first.held(), second.held()] == [True, False, True, False]
    first.release()
    assert [second.held(), first.held()] == [True, False]
    second.release()


def test_r21_who_loses_the_connection_loses_the_role(on_postgresql: Database) -> None:
    first, second = role_of(on_postgresql), role_of(on_postgresql)
    assert first.held()
    assert not second.held()
    with on_postgresql.write() as session:
        assert session.execute(END_OF_HOLDER).scalar_one()
    with pytest.raises(DBAPIError):
        first.held()
    assert second.held()
    assert not first.held()
    second.release()
    first.release()


def test_r21_a_holder_that_hangs_loses_the_role(on_postgresql: Database) -> None:
    hanging, waiting = ServerRole(on_postgresql, idle_seconds=0.1), role_of(on_postgresql)
    assert hanging.held()
    until(waiting.held, "the server ends the idle holder's session")
    with pytest.raises(DBAPIError):
        hanging.held()
    assert not hanging.held()
    waiting.release()
    hanging.release()
