"""Suppressed addresses from before they were kept folded are folded by the migration that keeps them so."""

import re
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from courseletter.database import Database
from subscribers.people import fold

ADDRESSES = ("ÄRGER@Straße.example.org", "ana@example.org", None)


def test_they_are_folded_as_people_are(tmp_path: Path, now: datetime) -> None:
    database = Database(f"sqlite:///{tmp_path / 'before.db'}")
    with as_file(files("courseletter") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["engine"] = database.engine
        (migration,) = (folder / "versions").glob("*_addresses_folded.py")
        before = re.search(r'down_revision = "(\d+)"', migration.read_text())
        assert before
        command.upgrade(config, before[1])
    columns = "(address_hash, email, reason, at, note)"
    adding = text(f"INSERT INTO suppressions {columns} VALUES (:hash, :email, 'manual', :at, '')")
    with database.engine.begin() as connection:
        rows = [{"hash": f"{n}", "email": one, "at": f"{now:%F %T.%f}"} for n, one in enumerate(ADDRESSES)]
        connection.execute(adding, rows)
    database.upgrade()
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT address_key FROM suppressions ORDER BY id").scalars().all()
    assert kept == [one and fold(one) for one in ADDRESSES]
    database.close()
