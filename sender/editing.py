"""Editing one person, and what follows for what they get: another zone dates their lessons anew."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of
from campaigns.models import Enrolment
from sender.wishes import change_rhythm
from subscribers import editing
from subscribers.editing import Typed
from subscribers.models import Subscriber


def edit(
    session: Session, key: bytes, person: Subscriber, typed: Typed, by: str, now: datetime
) -> dict[str, tuple[str, str]]:
    """As subscribers.editing.edit. Who chose another zone for one course keeps it there."""
    session.refresh(person, with_for_update=True)
    before = person.zone
    changed = editing.edit(session, key, person, typed, by, now)
    if "zone" in changed:
        under_way = select(Enrolment).where(
            Enrolment.subscriber_id == person.id, Enrolment.state.in_(("active", "paused"))
        )
        for one in session.scalars(under_way.order_by(Enrolment.id)).all():
            own = place_of(session, one).profile
            if own.zone == before:
                change_rhythm(
                    session,
                    one,
                    now,
                    zone=person.zone,
                    minute=own.minute,
                    weekdays=own.weekdays,
                    pace=own.pace,
                )
    return changed
