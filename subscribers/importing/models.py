"""Tables of imports: how far each came, whom it brought or changed, and which rows it could not take."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from courseletter.database import Base

LEASE: Final = timedelta(minutes=2)  # after which an import whose process says nothing may be gone on with


class ImportState(StrEnum):
    CHOSEN = "chosen"  # uploaded; a person looks at its columns
    TRYING = "trying"  # a dry run is wanted, or under way
    TRIED = "tried"
    RUNNING = "running"  # wanted, or under way
    DONE = "done"
    TAKING_BACK = "taking back"
    TAKEN_BACK = "taken back"
    FAILED = "failed"  # `why` says what a person has to mend


class Import(Base):
    """One file on its way in. `taken` rows are committed; whoever goes on begins after them."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]  # of the file, as the person knows it
    path: Mapped[str]  # where it lies
    digest: Mapped[str] = mapped_column(String(64), index=True)  # SHA-256 of the file, hex
    settings: Mapped[dict[str, Any]]  # mapping.ImportSettings as JSON
    state: Mapped[str] = mapped_column(String(12))
    taken: Mapped[int] = mapped_column(default=0)
    percent: Mapped[int] = mapped_column(default=0)  # of the file that was read
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # outcome -> people
    why: Mapped[str] = mapped_column(default="")
    fence: Mapped[str] = mapped_column(String(32), default="")  # who holds it
    started_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ImportedPerson(Base):
    """Somebody whom an import brought (`before` is None) or changed. No foreign keys: there are millions."""

    __tablename__ = "imported_people"
    __table_args__ = ({"sqlite_with_rowid": False},)

    import_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subscriber_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    before: Mapped[dict[str, Any] | None]


class ImportProblem(Base):
    """A row that was not taken, or not all of it (`taken`): which, as it was written, and why."""

    __tablename__ = "import_problems"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), index=True)
    part: Mapped[str]
    line: Mapped[int]
    text: Mapped[str]
    reason: Mapped[str]
    taken: Mapped[bool]
    cells: Mapped[list[Any]]
