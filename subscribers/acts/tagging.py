"""Marking many people with a tag, and taking one off them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, literal, select
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from courseletter.upserting import insert
from subscribers import tags
from subscribers.acts.doing import ALREADY, Before, Doing, Kind, Outcome
from subscribers.models import Subscriber, SubscriberTag
from subscribers.names import check_tag

_KEY = ["tag_id", "subscriber_id"]


def _new(_session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    return {"tag": check_tag(typed.get("tag", ""))}


def _known(session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    tag = tags.find(session, typed.get("tag", ""))
    if tag is None:
        raise InvalidInput("Nobody has this tag. Choose one that somebody has.", field="tag")
    return {"tag": tag.name}


def _add(doing: Doing, ids: Sequence[int]) -> Outcome:
    session, tag = doing.session, tags.find_or_create(doing.session, doing.argument("tag"))
    marks = select(literal(tag.id), Subscriber.id, literal(doing.now, SubscriberTag.added_at.type)).where(
        Subscriber.id.in_(ids)
    )
    adding = insert(session, SubscriberTag).from_select([*_KEY, "added_at"], marks)
    adding = adding.on_conflict_do_nothing(index_elements=_KEY)
    marked = session.scalars(adding.returning(SubscriberTag.subscriber_id)).all()
    return Outcome({one: {} for one in marked}, Counter({ALREADY: len(ids) - len(marked)}))


def _take_off_again(doing: Doing, rows: Mapping[int, Before]) -> int:
    """But not from whom it was taken off and put on again since."""
    tag = tags.find(doing.session, doing.argument("tag"))
    if tag is None:
        return 0
    removing = delete(SubscriberTag).where(
        SubscriberTag.tag_id == tag.id,
        SubscriberTag.subscriber_id.in_(rows),
        SubscriberTag.added_at <= (doing.act.finished_at or doing.act.touched_at),
    )
    return len(doing.session.scalars(removing.returning(SubscriberTag.subscriber_id)).all())


def _remove(doing: Doing, ids: Sequence[int]) -> Outcome:
    tag = tags.find(doing.session, doing.argument("tag"))
    if tag is None:
        return Outcome(left_out=Counter({ALREADY: len(ids)}))
    removing = delete(SubscriberTag).where(
        SubscriberTag.tag_id == tag.id, SubscriberTag.subscriber_id.in_(ids)
    )
    removed = doing.session.execute(
        removing.returning(SubscriberTag.subscriber_id, SubscriberTag.added_at)
    ).all()
    changed: dict[int, Before] = {person: {"added_at": at.isoformat()} for person, at in removed}
    return Outcome(changed, Counter({ALREADY: len(ids) - len(changed)}))


def _put_on_again(doing: Doing, rows: Mapping[int, Before]) -> int:
    """As long as they have had it before."""
    session, tag = doing.session, tags.find_or_create(doing.session, doing.argument("tag"))
    there = session.scalars(
        select(Subscriber.id).where(Subscriber.id.in_(rows), Subscriber.erased_at.is_(None))
    )
    marks = [
        {"tag_id": tag.id, "subscriber_id": one, "added_at": datetime.fromisoformat(rows[one]["added_at"])}
        for one in there
    ]
    if not marks:
        return 0
    adding = insert(session, SubscriberTag).on_conflict_do_nothing(index_elements=_KEY)
    return len(session.scalars(adding.returning(SubscriberTag.subscriber_id), marks).all())


TAG: Final = Kind("tag", _add, _take_off_again, _new)
UNTAG: Final = Kind("untag", _remove, _put_on_again, _known)
