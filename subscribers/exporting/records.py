"""Everything there is to say of each subscriber, read a window at a time, so that memory stays flat."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from subscribers import custom_fields
from subscribers.models import (
    ConsentEntry,
    MailingList,
    Membership,
    Subscriber,
    SubscriberTag,
    Suppression,
    Tag,
)
from subscribers.suppression import address_hash

WINDOW: Final = 1_000  # people in memory at once

Record = dict[str, Any]
# What courses say of the people with ids from the first to the second: subscriber -> course -> standing.
Courses = Callable[[Session, int, int], Mapping[int, Mapping[str, Any]]]

_PERSON: Final = (
    Subscriber.id,
    Subscriber.email,
    Subscriber.first_name,
    Subscriber.last_name,
    Subscriber.language,
    Subscriber.zone,
    Subscriber.minute,
    Subscriber.weekdays,
    Subscriber.daily_cap,
    Subscriber.no_tracking,
    Subscriber.created_at,
    Subscriber.fields,
)


def people(
    session: Session,
    key: bytes,
    courses: Courses | None = None,
    wanted: ColumnElement[bool] | None = None,
) -> Iterator[Record]:
    """All subscribers, or those whom a condition wants, in order of their ids; nobody who was erased."""
    after, there = 0, Subscriber.erased_at.is_(None) if wanted is None else wanted
    gone = {one.name for one in custom_fields.removed(session)}
    while True:
        window = select(*_PERSON).where(Subscriber.id > after, there).order_by(Subscriber.id).limit(WINDOW)
        rows = session.execute(window).all()
        if not rows:
            return
        first, after = rows[0].id, rows[-1].id
        attached = _Attached.of(session, key, first, after, [one.email for one in rows])
        standing = courses(session, first, after) if courses else {}
        for one in rows:
            yield {
                "email": one.email,
                "first_name": one.first_name,
                "last_name": one.last_name,
                "language": one.language,
                "zone": one.zone,
                "minute": one.minute,
                "weekdays": one.weekdays,
                "daily_cap": one.daily_cap,
                "no_tracking": one.no_tracking,
                "created_at": iso(one.created_at),
                "tags": attached.tags.get(one.id, {}),
                "lists": attached.lists.get(one.id, {}),
                "consent": attached.consent.get(one.id, []),
                "suppressed": attached.suppressed.get(one.email),
                "courses": standing.get(one.id, {}),
                "fields": {name: value for name, value in sorted(one.fields.items()) if name not in gone},
            }


def suppressions(session: Session) -> Iterator[Record]:
    """The suppression list; who was erased stands there by their keyed hash alone."""
    columns = (
        Suppression.email,
        Suppression.address_hash,
        Suppression.reason,
        Suppression.at,
        Suppression.note,
    )
    wanted = select(*columns).order_by(Suppression.id).execution_options(yield_per=WINDOW)
    for email, digest, reason, at, note in session.execute(wanted):
        yield {"email": email or "", "hash": digest, "reason": reason, "at": iso(at), "note": note}


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


@dataclass(slots=True)
class _Attached:
    """What other tables say of the people of one window."""

    tags: dict[int, dict[str, Any]]
    lists: dict[int, dict[str, Any]]
    consent: dict[int, list[Any]]
    suppressed: dict[str, Any]

    @classmethod
    def of(cls, session: Session, key: bytes, first: int, last: int, emails: Sequence[str]) -> "_Attached":
        found = cls({}, {}, {}, {})
        marks = (
            select(SubscriberTag.subscriber_id, Tag.name, SubscriberTag.added_at)
            .join(Tag, Tag.id == SubscriberTag.tag_id)
            .where(SubscriberTag.subscriber_id.between(first, last))
            .order_by(Tag.name_key)
        )
        for person, name, at in session.execute(marks):
            found.tags.setdefault(person, {})[name] = iso(at)
        members = (
            select(Membership.subscriber_id, MailingList.slug, Membership.status, Membership.changed_at)
            .join(MailingList, MailingList.id == Membership.list_id)
            .where(Membership.subscriber_id.between(first, last))
            .order_by(MailingList.slug)
        )
        for person, slug, status, at in session.execute(members):
            found.lists.setdefault(person, {})[slug] = {"status": status, "since": iso(at)}
        ledger = (
            select(*_LINE)
            .outerjoin(MailingList, MailingList.id == ConsentEntry.list_id)
            .where(ConsentEntry.subscriber_id.between(first, last))
            .order_by(ConsentEntry.id)
        )
        for row in session.execute(ledger):
            person, slug, act, at, *texts = tuple(row)
            said = {name: text for name, text in zip(_TEXTS, texts, strict=True) if text}
            line = {"list": slug, "act": act, "at": iso(at), **said}
            found.consent.setdefault(person, []).append(line)
        found.suppressed = _suppressed(session, key, emails)
        return found


_TEXTS: Final = ("wording", "source_url", "ip", "user_agent", "note")
_LINE: Final = (
    ConsentEntry.subscriber_id,
    MailingList.slug,
    ConsentEntry.act,
    ConsentEntry.at,
    *(getattr(ConsentEntry, name) for name in _TEXTS),
)


def _suppressed(session: Session, key: bytes, emails: Sequence[str]) -> dict[str, Any]:
    if session.scalar(select(Suppression.id).limit(1)) is None:
        return {}
    hashes = {address_hash(key, email): email for email in emails}
    wanted = select(Suppression).where(Suppression.address_hash.in_(hashes))
    return {
        hashes[one.address_hash]: {"reason": one.reason, "at": iso(one.at), "note": one.note}
        for one in session.scalars(wanted)
    }
