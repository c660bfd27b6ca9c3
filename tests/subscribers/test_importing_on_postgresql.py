"""What an import asks of PostgreSQL beside its rows: room, and plans for the chunk that it has."""

from datetime import datetime
from pathlib import Path

import pytest
from import_desk import Desk
from sqlalchemy import Connection, event, text

from courseletter.database import Database

MANY = "email,confirmed at\n" + "".join(f"reader{n}@example.org,2026-01-01\n" for n in range(3_000))


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


def test_of_thousands_of_ids_postgresql_sees_how_many_they_are(desk: Desk) -> None:
    """Else it expects ten, and compares each row of a small table with each of the thousands."""
    plans: list[tuple[str, str]] = []

    def look(connection: Connection, _cursor: object, statement: str, given: object, *_: object) -> None:
        if statement.startswith("DELETE FROM subscriber_tags"):
            mode = str(connection.exec_driver_sql("SHOW plan_cache_mode").scalar())
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", given).scalars()  # type: ignore[arg-type]
            plans.append((mode, " ".join(rows)))

    import_id = desk.bring(MANY, extra_tags=("fair",)).id
    with desk.database.write() as session:
        session.execute(text("ANALYZE subscriber_tags"))
    event.listen(desk.database.engine, "before_cursor_execute", look)
    try:
        assert desk.undo(import_id) == {"taken_back": 3_000}
    finally:
        event.remove(desk.database.engine, "before_cursor_execute", look)
    assert [mode for mode, _ in plans] == ["force_custom_plan"] * 2
    assert "rows=2000 " in plans[0][1]
    assert "rows=1000 " in plans[1][1]
