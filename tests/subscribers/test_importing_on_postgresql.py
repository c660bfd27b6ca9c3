"""What an import asks of PostgreSQL beside its rows: room, and plans for the chunk that it has."""

from datetime import datetime
from pathlib import Path

import pytest
from import_desk import Desk
from sqlalchemy import Connection, event

from courseletter.database import Database


@pytest.fixture
def desk(on_postgresql: Database, tmp_path: Path, now: datetime) -> Desk:
    return Desk(on_postgresql, tmp_path, now)


def _said(desk: Desk, setting: str, at: str) -> list[str]:
    """What a setting is while a file comes in, at each statement that begins so."""
    found: list[str] = []

    def look(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(at):
            found.append(str(connection.exec_driver_sql(f"SHOW {setting}").scalar()))

    event.listen(desk.database.engine, "before_cursor_execute", look)
    try:
        desk.bring("email,confirmed at\nana@example.org,2026-01-01\n")
    finally:
        event.remove(desk.database.engine, "before_cursor_execute", look)
    return found


def test_a_chunk_is_put_in_order_in_memory(desk: Desk) -> None:
    """The ledger of 40,000 people is 8 MB, twice what PostgreSQL sorts without writing it to its disk."""
    assert _said(desk, "work_mem", "INSERT INTO consent_entries") == ["64MB"]
