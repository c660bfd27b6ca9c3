"""New people of a chunk, straight into the tables: nobody else can have written anything of theirs before."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from subscribers.importing.models import ImportedPerson
from subscribers.importing.reading import Chunk
from subscribers.importing.staging import load
from subscribers.models import ConsentEntry, Membership, Subscriber, SubscriberTag, Suppression

_PERSON: Final = (
    *("id", "email", "address_key", "first_name", "last_name", "language", "zone", "minute", "weekdays"),
    *("no_tracking", "daily_cap", "fields", "created_at"),
)
_LINE: Final = (
    *("list_id", "act", "at", "wording", "wording_hash", "source_url", "ip", "user_agent", "note"),
    *("subscriber_id", "email"),
)
DAILY_CAP: Final = 3


def add(
    session: Session,
    chunk: Chunk,
    without: Collection[int],
    lists: Mapping[str | None, int | None],
    tags: Mapping[str, int],
    import_id: int,
    now: str,
) -> dict[int, int]:
    """Load everybody but these rows; returns the ids of the new people by their rows.

    Raises IntegrityError where one of them has signed up in this very moment: the chunk is then to be done
    again.
    """
    people = [one for one in chunk.people if one[0] not in without] if without else chunk.people
    ids = dict(zip((one[0] for one in people), _fresh_ids(session, len(people)), strict=True))
    emails = {one[0]: one[1] for one in people}
    hashes = {one[0]: one[3] for one in people}

    def put(table: Any, names: Collection[str], rows: list[tuple[Any, ...]]) -> None:
        target: Table = table.__table__
        load(session.connection(), target, list(names), rows)

    put(
        Subscriber,
        _PERSON,
        [
            (ids[row], email, key, *details, DAILY_CAP if cap is None else cap, fields, created_at or now)
            for row, email, key, _, *details, cap, fields, created_at in people
        ],
    )
    put(
        Membership,
        ("list_id", "subscriber_id", "status", "changed_at"),
        [(lists[slug], ids[row], status, at or now) for row, slug, status, at in chunk.members if row in ids],
    )
    put(
        ConsentEntry,
        _LINE,
        [
            (lists[slug], act, at or now, *texts, ids[row], emails[row])
            for row, slug, _, act, at, *texts in chunk.ledger
            if row in ids
        ],
    )
    marks = dict.fromkeys((tags[name], ids[row]) for row, name, _ in chunk.tags if row in ids)
    since = {(tags[name], ids[row]): at for row, name, at in chunk.tags if at is not None and row in ids}
    put(
        SubscriberTag,
        ("tag_id", "subscriber_id", "added_at"),
        [(*one, since.get(one, now)) for one in marks],
    )
    put(
        Suppression,
        ("address_hash", "email", "reason", "at", "note"),
        [
            (hashes[row], emails[row], reason, at or now, note)
            for row, reason, at, note in chunk.withheld
            if row in ids
        ],
    )
    put(ImportedPerson, ("import_id", "subscriber_id"), [(import_id, one) for one in ids.values()])
    return ids


def _fresh_ids(session: Session, count: int) -> range | list[int]:
    """So many ids that no subscriber has, nor will get."""
    if dialect_of(session) == "sqlite":  # nobody else writes until we commit
        last = session.scalar(select(func.max(Subscriber.id))) or 0
        return range(last + 1, last + count + 1)
    drawn = select(func.array_agg(func.nextval(func.pg_get_serial_sequence("subscribers", "id"))))
    return session.scalar(drawn.select_from(func.generate_series(1, count))) or []
