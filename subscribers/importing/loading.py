"""New people of a chunk, straight into our tables: nobody else can have written anything of theirs before."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from courseletter.database import Base
from subscribers.importing.models import ImportedPerson
from subscribers.importing.reading import Chunk
from subscribers.importing.staging import (
    KNOWN,
    LEDGER,
    MARKS,
    PEOPLE,
    STANDS,
    SUPPRESSED,
    WITHHELD,
    as_json,
    moment,
)
from subscribers.models import (
    ConsentEntry,
    MailingList,
    Membership,
    Subscriber,
    SubscriberTag,
    Suppression,
)

DAILY_CAP: Final = 3
_NEW: Final = and_(PEOPLE.c.row.not_in(select(KNOWN.c.row)), PEOPLE.c.row.not_in(select(SUPPRESSED.c.row)))


def add(session: Session, chunk: Chunk, import_id: int, now: datetime) -> int:
    """Write everybody whom we neither know nor withhold; returns what to add to a row to have the new id.

    Raises IntegrityError where one of them has signed up in this very moment: the chunk is then to be done
    again.
    """
    shift = _fresh_ids(session, chunk.last - chunk.first + 1) - chunk.first
    person: ColumnElement[int] = PEOPLE.c.row + literal(shift)
    people = select(PEOPLE.c.row).where(_NEW)
    _add_people(session, people, person, now)
    _put(session, ImportedPerson, people, import_id=literal(import_id), subscriber_id=person)
    _put(
        session,
        Membership,
        people.join(STANDS, STANDS.c.stands == PEOPLE.c.stands),
        list_id=STANDS.c.list_id,
        subscriber_id=person,
        status=STANDS.c.status,
        changed_at=func.coalesce(STANDS.c.changed_at, moment(now)),
    )
    _put(
        session,
        SubscriberTag,
        people.join(MARKS, MARKS.c.tags == PEOPLE.c.tags),
        tag_id=MARKS.c.tag_id,
        subscriber_id=person,
        added_at=func.coalesce(MARKS.c.added_at, moment(now)),
    )
    _add_lines(session, people, person, now)
    _put(
        session,
        Suppression,
        people.join(WITHHELD, WITHHELD.c.row == PEOPLE.c.row),
        address_hash=PEOPLE.c.address_hash,
        email=PEOPLE.c.email,
        address_key=PEOPLE.c.address_key,
        reason=WITHHELD.c.reason,
        at=func.coalesce(WITHHELD.c.at, moment(now)),
        note=WITHHELD.c.note,
    )
    return shift


def _add_people(session: Session, people: Select[int], person: ColumnElement[int], now: datetime) -> None:
    same = ("email", "address_key", "first_name", "last_name", "language", "zone", "minute", "no_tracking")
    _put(
        session,
        Subscriber,
        people,
        id=person,
        **{name: PEOPLE.c[name] for name in same},
        weekdays=as_json(session, PEOPLE.c.weekdays),
        daily_cap=func.coalesce(PEOPLE.c.daily_cap, DAILY_CAP),
        fields=as_json(session, func.coalesce(PEOPLE.c.fields, "{}")),
        created_at=func.coalesce(PEOPLE.c.created_at, moment(now)),
    )


def _add_lines(session: Session, people: Select[int], person: ColumnElement[int], now: datetime) -> None:
    """The ledger. A line of a list that nobody stands on here says nothing."""
    same = ("act", "wording", "wording_hash", "source_url", "ip", "user_agent", "note")
    lines = people.join(LEDGER, LEDGER.c.row == PEOPLE.c.row)
    lines = lines.outerjoin(MailingList, MailingList.slug == LEDGER.c.slug)
    _put(
        session,
        ConsentEntry,
        lines.where(or_(LEDGER.c.slug.is_(None), MailingList.id.is_not(None))),
        LEDGER.c.place,
        list_id=MailingList.id,
        at=func.coalesce(LEDGER.c.at, moment(now)),
        **{name: LEDGER.c[name] for name in same},
        subscriber_id=person,
        email=PEOPLE.c.email,
    )


def _put(session: Session, table: type[Base], rows: Select[int], *order: Any, **values: Any) -> None:
    """Write these values of these rows, in the order of the file, which is that of most indexes."""
    # SQLite need not be able to take back this statement alone: the transaction goes as a whole.
    adding = insert(table).prefix_with("OR FAIL", dialect="sqlite")
    ordered = rows.with_only_columns(*values.values()).order_by(PEOPLE.c.row, *order)
    session.execute(adding.from_select([*values], ordered))


def _fresh_ids(session: Session, count: int) -> int:
    """The first of so many ids on end that no subscriber has, nor will get."""
    if dialect_of(session) == "sqlite":  # nobody else writes until we commit
        return (session.scalar(select(func.max(Subscriber.id))) or 0) + 1
    sequence = select(func.pg_get_serial_sequence("subscribers", "id")).scalar_subquery()  # found once
    drawn = func.nextval(sequence).label("drawn")
    numbers = select(drawn).select_from(func.generate_series(1, count)).subquery()
    while True:  # somebody may draw one in between
        first, last = session.execute(select(func.min(numbers.c.drawn), func.max(numbers.c.drawn))).one()
        if last - first + 1 == count:
            return int(first)
