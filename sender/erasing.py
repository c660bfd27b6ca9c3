"""Erasing one person everywhere (REQUIREMENTS 18): what is on its way stops, then nothing tells who it was.

Deliveries, enrolments and events stay as rows, for the counts, with nothing of the person in them.
"""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from campaigns.models import Answer
from sender.bounces.models import Bounce
from sender.models import Delivery, Event
from sender.wishes import leave_everything
from subscribers.consent import Evidence
from subscribers.erasure import erase_subscriber
from subscribers.models import Subscriber


def erase(session: Session, subscriber: Subscriber, now: datetime, key: bytes) -> None:
    """Leave everything, call back what is queued, and forget the person. There is no way back."""
    session.flush()
    session.refresh(subscriber, with_for_update=True)
    leave_everything(session, subscriber, now, Evidence(), key)
    theirs = Delivery.subscriber_id == subscriber.id
    session.execute(
        update(Bounce).where(Bounce.delivery_id.in_(select(Delivery.id).where(theirs))).values(text="")
    )
    session.execute(update(Delivery).where(theirs).values(facts=None, reply=""))
    session.execute(delete(Answer).where(Answer.subscriber_id == subscriber.id))
    session.execute(update(Event).where(Event.subscriber_id == subscriber.id).values(data={}))
    erase_subscriber(session, key, subscriber, now)
