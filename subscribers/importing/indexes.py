"""The indexes that people are searched and listed by, put away while more come than are there.

Names and addresses are in no order, so each new one changes some other page of each of these indexes: kept up
row by row they cost more than the rest of an import, made anew a tenth of that. Meanwhile a search reads
everybody, once (subscribers/searching.py). A process that ends half-way leaves them away until the import is
gone on with, or the worker finds them missing (`restore_forgotten`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Index, Table, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, DropIndex

from courseletter.bulk import dialect_of
from courseletter.database import Database
from subscribers.importing.models import LEASE, Import, ImportState
from subscribers.models import Subscriber

WORTHWHILE: Final = 4 << 20  # octets of a file: fewer people are soon written
MORE: Final = 1.2  # times as many rows as there are people: fewer may be these people once more
SAMPLE: Final = 1 << 16  # octets, by which the rows of a file are estimated
PATIENCE: Final = "500ms"  # for whoever reads the table: all others wait behind us

_TABLE: Final[Table] = Subscriber.metadata.tables[Subscriber.__tablename__]
_CATALOGUE: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = :table",
    "postgresql": "SELECT indexname FROM pg_indexes"
    " WHERE schemaname = current_schema() AND tablename = :table",
}


@contextmanager
def put_away(database: Database, path: Path) -> Iterator[None]:
    """Have the indexes away within the block, if the file seems to bring more people than there are."""
    with suppress(OperationalError), database.write() as session:  # somebody reads on: it is done without
        people = session.scalar(select(func.max(Subscriber.id))) or 0
        if path.stat().st_size > WORTHWHILE and _rows(path) > MORE * people:
            _drop(session)
    try:
        yield
    finally:
        _restore(database)


def are_away(session: Session) -> bool:
    """Whether one of them is missing: to search by it is to read everybody."""
    return bool(_missing(session))


def restore_forgotten(database: Database, now: datetime) -> None:
    """Make those that are missing, unless an import is under way."""
    under_way = select(Import.id).where(
        Import.state == ImportState.RUNNING, Import.fence != "", Import.touched_at >= now - LEASE
    )
    with database.read() as session:
        if not _missing(session) or session.scalar(under_way.limit(1)) is not None:
            return
    _restore(database)


def _rows(path: Path) -> float:
    """How many rows a file has, about. What is packed into one has more."""
    with path.open("rb") as file:
        beginning = file.read(SAMPLE)
    return path.stat().st_size * beginning.count(b"\n") / len(beginning)


def _drop(session: Session) -> None:
    if dialect_of(session) == "postgresql":
        session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    for index in _TABLE.indexes:
        session.execute(DropIndex(index, if_exists=True))


def _restore(database: Database) -> None:
    with database.read() as session:
        missing = _missing(session)
    for index in missing:
        with database.write() as session:  # nobody else writes meanwhile: one at a time
            session.execute(CreateIndex(index, if_not_exists=True))  # two may find it missing


def _missing(session: Session) -> Sequence[Index]:
    dialect = dialect_of(session)
    there = set(session.scalars(text(_CATALOGUE[dialect]), {"table": _TABLE.name}))
    wanted = (one for one in _TABLE.indexes if one.info.get("dialect", dialect) == dialect)
    return sorted((one for one in wanted if one.name not in there), key=lambda one: str(one.name))
