"""People of a chunk whom we know: what the file says of them beside what we have, by a few statements.

Who said no is not written to again: a suppression wins over the file, our unsubscribe wins over the file's
yes, and the file's no wins over our yes, unless that came later.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from courseletter.upserting import insert
from subscribers.importing.staging import (
    CHANGES,
    KNOWN,
    LEDGER,
    MARKS,
    PEOPLE,
    STANDS,
    WITHHELD,
    as_json,
    by_index,
    moment,
)
from subscribers.models import (
    ConsentEntry,
    MailingList,
    Membership,
    MemberStatus,
    Subscriber,
    SubscriberTag,
    Suppression,
)

_LEFT: Final = (MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED)
_TAKEN: Final = ~KNOWN.c.kept_out


def compare(session: Session, now: datetime) -> None:
    """Find out which memberships of the people whom we know become what the file says.

    Who is suppressed, or gone from all the lists that the file names, is kept out.
    """
    stands = (
        select(KNOWN.c.row, STANDS.c.list_id, STANDS.c.status, STANDS.c.changed_at)
        .join(PEOPLE, PEOPLE.c.row == KNOWN.c.row)
        .join(STANDS, STANDS.c.stands == PEOPLE.c.stands)
    )
    ours = (
        select(Membership.list_id)
        .join(KNOWN, KNOWN.c.subscriber_id == Membership.subscriber_id)
        .where(KNOWN.c.row == CHANGES.c.row, Membership.list_id == CHANGES.c.list_id)
    )
    stays = ours.where(~_gives_way(CHANGES.c.status, CHANGES.c.changed_at, now))
    refused = select(CHANGES.c.row).where(
        CHANGES.c.status.not_in(_LEFT), ours.where(Membership.status.in_(_LEFT)).exists()
    )
    changing = select(CHANGES.c.row).where(CHANGES.c.changes)
    kept = and_(KNOWN.c.row.in_(refused), KNOWN.c.row.not_in(changing))
    with by_index(session):
        session.execute(CHANGES.insert().from_select(["row", "list_id", "status", "changed_at"], stands))
        session.execute(update(CHANGES).values(changes=~stays.exists()))
        session.execute(update(KNOWN).where(kept).values(kept_out=True))


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
            Membership.changed_at <= func.coalesce(theirs_at, moment(now)),
        ),
    )


def write(session: Session, rows: Sequence[int], now: datetime) -> None:
    """Write what the file says of people whom we know, from the first of these rows to the last."""
    these = KNOWN.c.row.between(rows[0], rows[-1])
    with by_index(session):
        _change_people(session, these)
        _write_members(session, these, now)
        _write_ledger(session, these, now)
        _write_tags(session, these, now)
        _withhold(session, these, now)


def _change_people(session: Session, these: ColumnElement[bool]) -> None:
    """What the file says of people we know replaces what we had; what it does not say stays."""
    said: dict[str, ColumnElement[Any]] = {
        name: case((PEOPLE.c[name] != "", PEOPLE.c[name]), else_=getattr(Subscriber, name))
        for name in ("first_name", "last_name")
    }
    said |= {
        name: func.coalesce(PEOPLE.c[name], getattr(Subscriber, name))
        for name in ("language", "zone", "minute", "daily_cap")
    }
    said["no_tracking"] = or_(Subscriber.no_tracking, PEOPLE.c.no_tracking)  # a wish stays one
    said["weekdays"] = func.coalesce(as_json(session, PEOPLE.c.weekdays), Subscriber.weekdays)
    fields = as_json(session, func.coalesce(PEOPLE.c.fields, "{}"))
    if dialect_of(session) == "postgresql":
        said["fields"] = Subscriber.fields.op("||")(fields)
    else:
        said["fields"] = func.json_patch(Subscriber.fields, fields)
    session.execute(
        update(Subscriber)
        .where(Subscriber.id == KNOWN.c.subscriber_id, KNOWN.c.row == PEOPLE.c.row, _TAKEN, these)
        .values(said)
        .execution_options(synchronize_session=False)
    )


def _write_members(session: Session, these: ColumnElement[bool], now: datetime) -> None:
    """A no is written down also for who is kept out: a suppression may be released one day."""
    changed_at = func.coalesce(CHANGES.c.changed_at, moment(now))
    wanted = (
        select(CHANGES.c.list_id, KNOWN.c.subscriber_id, CHANGES.c.status, changed_at)
        .join(KNOWN, KNOWN.c.row == CHANGES.c.row)
        .where(these, CHANGES.c.changes, or_(_TAKEN, CHANGES.c.status.in_(_LEFT)))
        .order_by(CHANGES.c.row)
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


def _write_ledger(session: Session, these: ColumnElement[bool], now: datetime) -> None:
    """The lines of the memberships that were changed."""
    names = ("act", "wording", "wording_hash", "source_url", "ip", "user_agent", "note")
    at = func.coalesce(LEDGER.c.at, moment(now))
    lines = (LEDGER.c[name] for name in names)
    changed = and_(CHANGES.c.row == LEDGER.c.row, CHANGES.c.list_id == MailingList.id, CHANGES.c.changes)
    wanted = (
        select(MailingList.id, KNOWN.c.subscriber_id, at, PEOPLE.c.email, *lines)
        .select_from(LEDGER)
        .join(KNOWN, KNOWN.c.row == LEDGER.c.row)
        .join(PEOPLE, PEOPLE.c.row == LEDGER.c.row)
        .join(MailingList, MailingList.slug == LEDGER.c.slug)
        .join(CHANGES, changed)
        .where(these, or_(_TAKEN, LEDGER.c.act.in_(_LEFT)))
        .order_by(LEDGER.c.row, LEDGER.c.place)
    )
    target = ["list_id", "subscriber_id", "at", "email", *names]
    session.execute(insert(session, ConsentEntry).from_select(target, wanted))


def _write_tags(session: Session, these: ColumnElement[bool], now: datetime) -> None:
    wanted = (
        select(MARKS.c.tag_id, KNOWN.c.subscriber_id, func.coalesce(MARKS.c.added_at, moment(now)))
        .select_from(KNOWN)
        .join(PEOPLE, PEOPLE.c.row == KNOWN.c.row)
        .join(MARKS, MARKS.c.tags == PEOPLE.c.tags)
        .where(these, _TAKEN)
        .order_by(KNOWN.c.row)
    )
    adding = insert(session, SubscriberTag).from_select(["tag_id", "subscriber_id", "added_at"], wanted)
    session.execute(adding.on_conflict_do_nothing(index_elements=["tag_id", "subscriber_id"]))


def _withhold(session: Session, these: ColumnElement[bool], now: datetime) -> None:
    at, same = func.coalesce(WITHHELD.c.at, moment(now)), ("address_hash", "email", "address_key")
    wanted = (
        select(*(PEOPLE.c[name] for name in same), WITHHELD.c.reason, at, WITHHELD.c.note)
        .select_from(WITHHELD)
        .join(KNOWN, KNOWN.c.row == WITHHELD.c.row)
        .join(PEOPLE, PEOPLE.c.row == WITHHELD.c.row)
        .where(these)
        .order_by(KNOWN.c.row)
    )
    adding = insert(session, Suppression).from_select([*same, "reason", "at", "note"], wanted)
    session.execute(adding.on_conflict_do_nothing(index_elements=["address_hash"]))
