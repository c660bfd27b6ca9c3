"""Who is listed: what is typed, and the filters that are chosen, as a page's address has them.

A filter becomes an expression, like a segment's conditions, most of which it is made of.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Final, Self

from sqlalchemy import ColumnElement, and_, exists, literal_column, not_, select
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from courseletter.errors import InvalidInput
from subscribers import segments
from subscribers.importing.models import ImportedPerson
from subscribers.models import (
    IS_REQUEST,
    NOT_CONFIRMED,
    ConsentEntry,
    Membership,
    MemberStatus,
    Segment,
    Subscriber,
    Suppression,
)
from subscribers.searching import matching
from subscribers.segments import Compiler, Condition, Rule

LONGEST: Final = 320  # characters of what is typed: an address
FORM: Final = "form"
_IMPORT: Final = "import-"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to. "" is no filter; `source` is FORM, or `import-` and its number.

    `since` and `until` are days (UTC) that somebody came on or after, and on or before.
    """

    q: str = ""
    status: str = ""
    list: str = ""
    tag: str = ""
    course: str = ""
    segment: str = ""
    source: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def read(cls, typed: Mapping[str, str]) -> Self:
        return cls(**{one.name: typed.get(one.name, "").strip()[:LONGEST] for one in fields(cls)})

    def chosen(self) -> dict[str, str]:
        """What is not empty: an address's query."""
        return {name: value for name, value in asdict(self).items() if value}

    def without(self, name: str) -> dict[str, str]:
        return {other: value for other, value in self.chosen().items() if other != name}


def narrowed(
    session: Session, filters: Filters, now: datetime, more: Mapping[str, Compiler]
) -> ColumnElement[bool]:
    """The filters without what is typed, as a condition on Subscriber. Raises InvalidInput naming one."""
    found = [segments.compiled(session, Rule(), now)]
    for name, how in (("tag", "has"), ("course", "in")):
        if what := getattr(filters, name):
            with _named(name):
                rule = Rule((Condition(name, what, how),))
                found.append(segments.compiled(session, rule, now, more))
    if filters.since:
        with _named("since"):
            found.append(Subscriber.created_at >= segments.day_of(filters.since))
    if filters.until:
        with _named("until"):
            found.append(Subscriber.created_at < segments.day_of(filters.until) + timedelta(days=1))
    if filters.segment:
        found.append(_segment(session, filters.segment, now, more))
    if filters.status or filters.list:
        found.append(_standing(session, filters.status, filters.list))
    if filters.source:
        found.append(_source(filters.source))
    return and_(*found)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Let what is wrong with a filter name it."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(str(error), field=name) from None


def meant(
    session: Session, filters: Filters, now: datetime, more: Mapping[str, Compiler]
) -> ColumnElement[bool]:
    """Everybody who is listed, whatever a page shows of them."""
    wanted = narrowed(session, filters, now, more)
    return and_(wanted, matching(session, filters.q)) if filters.q else wanted


def _segment(
    session: Session, number: str, now: datetime, more: Mapping[str, Compiler]
) -> ColumnElement[bool]:
    found = session.get(Segment, int(number)) if number.isascii() and number.isdigit() else None
    if found is None:
        raise InvalidInput("This segment is not there any more. Choose another one.", field="segment")
    return segments.compiled(session, Rule.from_json(found.rule), now, more)


# Each person has one of them: the first that holds.
STATUSES: Final[Mapping[str, str]] = {
    "held": "Kept from mail",
    "subscribed": "Subscribed",
    "pending": "Has to confirm",
    "left": "Has left",
    "none": "On no list",
}


def is_suppressed(session: Session) -> ColumnElement[bool]:
    """Whether a person’s address is on the suppression list; what is sent asks by its keyed hash."""
    if dialect_of(session) == "sqlite":  # it begins with the few who are on it only if it is asked so
        folded = select(Suppression.address_key).where(Suppression.address_key.is_not(None))
        return Subscriber.address_key.in_(folded)
    return exists().where(Suppression.address_key == Subscriber.address_key)


def _standing(session: Session, status: str, slug: str) -> ColumnElement[bool]:
    """On this list, or any, with this status, or any."""
    if status and status not in STATUSES:
        raise InvalidInput("There is no such status. Choose one from the list.", field="status")
    list_id = segments.list_id_of(session, slug) if slug else None
    if slug and list_id is None:
        raise InvalidInput("This list is not there any more. Choose another one.", field="list")
    here = () if list_id is None else (Membership.list_id == list_id,)
    theirs = exists().where(Membership.subscriber_id == Subscriber.id, *here)

    def few(*statuses: MemberStatus) -> ColumnElement[bool]:
        written: list[ColumnElement[str]] = [literal_column(f"'{one}'") for one in statuses]
        among_them = Membership.status.in_(written)
        # PostgreSQL sees by itself that the partial index has them; told twice, it takes them for fewer.
        # SQLite has to be told, and begins with them if they are asked for first.
        if dialect_of(session) == "sqlite":
            theirs_here = select(Membership.subscriber_id).where(NOT_CONFIRMED, among_them, *here)
            return Subscriber.id.in_(theirs_here)
        return theirs.where(among_them)

    confirmed = theirs.where(Membership.status == MemberStatus.CONFIRMED)
    waits = few(MemberStatus.PENDING)
    has_left = few(MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED)
    if status == "held":
        return and_(is_suppressed(session), theirs) if slug else is_suppressed(session)
    if status == "none":
        return not_(theirs)
    if not status:
        return theirs
    found: Mapping[str, tuple[ColumnElement[bool], ...]] = {
        "subscribed": (confirmed,),
        "pending": (waits, not_(confirmed)),
        "left": (has_left, not_(confirmed), not_(waits)),
    }
    return and_(*found[status], not_(is_suppressed(session)))


def _source(source: str) -> ColumnElement[bool]:
    number = source.removeprefix(_IMPORT)
    if source == FORM:
        return exists().where(ConsentEntry.subscriber_id == Subscriber.id, IS_REQUEST)
    if number != source and number.isascii() and number.isdigit() and len(number) < 10:
        return exists().where(
            ImportedPerson.import_id == int(number), ImportedPerson.subscriber_id == Subscriber.id
        )
    raise InvalidInput("There is no such source. Choose one from the list.", field="source")


def import_source(import_id: int) -> str:
    """The source of whoever an import brought or changed."""
    return f"{_IMPORT}{import_id}"
