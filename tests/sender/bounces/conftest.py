"""Schools for tests of what comes back."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from shutil import copyfile

import pytest
from school import School

from courseletter.database import Database


@pytest.fixture
def school_on_sqlite(empty_sqlite: Path, tmp_path: Path, now: datetime) -> Iterator[School]:
    database = Database(f"sqlite:///{copyfile(empty_sqlite, tmp_path / 'bounces.db')}")
    yield School(database, now)
    database.close()
