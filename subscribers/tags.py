"""Tags: words that people are marked with, by hand, by an import, or by what they did. One spelling each."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from courseletter.upserting import insert
from subscribers.models import Subscriber, SubscriberTag, Tag
from subscribers.people import fold

LONGEST: Final = 80  # characters
SEPARATOR: Final = ","  # between the tags of one cell or one field, so no tag has it in its name


def check_name(text: str) -> str:
    """Return the tag's name in one spelling of its spaces, else InvalidInput naming `tag`."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise InvalidInput("The tag has no name. Type one.", field="tag")
    if SEPARATOR in name or any(unicodedata.category(one)[0] == "C" for one in name):
        raise InvalidInput("A tag has no commas and no control characters. Leave them out.", field="tag")
    if len(name) > LONGEST:
        raise InvalidInput(f"The tag is longer than {LONGEST} characters. Shorten it.", field="tag")
    return name


def find(session: Session, name: str) -> Tag | None:
    """The tag of this name in whatever case; None where nobody was ever marked with it."""
    return session.scalar(select(Tag).where(Tag.name_key == fold(check_name(name))))


def find_or_create(session: Session, name: str) -> Tag:
    """The tag of this name; a new one is spelled as it is here."""
    name = check_name(name)
    adding = insert(session, Tag).values(name=name, name_key=fold(name))
    session.execute(adding.on_conflict_do_nothing(index_elements=["name_key"]))
    return session.scalars(select(Tag).where(Tag.name_key == fold(name))).one()


def add(session: Session, subscriber: Subscriber, name: str, now: datetime) -> bool:
    """Mark a person. False: they had the tag, and have had it since the first time."""
    tag = find_or_create(session, name)
    adding = insert(session, SubscriberTag).values(tag_id=tag.id, subscriber_id=subscriber.id, added_at=now)
    adding = adding.on_conflict_do_nothing(index_elements=["tag_id", "subscriber_id"])
    return session.scalar(adding.returning(SubscriberTag.tag_id)) is not None


def remove(session: Session, subscriber: Subscriber, name: str) -> bool:
    """Take a tag off a person. False: they did not have it."""
    tag = find(session, name)
    if tag is None:
        return False
    removed = delete(SubscriberTag).where(
        SubscriberTag.tag_id == tag.id, SubscriberTag.subscriber_id == subscriber.id
    )
    return session.scalar(removed.returning(SubscriberTag.tag_id)) is not None


def of(session: Session, subscriber: Subscriber) -> Sequence[str]:
    """The names of a person's tags, in the order of the alphabet."""
    names = select(Tag.name).join(SubscriberTag).where(SubscriberTag.subscriber_id == subscriber.id)
    return session.scalars(names.order_by(Tag.name_key)).all()


def has(session: Session, subscriber: Subscriber, name: str) -> bool:
    tag = find(session, name)
    return tag is not None and session.get(SubscriberTag, (tag.id, subscriber.id)) is not None


def names(session: Session, most: int) -> Sequence[str]:
    """The first so many tags by name, without counting who has them."""
    return session.scalars(select(Tag.name).order_by(Tag.name_key).limit(most)).all()


def every(session: Session) -> Sequence[tuple[str, int]]:
    """All tags by name, each with how many people have it."""
    counted = (
        select(Tag.name, func.count(SubscriberTag.subscriber_id))
        .outerjoin(SubscriberTag)
        .group_by(Tag.id)
        .order_by(Tag.name_key)
    )
    return [(name, people) for name, people in session.execute(counted)]
