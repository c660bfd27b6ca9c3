"""Uploaded lists on the disk: kept until they are imported, or a week for the posts that come along, and
never with somebody in them who was erased meanwhile (REQUIREMENTS 18).

A file that the command line imports is its owner's own, and is left alone.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select, update

from campaigns.reading.substack import is_export
from courseletter.errors import InvalidInput
from courseletter.installation import Installation
from courseletter.spreadsheet import restored
from subscribers.importing.models import Import, ImportState
from subscribers.importing.reading import tables_in
from subscribers.importing.tables import Problem, Row
from subscribers.models import Suppression, SuppressionReason
from subscribers.suppression import address_hash

KEPT_FOR: Final = timedelta(days=7)
_WAITING: Final = (ImportState.CHOSEN, ImportState.TRIED, ImportState.FAILED)
_OVER: Final = (ImportState.DONE, ImportState.TAKING_BACK, ImportState.TAKEN_BACK)
_ERASED: Final = (
    "Somebody in this file was erased on their wish meanwhile, so it is not kept. Upload a new one."
)
_OLD: Final = "The file waited for a week and is not kept any longer. Upload it again."


def folder(opened: Installation) -> Path:
    """Where uploaded lists lie until they are imported; for their owner's eyes."""
    found = opened.settings.home / "imports"
    found.mkdir(mode=0o700, exist_ok=True)
    return found


def tidy(opened: Installation) -> int:
    """Remove what need not be kept any more, or must not. Returns how many files that were."""
    with opened.database.read() as session:
        stored = session.scalars(select(Import).where(Import.state.in_((*_WAITING, *_OVER)))).all()
        erased = select(func.max(Suppression.at)).where(Suppression.reason == SuppressionReason.ERASED)
        last_erasure = session.scalar(erased)
    ours = [one for one in stored if Path(one.path).parent == folder(opened).resolve() and is_there(one)]
    return sum(_look_at(opened, one, last_erasure) for one in ours)


def _look_at(opened: Installation, row: Import, last_erasure: datetime | None) -> bool:
    """Remove a file, if it is to go."""
    path, why = Path(row.path), ""
    if row.created_at < opened.clock.now() - KEPT_FOR:
        why = _OLD
    elif last_erasure is not None and last_erasure >= row.touched_at and _names_an_erased(opened, path):
        why = _ERASED
    elif row.state in _WAITING or (row.state == ImportState.DONE and is_export(path)):
        if last_erasure is not None and last_erasure >= row.touched_at:
            _tell(opened, row.id, touched_at=opened.clock.now())  # the next erasure asks again
        return False
    path.unlink(missing_ok=True)
    if why and row.state in _WAITING:
        _tell(opened, row.id, state=ImportState.FAILED, why=why)
    return True


def is_there(row: Import) -> bool:
    return Path(row.path).exists()


def _names_an_erased(opened: Installation, path: Path) -> bool:
    """Whether a cell anywhere in the file is the address of somebody who was erased."""
    with opened.database.read() as session:
        wanted = select(Suppression.address_hash).where(Suppression.reason == SuppressionReason.ERASED)
        erased = set(session.scalars(wanted))
    try:
        rows = (row for table, _ in tables_in(path) for row in table.rows())
        return any(_names_one(erased, opened.settings.key, row) for row in rows)
    except InvalidInput:
        return True  # what cannot be read cannot be imported either, and cannot be vouched for


def _names_one(erased: set[str], key: bytes, row: Row | Problem) -> bool:
    cells = (row.text, *row.cells) if isinstance(row, Problem) else row[1]
    return any("@" in one and address_hash(key, restored(one).strip()) in erased for one in cells)


def _tell(opened: Installation, import_id: int, **values: object) -> None:
    with opened.database.write() as session:
        resting = update(Import).where(Import.id == import_id, Import.state.in_((*_WAITING, *_OVER)))
        session.execute(resting.values(**values))
