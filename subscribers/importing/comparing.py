"""People of a chunk whom we know: what the file says of them beside what we have, by a few statements.

Who said no is not written to again: a suppression wins over the file, our unsubscribe wins over the file's
yes, and the file's no wins over our yes, unless that came later.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from courseletter.database import UtcDateTime
from courseletter.upserting import insert
from subscribers.importing.reading import Chunk
from subscribers.importing.staging import ADDRESSES, KNOWN, LEDGER, MEMBERS, TAGS, WITHHELD, stage
from subscribers.models import (
    ConsentEntry,
    Membership,
    MemberStatus,
    Subscriber,
    SubscriberTag,
    Suppression,
)

_LEFT: Final = (MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED)
_TAKEN: Final = ~KNOWN.c.kept_out


def look_up(session: Session, chunk: Chunk) -> tuple[dict[int, int], dict[int, str]]:
    """Whom we know: row -> subscriber; and who is suppressed: row -> why."""
    stage(session.connection(), ADDRESSES, [(row, key, digest) for row, _, key, digest, *_ in chunk.people])
    known = select(ADDRESSES.c.row, Subscriber.id).join(
        Subscriber, Subscriber.address_key == ADDRESSES.c.address_key
    )
    withheld = select(ADDRESSES.c.row, Suppression.reason).join(
        Suppression, Suppression.address_hash == ADDRESSES.c.address_hash
    )
    return (
        dict(session.execute(known).all()),
        dict(session.execute(withheld).all()),
    )


def compare(
    session: Session,
    chunk: Chunk,
    known: Mapping[int, int],
    withheld: Mapping[int, str],
    lists: Mapping[str | None, int | None],
    tags: Mapping[str, int],
    now: datetime,
) -> set[int]:
    """Stage the people whom we know, and find out which of their memberships become what the file says.

    Returns the rows of those who are kept out: suppressed, or gone from all the lists that the file names.
    """
    connection = session.connection()
    people = [one for one in chunk.people if one[0] in known]
    stage(connection, KNOWN, [(*one, known[one[0]], one[0] in withheld) for one in people])
    for table, values, ids in (
        (MEMBERS, chunk.members, lists),
        (LEDGER, chunk.ledger, lists),
        (TAGS, chunk.tags, tags),
    ):
        named = (one for one in values if one[0] in known and one[1] in ids)
        stage(connection, table, [(row, ids[name], *rest) for row, name, *rest in named])
    stage(connection, WITHHELD, [one for one in chunk.withheld if one[0] in known])
    ours = (
        select(Membership.list_id)
        .join(KNOWN, KNOWN.c.subscriber_id == Membership.subscriber_id)
        .where(KNOWN.c.row == MEMBERS.c.row, Membership.list_id == MEMBERS.c.list_id)
    )
    stands = ours.where(~_gives_way(MEMBERS.c.status, MEMBERS.c.changed_at, now))
    session.execute(update(MEMBERS).values(changes=~stands.exists()))
    refused = select(MEMBERS.c.row).where(
        MEMBERS.c.status.not_in(_LEFT), ours.where(Membership.status.in_(_LEFT)).exists()
    )
    changing = select(MEMBERS.c.row).where(MEMBERS.c.changes)
    kept = and_(KNOWN.c.row.in_(refused), KNOWN.c.row.not_in(changing))
    session.execute(update(KNOWN).where(kept).values(kept_out=True))
    return set(session.scalars(select(KNOWN.c.row).where(KNOWN.c.kept_out)))


def _gives_way(
    theirs: ColumnElement[Any], theirs_at: ColumnElement[Any], now: datetime
) -> ColumnElement[bool]:
    """Whether a membership of ours becomes what the file says it is elsewhere."""
    ours = Membership.status
    return or_(
        and_(theirs == MemberStatus.COMPLAINED, ours != MemberStatus.COMPLAINED),
        and_(ours == MemberStatus.PENDING, theirs.in_((MemberStatus.CONFIRMED, MemberStatus.UNSUBSCRIBED))),
        and_(
            ours == MemberStatus.CONFIRMED,
            theirs == MemberStatus.UNSUBSCRIBED,
            Membership.changed_at <= func.coalesce(theirs_at, _moment(now)),
        ),
    )


def write(session: Session, now: datetime) -> None:
    """Write what the file says of the people whom we know, as it was compared."""
    _change_people(session)
    _write_members(session, now)
    _write_ledger(session, now)
    _write_tags(session, now)
    _withhold(session, now)


def _change_people(session: Session) -> None:
    """What the file says of people we know replaces what we had; what it does not say stays."""
    said: dict[str, ColumnElement[Any]] = {
        name: case((KNOWN.c[name] != "", KNOWN.c[name]), else_=getattr(Subscriber, name))
        for name in ("first_name", "last_name")
    }
    said |= {
        name: func.coalesce(KNOWN.c[name], getattr(Subscriber, name))
        for name in ("language", "zone", "minute", "daily_cap")
    }
    said["no_tracking"] = or_(Subscriber.no_tracking, KNOWN.c.no_tracking)  # a wish stays one
    said["weekdays"] = func.coalesce(_json(session, KNOWN.c.weekdays), Subscriber.weekdays)
    fields = _json(session, KNOWN.c.fields)
    if dialect_of(session) == "postgresql":
        said["fields"] = Subscriber.fields.op("||")(fields)
    else:
        said["fields"] = func.json_patch(Subscriber.fields, fields)
    session.execute(
        update(Subscriber)
        .where(Subscriber.id == KNOWN.c.subscriber_id, _TAKEN)
        .values(said)
        .execution_options(synchronize_session=False)
    )


def _write_members(session: Session, now: datetime) -> None:
    """A no is written down also for who is kept out: a suppression may be released one day."""
    changed_at = func.coalesce(MEMBERS.c.changed_at, _moment(now))
    wanted = (
        select(MEMBERS.c.list_id, KNOWN.c.subscriber_id, MEMBERS.c.status, changed_at)
        .join(KNOWN, KNOWN.c.row == MEMBERS.c.row)
        .where(MEMBERS.c.changes, or_(_TAKEN, MEMBERS.c.status.in_(_LEFT)))
        .order_by(MEMBERS.c.row)
    )
    adding = insert(session, Membership).from_select(
        ["list_id", "subscriber_id", "status", "changed_at"], wanted
    )
    session.execute(
        adding.on_conflict_do_update(
            index_elements=["list_id", "subscriber_id"],
            set_={"status": adding.excluded.status, "changed_at": adding.excluded.changed_at},
            where=_gives_way(adding.excluded.status, adding.excluded.changed_at, now),
        )
    )


def _write_ledger(session: Session, now: datetime) -> None:
    """The lines of the memberships that were changed."""
    names = ("list_id", "act", "wording", "wording_hash", "source_url", "ip", "user_agent", "note")
    member = (
        select(MEMBERS.c.row)
        .where(MEMBERS.c.row == LEDGER.c.row, MEMBERS.c.list_id == LEDGER.c.list_id, MEMBERS.c.changes)
        .exists()
    )
    wanted = (
        select(
            KNOWN.c.subscriber_id,
            func.coalesce(LEDGER.c.at, _moment(now)),
            KNOWN.c.email,
            *(LEDGER.c[name] for name in names),
        )
        .join(KNOWN, KNOWN.c.row == LEDGER.c.row)
        .where(
            member,
            or_(_TAKEN, LEDGER.c.act.in_(_LEFT)),
        )
        .order_by(LEDGER.c.row, LEDGER.c.place)
    )
    session.execute(
        insert(session, ConsentEntry).from_select(["subscriber_id", "at", "email", *names], wanted)
    )


def _write_tags(session: Session, now: datetime) -> None:
    wanted = (
        select(TAGS.c.tag_id, KNOWN.c.subscriber_id, func.coalesce(TAGS.c.added_at, _moment(now)))
        .join(KNOWN, KNOWN.c.row == TAGS.c.row)
        .where(_TAKEN)
        .order_by(TAGS.c.row)
    )
    adding = insert(session, SubscriberTag).from_select(["tag_id", "subscriber_id", "added_at"], wanted)
    session.execute(adding.on_conflict_do_nothing(index_elements=["tag_id", "subscriber_id"]))


def _withhold(session: Session, now: datetime) -> None:
    wanted = (
        select(
            KNOWN.c.address_hash,
            KNOWN.c.email,
            KNOWN.c.address_key,
            WITHHELD.c.reason,
            func.coalesce(WITHHELD.c.at, _moment(now)),
            WITHHELD.c.note,
        )
        .join(KNOWN, KNOWN.c.row == WITHHELD.c.row)
        .where(true())
        .order_by(KNOWN.c.row)
    )
    adding = insert(session, Suppression).from_select(
        ["address_hash", "email", "address_key", "reason", "at", "note"], wanted
    )
    session.execute(adding.on_conflict_do_nothing(index_elements=["address_hash"]))


def _moment(now: datetime) -> ColumnElement[Any]:
    return literal(now, UtcDateTime)


def _json(session: Session, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text as the database keeps JSON: SQLite keeps text."""
    return cast(column, JSONB) if dialect_of(session) == "postgresql" else type_coerce(column, String)
