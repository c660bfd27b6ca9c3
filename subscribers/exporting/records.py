"""Everything there is to say of each subscriber, read a window at a time, so that memory stays flat.

Moments and objects are read as the texts that the database has. Many people share theirs: each is understood
once.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, cast, func, select
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

WINDOW: Final = 4_000  # people in memory at once
SHARED: Final = 16_384  # values that are remembered

Record = dict[str, Any]
Window = tuple[int, int]  # people with ids after the first, up to the second
# What courses say of the people with ids from the first to the second: subscriber -> course -> standing.
Courses = Callable[[Session, int, int], Mapping[int, Mapping[str, Any]]]

_JSON: Final = json.JSONEncoder(ensure_ascii=False)  # made once, for a million rows


class Shared(dict[str, Any]):
    """A part of a record that is the same for many people. Its JSON is written once."""

    __slots__ = ("text",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.text = _JSON.encode(self)


_NOTHING: Final = Shared({})


def _joined(table: Any, *columns: Any) -> Any:
    """What a table has of a person, as a text like `3 2026-01-01 10:00:00|5 2026-01-02 10:00:00`."""
    words: ColumnElement[str] = cast(columns[0], String)
    for column in columns[1:]:
        words = words + " " + cast(column, String)
    theirs = select(func.aggregate_strings(words, "|")).where(table.subscriber_id == Subscriber.id)
    return theirs.scalar_subquery()


_PERSON: Final = (
    Subscriber.id,
    Subscriber.email,
    Subscriber.first_name,
    Subscriber.last_name,
    Subscriber.language,
    Subscriber.zone,
    Subscriber.minute,
    cast(Subscriber.weekdays, String),
    Subscriber.daily_cap,
    Subscriber.no_tracking,
    cast(Subscriber.created_at, String),
    cast(Subscriber.fields, String),
    _joined(SubscriberTag, SubscriberTag.tag_id, SubscriberTag.added_at),
    _joined(Membership, Membership.list_id, Membership.status, Membership.changed_at),
)


class People:
    """Subscribers to be read: all, or those whom a condition wants; nobody who was erased."""

    def __init__(
        self,
        session: Session,
        key: bytes,
        courses: Courses | None = None,
        wanted: ColumnElement[bool] | None = None,
    ) -> None:
        self.session = session
        self.key = key
        self.courses = courses
        self.wanted = Subscriber.erased_at.is_(None) if wanted is None else wanted
        self._names = _Names(session)

    def __iter__(self) -> Iterator[Record]:
        for window in self.windows():
            yield from self.within(window)

    def windows(self) -> Iterator[Window]:
        """All of them in order of their ids, WINDOW at a time. Who comes meanwhile is in none."""
        after, end = 0, self.session.scalar(select(func.max(Subscriber.id))) or 0
        while after < end:
            following = select(Subscriber.id).where(Subscriber.id > after, Subscriber.id <= end, self.wanted)
            last = self.session.scalar(following.order_by(Subscriber.id).offset(WINDOW - 1).limit(1)) or end
            yield after, last
            after = last

    def within(self, window: Window) -> Iterator[Record]:
        after, last = window
        wanted = select(*_PERSON).where(Subscriber.id > after, Subscriber.id <= last, self.wanted)
        reading = self.session.connection()  # plain rows: nothing is mapped to objects
        rows = reading.execute(wanted.order_by(Subscriber.id)).all()
        if not rows:
            return
        names, first, last = self._names, rows[0][0], rows[-1][0]
        consent = _consent(reading, names, first, last)
        suppressed = _suppressed(self.session, self.key, [one[1] for one in rows])
        standing = self.courses(self.session, first, last) if self.courses else {}
        for person, email, *details, no_tracking, created_at, fields, tags, lists in rows:
            first_name, last_name, language, zone, minute, weekdays, daily_cap = details
            yield {
                "email": email,
                "first_name": first_name,
                "last_name": last_name,
                "language": language,
                "zone": zone,
                "minute": minute,
                "weekdays": None if weekdays is None else json.loads(weekdays),
                "daily_cap": daily_cap,
                "no_tracking": no_tracking,
                "created_at": _moment(created_at),
                "tags": names.tags(tags) if tags else _NOTHING,
                "lists": names.lists(lists) if lists else _NOTHING,
                "consent": consent.get(person, []),
                "suppressed": suppressed.get(email),
                "courses": standing.get(person, _NOTHING),
                "fields": names.fields(fields),
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


@lru_cache(maxsize=SHARED)
def _moment(text: str) -> str:
    """A moment in UTC as isoformat() writes it, of what databases have: `2024-01-02 15:04:05.12+00`."""
    day, _, time = text.removesuffix("+00").partition(" ")
    seconds, _, part = time.partition(".")
    micros = part.ljust(6, "0")
    return f"{day}T{seconds}+00:00" if micros == "000000" else f"{day}T{seconds}.{micros}+00:00"


class _Names:
    """How tags, lists and fields are called. What people have of the first two is read as `_joined` texts."""

    def __init__(self, session: Session) -> None:
        tags = session.execute(select(Tag.id, Tag.name).order_by(Tag.name_key)).all()
        lists = session.execute(select(MailingList.id, MailingList.slug).order_by(MailingList.slug)).all()
        self._tags: dict[int, str] = dict(tags)  # in the order in which they are written
        self.slugs: dict[int | None, str | None] = {None: None, **dict(lists)}
        self._removed = {one.name for one in custom_fields.removed(session)}
        self.fields = lru_cache(maxsize=SHARED)(self._read_fields)
        self.tags = lru_cache(maxsize=SHARED)(self._read_tags)
        self.lists = lru_cache(maxsize=SHARED)(self._read_lists)

    def _read_fields(self, text: str) -> Shared:
        found = json.loads(text).items()
        return Shared({name: value for name, value in sorted(found) if name not in self._removed})

    def _read_tags(self, joined: str) -> Shared:
        since = {int(tag): _moment(at) for tag, at in (one.split(" ", 1) for one in joined.split("|"))}
        return Shared({name: since[tag] for tag, name in self._tags.items() if tag in since})

    def _read_lists(self, joined: str) -> Shared:
        standing = {}
        for one in joined.split("|"):
            number, status, at = one.split(" ", 2)
            standing[int(number)] = {"status": status, "since": _moment(at)}
        return Shared({str(slug): standing[one] for one, slug in self.slugs.items() if one in standing})


_TEXTS: Final = ("wording", "source_url", "ip", "user_agent", "note")
_LINE: Final = (
    ConsentEntry.subscriber_id,
    ConsentEntry.list_id,
    ConsentEntry.act,
    cast(ConsentEntry.at, String),
    *(getattr(ConsentEntry, name) for name in _TEXTS),
)


def _consent(reading: Connection, names: _Names, first: int, last: int) -> dict[int, list[Record]]:
    """The ledger of people with ids from the first to the second."""
    wanted = select(*_LINE).where(ConsentEntry.subscriber_id.between(first, last)).order_by(ConsentEntry.id)
    found: dict[int, list[Record]] = {}
    for person, slug, act, at, *texts in reading.execute(wanted).all():
        if slug not in names.slugs:  # a list that was made since the export began
            continue
        line = {"list": names.slugs[slug], "act": act, "at": _moment(at)}
        if any(texts):
            line |= {name: text for name, text in zip(_TEXTS, texts, strict=True) if text}
        if person in found:
            found[person].append(line)
        else:
            found[person] = [line]
    return found


def _suppressed(session: Session, key: bytes, emails: Sequence[str]) -> dict[str, Any]:
    if session.scalar(select(Suppression.id).limit(1)) is None:
        return {}
    hashes = {address_hash(key, email): email for email in emails}
    wanted = select(Suppression).where(Suppression.address_hash.in_(hashes))
    return {
        hashes[one.address_hash]: {"reason": one.reason, "at": iso(one.at), "note": one.note}
        for one in session.scalars(wanted)
    }
