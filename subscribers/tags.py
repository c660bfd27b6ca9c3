"""Tags: words that people are marked with, by hand, by an import, or by what they did. One spelling each."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from courseletter.upserting import insert
from subscribers.models import Subscriber, SubscriberTag, Tag
from subscribers.names import check_tag, fold


def find(session: Session, name: str) -> Tag | None:
    """The tag of this name in whatever case; None where nobody was ever marked with it."""
    return session.scalar(select(Tag).where(Tag.name_key == fold(check_tag(name))))


def find_or_create(session: Session, name: str) -> Tag:
    """The tag of this name; a new one is spelled as it is here."""
    name = check_tag(name)
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
    """The first so many tags by name."""
    return session.scalars(select(Tag.name).order_by(Tag.name_key).limit(most)).all()
