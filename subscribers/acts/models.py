"""Tables of acts upon many people: who did what to whom, how far it came, and what it takes to undo it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from courseletter.database import Base


class ActState(StrEnum):
    RUNNING = "running"  # wanted, or under way
    DONE = "done"
    STOPPED = "stopped"  # by a person, half-way
    UNDOING = "undoing"
    UNDONE = "undone"


class BulkAct(Base):
    """One act upon many people. Stays for ever: it is the audit of what was done, by whom and to how many.

    People up to `cursor` have been acted on; nobody after `last` is, who came later. While it is under way
    `selection` says who is meant; afterwards that is forgotten, since a name may have been searched for.
    """

    __tablename__ = "bulk_acts"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    argument: Mapped[dict[str, Any]]  # the tag, the list, the course, a note
    selection: Mapped[dict[str, Any] | None]
    chosen: Mapped[str]  # who is meant, in words
    by: Mapped[str] = mapped_column(String(100))  # their name
    state: Mapped[str] = mapped_column(String(12))
    people: Mapped[int]  # as they were counted when it began
    seen: Mapped[int] = mapped_column(default=0)
    last: Mapped[int]
    cursor: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # outcome -> people
    fence: Mapped[str] = mapped_column(String(32), default="")  # who carries it out
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    undone_by: Mapped[str] = mapped_column(String(100), default="")


class ActedOn(Base):
    """Somebody whom an act changed, and how they stood before. No foreign keys: there may be millions."""

    __tablename__ = "acted_on"
    __table_args__ = ({"sqlite_with_rowid": False},)

    act_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subscriber_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    before: Mapped[dict[str, Any]]
