"""Questions about subscribers, saved and counted live: fields, tags, lists, dates, and what the layers
above know.

A rule is data; here it becomes expressions of SQLAlchemy, and every name and value in it a bound parameter,
so that nothing somebody types is ever part of a statement (REQUIREMENTS 41).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple, Self

from sqlalchemy import ColumnElement, and_, case, exists, false, func, not_, or_, select
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of, with_room
from courseletter.errors import InvalidInput, NotFound
from courseletter.upserting import insert
from subscribers import tags
from subscribers.models import (
    CustomField,
    MailingList,
    Membership,
    MemberStatus,
    Segment,
    Subscriber,
    SubscriberTag,
)
from subscribers.names import fold

MOST: Final = 20  # conditions of one segment
LONGEST: Final = 200  # characters of a name and a value
LONGEST_PERIOD: Final = 36_500  # days


@dataclass(frozen=True, slots=True)
class Condition:
    """`about` something called `what`: `how` it compares to `value`. "field", "city", "is", "Porto"."""

    about: str
    what: str
    how: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions of which all, or any, must hold. Without conditions it is everybody."""

    conditions: tuple[Condition, ...] = ()
    any: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"any": self.any, "conditions": [asdict(one) for one in self.conditions]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(tuple(Condition(**one) for one in stored["conditions"]), stored["any"])


class Asked(NamedTuple):
    """A condition, and what is needed to understand it."""

    session: Session
    one: Condition
    now: datetime


# What makes an expression of a condition. Raises InvalidInput for one that makes no sense.
Compiler = Callable[[Asked], ColumnElement[bool]]

# What may be asked of each subject, in the words of the builder; the layers above add their own.
HOWS: Final[Mapping[str, Mapping[str, str]]] = {
    "field": {
        "is": "is",
        "is_not": "is not",
        "contains": "contains",
        "more": "is more than",
        "less": "is less than",
        "set": "is filled in",
        "unset": "is empty",
    },
    "tag": {"has": "has", "has_not": "has not"},
    "list": {
        "confirmed": "subscribed to",
        "pending": "has not confirmed",
        "left": "has left",
        "not_on": "is not on",
    },
    "since": {
        "after": "after",
        "before": "before",
        "last": "in the last days",
        "not_last": "longer ago than days",
    },
}


def compiled(
    session: Session, rule: Rule, now: datetime, more: Mapping[str, Compiler] | None = None
) -> ColumnElement[bool]:
    """The rule as a condition on Subscriber. Raises InvalidInput that says which condition is wrong."""
    if len(rule.conditions) > MOST:
        raise InvalidInput(f"A segment has at most {MOST} conditions. Make two segments of it.", field="rule")
    compilers = {**_OWN, **(more or {})}
    found = []
    for place, one in enumerate(rule.conditions, start=1):
        compiler = compilers.get(one.about)
        typed = one.what + one.value
        if compiler is None or len(typed) > LONGEST or "\0" in typed:
            raise InvalidInput(f"Condition {place} asks about nothing that we know.", field=f"about-{place}")
        try:
            found.append(compiler(Asked(session, one, now)))
        except InvalidInput as error:
            raise InvalidInput(f"Condition {place}: {error}", field=f"value-{place}") from None
    there = Subscriber.erased_at.is_(None)
    if not found:
        return there
    return and_(there, or_(*found) if rule.any else and_(*found))


def count(session: Session, condition: ColumnElement[bool]) -> int:
    with_room(session)
    return session.scalar(select(func.count(Subscriber.id)).where(condition)) or 0


def save(session: Session, name: str, rule: Rule, now: datetime) -> Segment:
    """Keep a rule under a name; one of this name is replaced. Raises InvalidInput for a name that is none."""
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise InvalidInput("Give the segment a name of at most 80 characters.", field="name")
    adding = insert(session, Segment).values(name=name, rule=rule.to_json(), created_at=now)
    replaced = {"rule": adding.excluded.rule}
    session.execute(adding.on_conflict_do_update(index_elements=["name"], set_=replaced))
    return session.scalars(select(Segment).where(Segment.name == name)).one()


def named(session: Session, name: str) -> Segment:
    found = session.scalar(select(Segment).where(Segment.name == name))
    if found is None:
        known = ", ".join(session.scalars(select(Segment.name).order_by(Segment.name).limit(5)))
        hint = f"There is: {known}." if known else "There is none yet."
        raise NotFound(f"No segment is called “{name}”. {hint}")
    return found


def _tag(asked: Asked) -> ColumnElement[bool]:
    one = asked.one
    # Looked up here, not in the statement: PostgreSQL plans by how many have this very tag.
    tag = tags.find(asked.session, one.what)
    marked: ColumnElement[bool] = false()
    if tag is not None:
        theirs = SubscriberTag.subscriber_id == Subscriber.id
        marked = exists().where(theirs, SubscriberTag.tag_id == tag.id)
    return {"has": marked, "has_not": not_(marked)}[_how(one)]


def list_id_of(session: Session, slug: str) -> int | None:
    return session.scalar(select(MailingList.id).where(MailingList.slug == slug))


_LEFT: Final = (MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED)


def _list(asked: Asked) -> ColumnElement[bool]:
    one = asked.one
    of = list_id_of(asked.session, one.what)
    member = exists().where(Membership.subscriber_id == Subscriber.id, Membership.list_id == of)
    return {
        "confirmed": member.where(Membership.status == MemberStatus.CONFIRMED),
        "pending": member.where(Membership.status == MemberStatus.PENDING),
        "left": member.where(Membership.status.in_(_LEFT)),
        "not_on": not_(member),
    }[_how(one)]


def _since(asked: Asked) -> ColumnElement[bool]:
    one = asked.one
    how, came = _how(one), Subscriber.created_at
    if how in ("last", "not_last"):
        moment = days_ago(one.value, asked.now)
        return came >= moment if how == "last" else came < moment
    day = day_of(one.value)
    return came >= day + timedelta(days=1) if how == "after" else came < day


_NAMES: Final = {
    "email": Subscriber.address_key,
    "first_name": Subscriber.first_name,
    "last_name": Subscriber.last_name,
    "language": Subscriber.language,
    "zone": Subscriber.zone,
}


def _field(asked: Asked) -> ColumnElement[bool]:
    one = asked.one
    how = _how(one)
    if one.what in _NAMES:
        wanted = fold(one.value) if one.what == "email" else one.value
        return _compared(how, func.coalesce(_NAMES[one.what], ""), wanted)
    here = (CustomField.name == one.what, CustomField.removed_at.is_(None))
    kind = asked.session.scalar(select(CustomField.kind).where(*here))
    if kind is None:
        raise InvalidInput(f"nobody has a field called “{one.what}”.")
    value = Subscriber.fields[one.what]
    if how in ("set", "unset") or kind in ("text", "date"):
        if kind == "date" and how not in ("set", "unset"):
            day_of(one.value)
        return _compared(how, func.coalesce(value.as_string(), ""), one.value)
    if kind == "yes_no":
        return _answered(how, value.as_string(), one.value)
    return _measured(asked.session, one, value)


def _compared(how: str, column: Any, value: str) -> ColumnElement[bool]:
    found: Mapping[str, ColumnElement[bool]] = {
        "is": column == value,
        "is_not": column != value,
        "contains": func.lower(column).contains(value.lower(), autoescape=True),
        "more": and_(column != "", column > value),
        "less": and_(column != "", column < value),
        "set": column != "",
        "unset": column == "",
    }
    return found[how]


def _answered(how: str, column: Any, value: str) -> ColumnElement[bool]:
    word = value.strip().casefold()
    if how not in ("is", "is_not") or word not in ("yes", "no", "true", "false"):
        raise InvalidInput("this field is a yes or a no.")
    # SQLite has 1 and 0 where PostgreSQL has true and false.
    wanted = column.in_(("true", "1") if word in ("yes", "true") else ("false", "0"))
    return wanted if how == "is" else func.coalesce(not_(wanted), True)


def _measured(session: Session, one: Condition, value: Any) -> ColumnElement[bool]:
    """As numbers, where they are numbers: what somebody wrote into the field by hand may not be one."""
    try:
        wanted = float(one.value.replace(",", "."))
    except ValueError:
        raise InvalidInput(f"“{one.value}” is no number.") from None
    if dialect_of(session) == "postgresql":
        is_number = func.jsonb_typeof(value) == "number"
    else:
        path = f'$."{one.what}"'  # the name is that of a custom field, so letters, digits and underscores
        is_number = func.json_type(Subscriber.fields, path).in_(("integer", "real"))
    number = case((is_number, value.as_float()), else_=None)
    found: Mapping[str, ColumnElement[bool]] = {
        "is": number == wanted,
        "is_not": func.coalesce(number != wanted, True),
        "more": number > wanted,
        "less": number < wanted,
    }
    if one.how not in found:
        raise InvalidInput("a number contains nothing. Compare it.")
    return found[one.how]


_OWN: Final[Mapping[str, Compiler]] = {"field": _field, "tag": _tag, "list": _list, "since": _since}


def days_ago(text: str, now: datetime) -> datetime:
    """So many days before now. Raises InvalidInput for what is no number of days."""
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= LONGEST_PERIOD):
        raise InvalidInput(f"“{text}” is no number of days.")
    return now - timedelta(days=int(text))


def _how(one: Condition) -> str:
    if one.how not in HOWS[one.about]:
        raise InvalidInput(f"“{one.how}” cannot be asked of it. Choose one from the list.")
    return one.how


def day_of(text: str) -> datetime:
    """The beginning of a day (UTC). Raises InvalidInput for what is none."""
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        raise InvalidInput(f"“{text}” is no day. Write it like 2026-12-24.") from None


def every(session: Session) -> Sequence[Segment]:
    return session.scalars(select(Segment).order_by(Segment.name)).all()
