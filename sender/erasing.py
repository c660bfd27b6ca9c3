"""Erasing people everywhere (REQUIREMENTS 18): what is on its way stops, then nothing tells who they were.

Deliveries, enrolments and events stay as rows, for the counts, with nothing of the person in them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from campaigns.models import Answer
from sender.acts.places import leave_courses
from sender.bounces.models import Bounce
from sender.models import Delivery, Event, State
from subscribers.erasure import erase_subscribers
from subscribers.models import Membership, MemberStatus, Subscriber


def erase(session: Session, people: Sequence[Subscriber], now: datetime, key: bytes) -> None:
    """Leave everything, call back what is queued, and forget these people. There is no way back.

    A few statements over all of them: a thousand are erased in one transaction.
    """
    ids = [one.id for one in people]
    session.flush()
    held = select(Subscriber).where(Subscriber.id.in_(ids)).order_by(Subscriber.id).with_for_update()
    session.scalars(held.execution_options(populate_existing=True)).all()
    _note_last_issues(session, ids, now)
    leave_courses(session, ids, now, "")
    theirs = Delivery.subscriber_id.in_(ids)
    session.execute(
        update(Bounce).where(Bounce.delivery_id.in_(select(Delivery.id).where(theirs))).values(text="")
    )
    session.execute(update(Delivery).where(theirs).values(facts=None, reply=""))
    session.execute(delete(Answer).where(Answer.subscriber_id.in_(ids)))
    session.execute(update(Event).where(Event.subscriber_id.in_(ids)).values(data={}))
    erase_subscribers(session, key, people, now)


def _note_last_issues(session: Session, ids: Collection[int], now: datetime) -> None:
    """Who was still on a list leaves after the last issue they had: its results count them."""
    on_a_list = select(Membership.subscriber_id).where(
        Membership.subscriber_id.in_(ids),
        Membership.status.in_((MemberStatus.PENDING, MemberStatus.CONFIRMED)),
    )
    had = (Delivery.kind == "issue", Delivery.state.in_((State.ACCEPTED, State.UNKNOWN)))
    last = (
        select(func.max(Delivery.id))
        .where(Delivery.subscriber_id.in_(on_a_list), *had)
        .group_by(Delivery.subscriber_id)
    )
    left = (literal(now, Event.at.type), literal("left"), literal({}, Event.data.type))
    told = select(*left, Delivery.subscriber_id, Delivery.course_id, Delivery.id).where(Delivery.id.in_(last))
    columns = ["at", "kind", "data", "subscriber_id", "course_id", "delivery_id"]
    session.execute(insert(Event).from_select(columns, told))
