"""Recognises a database that was copied or restored, and holds every send until a person releases it.

A copy knows nothing of what was sent after it was made, and would send it again. Two marks tell: the place in
which the database stands, and a beat that is counted in the database and, after it, in the data folder. A
copy stands elsewhere; a restored backup is behind the folder.
"""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from courseletter.database import Database
from courseletter.errors import CourseletterError
from courseletter.upserting import insert
from sender import events
from sender.models import Event, Instance, Visit

FILE_NAME = "instance.json"


def recognise(database: Database, home: Path, now: datetime) -> str | None:
    """Count one beat. Returns why nothing may be sent until `release`; None: this is the database we know."""
    place = _place(database)
    with database.write() as session:
        row = session.get(Instance, 1, with_for_update=True)
        known = _read(home)  # within the transaction: the one before us may have founded it
        if row is None:
            row = _found(session, place)
            _write(home, row)
        elif row.held_why is None:
            row.held_why = _doubt(session, row, known, place)
            if row.held_why is not None:
                row.held_at = now
                events.record(session, "sends_held", now, why=row.held_why)
        if row.held_why is None:
            row.beat += 1
    if row.held_why is None:
        _write(home, row)
    return row.held_why


def release(database: Database, home: Path, now: datetime) -> bool:
    """A person has looked: this database is the true one from now on. False: nothing was held."""
    place = _place(database)
    beat = int((_read(home) or {}).get("beat", 0))
    with database.write() as session:
        row = session.get(Instance, 1, with_for_update=True)
        if row is None or row.held_why is None:
            return False
        row.held_why, row.held_at, row.place = None, None, place
        former = row.identity
        row.identity = secrets.token_hex(16)  # whoever holds the other copy's folder is now the stranger
        row.beat = max(row.beat, beat) + 1
        events.record(session, "sends_released", now, former=former)
        _write(home, row)  # before anybody can see the one without the other
    return True


def is_held() -> ColumnElement[bool]:
    """Whether sends are held, as a condition of the statement that claims."""
    return or_(exists().where(Instance.held_why.is_not(None)), exists().where(Visit.blocked_why.is_not(None)))


def why_held(session: Session) -> str | None:
    """Why this may not be the database we know."""
    return session.scalar(select(Instance.held_why))


def why_silent(session: Session) -> str | None:
    """Why nothing at all is sent: a person has to look at the database, or at what the doctor found."""
    return why_held(session) or session.scalar(select(Visit.blocked_why))


def _found(session: Session, place: str) -> Instance:
    row = {"id": 1, "identity": secrets.token_hex(16), "place": place, "beat": 0}
    session.execute(insert(session, Instance).values(row).on_conflict_do_nothing())
    return session.get_one(Instance, 1, with_for_update=True)


def _doubt(session: Session, row: Instance, known: Mapping[str, Any] | None, place: str) -> str | None:
    # A PostgreSQL database has many nodes, each with a folder of its own; a SQLite file has one.
    has_nodes = dialect_of(session) == "postgresql"
    if row.place != place:
        return "the database stands in another place than before: it was copied, moved or restored"
    if known is None:
        return (
            None if has_nodes else "the data folder does not know this database: it was copied from elsewhere"
        )
    if known["identity"] != row.identity:
        if has_nodes and _was_released(session, known["identity"]):
            return None  # a person has looked at another node: their word holds for all
        return "the data folder belongs to another database"
    if known["beat"] > row.beat:
        return "the database is older than the data folder: it was restored from a backup"
    return None


def _was_released(session: Session, identity: str) -> bool:
    """Whether the database had this identity until a person released it."""
    released = select(Event.data).where(Event.kind == "sends_released")
    return any(data.get("former") == identity for data in session.scalars(released))


def _place(database: Database) -> str:
    """What changes when a database is copied: the file's number, or the cluster's and the database's."""
    if database.is_sqlite:
        return f"inode {os.stat(database.engine.url.database or '').st_ino}"
    with database.read() as session:
        oid = session.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
        with suppress(DBAPIError):  # not every role may ask
            cluster = session.scalar(text("SELECT system_identifier FROM pg_control_system()"))
            return f"cluster {cluster}, database {oid}"
    return f"database {oid}"


def _read(home: Path) -> dict[str, Any] | None:
    try:
        known = json.loads((home / FILE_NAME).read_text("utf-8"))
        return {"identity": str(known["identity"]), "beat": int(known["beat"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseletterError(
            f"{home / FILE_NAME} cannot be read: {error}. Remove it; sends are then held until you run "
            "`courseletter db release`."
        ) from None


def _write(home: Path, row: Instance) -> None:
    """Whole or not at all: a crash between the two counts leaves the database ahead, which is no doubt."""
    marks = {"identity": row.identity, "beat": row.beat}
    temporary = home / f".{FILE_NAME}.{secrets.token_hex(4)}"
    temporary.write_text(json.dumps(marks), "utf-8")
    temporary.replace(home / FILE_NAME)
