"""Custom fields: defined, removed and brought back. What they say of a person stands in their `fields`.

What a removed field says is kept for a while, out of sight, so that nothing is lost by mistake. A field gets
another name or kind person by person, as an act upon many (acts/fielding.py).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select, type_coerce, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from courseletter.database import Database
from courseletter.errors import InvalidInput, NotFound
from courseletter.upserting import insert
from subscribers.fields import has
from subscribers.importing.mapping import FIELD_NAME
from subscribers.importing.values import KINDS, Unreadable
from subscribers.models import CustomField, Segment, Subscriber
from subscribers.segments import Rule

KEPT: Final = timedelta(days=30)  # what a removed field said of people
CHUNK: Final = 2_000  # people a transaction
# What merge fields and segments call something else by.
TAKEN: Final = ("email", "first_name", "last_name", "joined", "language", "zone", "tags")


class Wrong(NamedTuple):
    """A value that is not of some kind, and how many people have it."""

    text: str
    people: int


def in_use(session: Session) -> Sequence[CustomField]:
    here = select(CustomField).where(CustomField.removed_at.is_(None))
    return session.scalars(here.order_by(CustomField.name)).all()


def removed(session: Session) -> Sequence[CustomField]:
    gone = select(CustomField).where(CustomField.removed_at.is_not(None))
    return session.scalars(gone.order_by(CustomField.name)).all()


def kinds(session: Session) -> dict[str, str]:
    """All fields that are not removed, by name."""
    return {one.name: one.kind for one in in_use(session)}


def find(session: Session, name: str) -> CustomField:
    found = session.get(CustomField, name)
    if found is None or found.removed_at is not None:
        known = ", ".join(sorted(one.name for one in in_use(session)))
        there = f"There are: {known}." if known else "There is none yet."
        raise NotFound(f"There is no custom field called “{name}”. {there}")
    return found


def define(session: Session, name: str, kind: str) -> CustomField:
    """Raises InvalidInput for a name that cannot be, or is taken, and for a kind that is none."""
    field = CustomField(name=free_name(session, name), kind=checked_kind(kind))
    session.add(field)
    session.flush()
    return field


def free_name(session: Session, name: str) -> str:
    """A name that a new field may have. Raises InvalidInput."""
    name = name.strip()
    if not FIELD_NAME.fullmatch(name):
        raise InvalidInput(
            "Write the name as mails ask for it: small letters a to z, digits and _, a letter first.",
            field="name",
        )
    if name in TAKEN:
        raise InvalidInput(f"“{name}” is what everybody has already. Take another name.", field="name")
    there = session.get(CustomField, name)
    if there is not None:
        how = "Bring it back instead" if there.removed_at else "Take another name"
        was = "was removed lately" if there.removed_at else "is there already"
        raise InvalidInput(f"A field called “{name}” {was}. {how}.", field="name")
    return name


def checked_kind(kind: str) -> str:
    if kind not in KINDS:
        raise InvalidInput(f"A field’s kind is one of {', '.join(KINDS)}.", field="kind")
    return kind


def learn(session: Session, found: Mapping[str, str]) -> None:
    """Know fields that an import brings, with their kinds. One that was removed comes back by it."""
    rows = [{"name": name, "kind": kind} for name, kind in found.items()]
    session.execute(insert(session, CustomField).on_conflict_do_nothing(), rows)
    # Only these few are held, so that imports at the same time do not wait for each other.
    gone = update(CustomField).where(CustomField.name.in_(found), CustomField.removed_at.is_not(None))
    session.execute(gone.values(removed_at=None))


def remove(session: Session, name: str, now: datetime) -> None:
    """Hide a field. Raises InvalidInput while a segment asks about it."""
    field = find(session, name)
    if asking := segments_about(session, name):
        raise InvalidInput(
            f"The {_named('segment', asking)} asks about it. Take it out there first.", field="name"
        )
    field.removed_at = now


def bring_back(session: Session, name: str) -> None:
    field = session.get(CustomField, name)
    if field is None:
        raise NotFound(f"“{name}” is gone for good. Define it anew.")
    field.removed_at = None


def segments_about(session: Session, name: str) -> list[str]:
    """The names of the segments that ask about a field."""
    return [
        one.name
        for one in session.scalars(select(Segment).order_by(Segment.name))
        if any((each.about, each.what) == ("field", name) for each in Rule.from_json(one.rule).conditions)
    ]


def people(session: Session, name: str) -> int:
    """How many have something in a field."""
    return session.scalar(select(func.count(Subscriber.id)).where(has(session, name))) or 0


def unreadable(session: Session, name: str, kind: str) -> list[Wrong]:
    """What stands in a field and is nothing of this kind, the most frequent first."""
    value = Subscriber.fields[name]
    counts = select(value, func.count()).where(has(session, name)).group_by(value)
    texts = [(shown(one), many) for one, many in session.execute(counts)]
    found = [Wrong(text, many) for text, many in texts if not _is(kind, text)]
    return sorted(found, key=lambda one: (-one.people, one.text))


def shown(value: Any) -> str:
    """A custom field's value as somebody types it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _is(kind: str, text: str) -> bool:
    try:
        KINDS[kind](text, None)
    except Unreadable:
        return False
    return True


def purge(database: Database, now: datetime) -> int:
    """Forget what fields said that were removed long ago; returns how many fields that were."""
    with database.read() as session:
        long_ago = CustomField.removed_at < now - KEPT
        names = session.scalars(select(CustomField.name).where(long_ago)).all()
    for name in names:
        after: int | None = 0
        while after is not None:
            after = _forget_some(database, name, after)
    return len(names)


def _forget_some(database: Database, name: str, after: int) -> int | None:
    """Go on after this person; returns the last who was met. None: the field itself is gone, or back."""
    with database.write() as session:
        field = session.get(CustomField, name, with_for_update=True)
        if field is None or field.removed_at is None:
            return None
        theirs = select(Subscriber.id).where(has(session, name), Subscriber.id > after)
        ids = session.scalars(theirs.order_by(Subscriber.id).limit(CHUNK)).all()
        if ids:
            forgetting = update(Subscriber).where(Subscriber.id.in_(ids))
            session.execute(forgetting.values(fields=_without(session, name)))
            return ids[-1]
        session.delete(field)
        return None


def _without(session: Session, name: str) -> Any:
    if dialect_of(session) == "postgresql":
        return type_coerce(Subscriber.fields, JSONB).op("-")(name)
    return func.json_remove(Subscriber.fields, f'$."{name}"')


def _named(what: str, names: Sequence[str]) -> str:
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{what} “{names[0]}”{others}"
