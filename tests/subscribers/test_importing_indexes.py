"""Indexes are away while a list comes in that is larger than ours, and there again whatever happens."""

from datetime import timedelta

import pytest
from import_desk import Desk
from sqlalchemy import text, update

from courseletter.database import Database
from subscribers.importing import indexes, running
from subscribers.importing.models import LEASE, Import

MANY = "email,confirmed at\n" + "".join(f"reader{n}@example.org,2026-01-01\n" for n in range(20))


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.fixture(autouse=True)
def worthwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "WORTHWHILE", 100)


def _there(database: Database) -> set[str]:
    wanted = indexes._CATALOGUE[database.engine.dialect.name]
    with database.read() as session:
        found = set(session.scalars(text(wanted), {"table": "subscribers"}))
    return {name for name in found if name.startswith("ix_")}


def _seen_meanwhile(desk: Desk, content: str) -> set[str]:
    """The indexes that are there while a file comes in."""
    seen: list[set[str]] = []
    desk.importer.carry_out(desk.begin(desk.file(content)), lambda _: seen.append(_there(desk.database)))
    return set.union(*seen)


def test_they_are_away_while_more_come_than_there_are_and_there_again_afterwards(desk: Desk) -> None:
    before = _there(desk.database)
    assert "ix_subscribers_last_name_begin" in before
    assert _seen_meanwhile(desk, MANY) == set()
    assert _there(desk.database) == before


def test_a_file_that_is_small_beside_what_we_have_leaves_them(desk: Desk) -> None:
    desk.bring(MANY)
    assert _seen_meanwhile(desk, "email\nana@example.org\n" * 6) == _there(desk.database)


def test_the_same_people_once_more_leave_them(desk: Desk) -> None:
    desk.bring(MANY)
    with_more_of_each = MANY.replace("\n", f",{'-' * 200}\n")
    assert _seen_meanwhile(desk, with_more_of_each) == _there(desk.database)


def test_they_are_made_again_where_an_import_fails(desk: Desk) -> None:
    before = _there(desk.database)

    def fail(_: running.Progress) -> None:
        raise Killed

    with pytest.raises(Killed):
        desk.importer.carry_out(desk.begin(desk.file(MANY)), fail)
    assert _there(desk.database) == before


def test_what_a_process_left_away_is_made_again_once_nobody_imports(desk: Desk) -> None:
    """A process that ends at once makes nothing again itself."""
    before, now = _there(desk.database), desk.clock.now()
    import_id = desk.begin(desk.file(MANY))
    with desk.database.write() as session:
        indexes._drop(session)
        session.execute(update(Import).where(Import.id == import_id).values(fence="somebody", touched_at=now))
    indexes.restore_forgotten(desk.database, now + LEASE)
    assert _there(desk.database) == set(), "it may still be under way"
    indexes.restore_forgotten(desk.database, now + LEASE + timedelta(seconds=1))
    assert _there(desk.database) == before


def test_whoever_reads_for_long_keeps_them(on_postgresql: Database, tmp_path, now) -> None:
    """To take an index away PostgreSQL waits for all readers, and everybody else behind us."""
    desk = Desk(on_postgresql, tmp_path, now)
    before = _there(desk.database)
    with desk.database.read() as session:
        session.execute(text("SELECT count(*) FROM subscribers"))
        desk.importer.carry_out(desk.begin(desk.file(MANY)))
        assert _there(desk.database) == before
    assert len(desk.emails()) == 20
