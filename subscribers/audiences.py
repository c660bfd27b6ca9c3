"""Audiences: people of lists, with tags, in segments, without others. A question, asked when it is needed.

Whoever is written to has agreed: they are confirmed on the sender's own list, or on one that the audience
names. Who has left the sender's own list gets nothing of it, whatever else names them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, Protocol, Self, get_args

from sqlalchemy import (
    ColumnElement,
    Label,
    Select,
    Subquery,
    and_,
    case,
    exists,
    false,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import Session

from courseletter.bulk import with_room
from courseletter.errors import InvalidInput
from subscribers import segments
from subscribers.models import (
    MailingList,
    Membership,
    MemberStatus,
    Segment,
    Subscriber,
    SubscriberTag,
    Suppression,
    Tag,
)
from subscribers.segments import Compiler, Rule

Kind = Literal["list", "tag", "segment"]
MOST: Final = 50  # parts of one audience
_LEFT: Final = (MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED)
_TABLES: Final[Mapping[Kind, Any]] = {
    "list": MailingList,
    "tag": Tag,
    "segment": Segment,
}


class Part(NamedTuple):
    """A list, a tag or a segment by its id; written `list:3`."""

    kind: Kind
    id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidInput."""
        for kind in get_args(Kind):
            number = text.removeprefix(f"{kind}:")
            if number != text and number.isascii() and number.isdigit() and len(number) < 10:
                return cls(kind, int(number))
        raise InvalidInput("Choose lists, tags and segments from what is there.", field="audience")


class Among(Protocol):
    """A part of all subscribers."""

    def has(self, person: Any) -> ColumnElement[bool]:
        """Whether it has the one with this id."""


class Span(NamedTuple):
    """Those with ids after one, up to another."""

    after: int
    top: int

    def has(self, person: Any) -> ColumnElement[bool]:
        return and_(person > self.after, person <= self.top)


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody whom one of `include` names and none of `exclude`."""

    include: tuple[Part, ...] = ()
    exclude: tuple[Part, ...] = ()

    @property
    def lists(self) -> list[int]:
        return [part.id for part in self.include if part.kind == "list"]

    def to_json(self) -> dict[str, Any]:
        return {"include": list(map(str, self.include)), "exclude": list(map(str, self.exclude))}

    @classmethod
    def from_json(cls, stored: Mapping[str, Sequence[str]]) -> Self:
        include, exclude = (tuple(map(Part.parse, stored[name])) for name in ("include", "exclude"))
        return cls(include, exclude)


@dataclass(frozen=True, slots=True)
class Asked:
    """An audience as conditions on Subscriber.

    `named`: an included part names them. `excluded`: another takes them out. `agreed`: who has agreed, and on
    which list (`subscriber_id`, `list_id`). `suppressed`: as far as a query can tell; the address's keyed
    hash decides before anything is sent.
    """

    named: ColumnElement[bool]
    excluded: ColumnElement[bool]
    agreed: Subquery
    suppressed: ColumnElement[bool]

    def reached(self, *columns: Any) -> Select[*tuple[Any, ...]]:
        """These columns of everybody who gets something, once each."""
        agreed = self.agreed.c.subscriber_id == Subscriber.id
        people = select(*columns).select_from(Subscriber).join(self.agreed, agreed)
        return people.where(self.named, not_(self.excluded), not_(self.suppressed))

    def became(self, *columns: Any) -> Select[*tuple[Any, ...]]:
        """These columns of everybody who is named, and `became`: the field of Count that they are counted
        in, by the first reason that keeps them out.
        """
        became = case(
            (self.excluded, "excluded"),
            (self.agreed.c.subscriber_id.is_(None), "not_agreed"),
            (self.suppressed, "suppressed"),
            else_="reached",
        )
        agreed = self.agreed.c.subscriber_id == Subscriber.id
        people = select(*columns, became.label("became")).select_from(Subscriber)
        return people.outerjoin(self.agreed, agreed).where(self.named)

    def counted(self, by: Label[str]) -> Select[*tuple[Any, ...]]:
        """As Count has them, by a label: who is kept out is found as a set each, not person by person."""
        out = select(Subscriber.id).where(self.excluded).subquery("out")
        held = select(Subscriber.id).where(self.suppressed).subquery("held")
        agreed, stays = self.agreed.c.subscriber_id, out.c.id.is_(None)
        numbers = (
            func.count().filter(stays, agreed.is_not(None), held.c.id.is_(None)),
            func.count(out.c.id),
            func.count().filter(stays, agreed.is_(None)),
            func.count().filter(stays, agreed.is_not(None), held.c.id.is_not(None)),
        )
        people = select(by, *numbers).select_from(Subscriber).where(self.named).group_by(by)
        for them, person in ((self.agreed, agreed), (out, out.c.id), (held, held.c.id)):
            people = people.outerjoin(them, person == Subscriber.id)
        return people


def check(session: Session, audience: Audience) -> None:
    """Raise InvalidInput for a part that is not there, or too many of them."""
    parts = (*audience.include, *audience.exclude)
    if len(parts) > MOST:
        raise InvalidInput(f"An audience has at most {MOST} parts. Make a segment of some.", field="audience")
    for part in parts:
        if session.get(_TABLES[part.kind], part.id) is None:
            raise InvalidInput(f"A {part.kind} of the audience is no more. Choose anew.", field="audience")


def names(session: Session, parts: Sequence[Part]) -> list[str]:
    """What people call them: `list Field notes`, `tag garden`."""
    found = ((part, session.get(_TABLES[part.kind], part.id)) for part in parts)
    return [f"{part.kind} {row.name}" if row else f"{part.kind} that is no more" for part, row in found]


def ask(
    session: Session,
    audience: Audience,
    own_list: int,
    now: datetime,
    since: datetime,
    more: Mapping[str, Compiler] | None = None,
    among: Among | None = None,
) -> Asked:
    """Understand an audience of those who had agreed by `since`. `more`: what segments may ask besides;
    `among`: nobody else is named, nor has agreed, so that these few are looked up by their index.
    """
    suppressed = Subscriber.address_key.in_(
        select(Suppression.address_key).where(Suppression.address_key.is_not(None))
    )
    here = [] if among is None else [among.has(Subscriber.id)]
    return Asked(
        named=and_(*here, Subscriber.erased_at.is_(None), _any(session, audience.include, now, since, more)),
        excluded=_any(session, audience.exclude, now, now, more, confirmed=True),
        agreed=_agreed(audience, own_list, since, among),
        suppressed=suppressed,
    )


def _agreed(audience: Audience, own_list: int, since: datetime, among: Among | None) -> Subquery:
    """Who has confirmed, each with one list: the sender's own, else the first that the audience names."""
    person, of = Membership.subscriber_id, Membership.list_id
    others = sorted({*audience.lists} - {own_list})
    here = [] if among is None else [among.has(person)]
    confirmed = [Membership.status == MemberStatus.CONFIRMED, Membership.changed_at <= since, *here]
    if not others:
        return select(person, of).where(of == own_list, *confirmed).subquery("agreed")
    left = select(person).where(of == own_list, Membership.status.in_(_LEFT), *here)
    own_first = func.coalesce(func.nullif(func.min(case((of == own_list, 0), else_=of)), 0), own_list)
    people = select(person, own_first.label("list_id")).where(of.in_([own_list, *others]), *confirmed)
    return people.where(person.not_in(left)).group_by(person).subquery("agreed")


class Count(NamedTuple):
    """How many people an audience names, and what becomes of them."""

    reached: int = 0
    excluded: int = 0
    not_agreed: int = 0  # pending, left, or never asked on any of the lists
    suppressed: int = 0

    @classmethod
    def sum_of(cls, parts: Iterable["Count"]) -> "Count":
        return cls(*(sum(each) for each in zip(*parts, strict=True)))

    @property
    def named(self) -> int:
        return sum(self)


def counts(session: Session, asked: Asked, by: ColumnElement[str]) -> dict[str, Count]:
    """Everybody once, in one reading: by what `by` says of them."""
    with_room(session)
    rows = session.execute(asked.counted(by.label("by")))
    return {value: Count(*numbers) for value, *numbers in rows}


class Fate(NamedTuple):
    """What becomes of somebody who is named: `became` is a field of Count."""

    id: int
    by: str
    became: str


def fates(session: Session, asked: Asked, by: ColumnElement[str]) -> list[Fate]:
    """Everybody by themselves, with what `by` says of them: for an audience among few people."""
    rows = session.execute(asked.became(Subscriber.id, by))
    return sorted(Fate(*row) for row in rows)


def some_reached(session: Session, asked: Asked, most: int) -> list[Subscriber]:
    """Some of those who get something."""
    return list(session.scalars(asked.reached(Subscriber).order_by(Subscriber.id).limit(most)))


def left_out(session: Session, asked: Asked, most: int) -> list[tuple[Subscriber, str]]:
    """Some of whom the audience names and does not reach, each with why, as Count calls it."""
    found = asked.became(Subscriber.id).subquery()
    people = select(Subscriber, found.c.became).join(found, found.c.id == Subscriber.id)
    wanted = people.where(found.c.became != "reached").order_by(Subscriber.id).limit(most)
    return [(person, why) for person, why in session.execute(wanted)]


def _any(
    session: Session,
    parts: Sequence[Part],
    now: datetime,
    since: datetime,
    more: Mapping[str, Compiler] | None,
    *,
    confirmed: bool = False,
) -> ColumnElement[bool]:
    """Whether one of the parts has somebody. A list has also those who said no: reasons are counted."""
    found: list[ColumnElement[bool]] = []
    by_kind = {kind: [part.id for part in parts if part.kind == kind] for kind in get_args(Kind)}
    if lists := by_kind["list"]:
        member = exists().where(Membership.subscriber_id == Subscriber.id, Membership.list_id.in_(lists))
        found.append(member.where(Membership.status == MemberStatus.CONFIRMED) if confirmed else member)
    if tags := by_kind["tag"]:
        marked = exists().where(SubscriberTag.subscriber_id == Subscriber.id, SubscriberTag.tag_id.in_(tags))
        found.append(marked.where(SubscriberTag.added_at <= since))
    for segment in by_kind["segment"]:
        rule = Rule.from_json(session.get_one(Segment, segment).rule)
        found.append(segments.compiled(session, rule, now, more))
    return or_(*found) if found else false()
