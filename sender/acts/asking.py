"""Asking many people who wait on a list, most of them imported, to confirm: one mail each, ever.

Nothing else is mailed before they do (REQUIREMENTS 15). The mails are spread over the hours, so that a list
of strangers from elsewhere cannot spoil a relay's name in a minute.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from campaigns.models import Course
from sender.acts.enrolling import course_in
from sender.models import CALLABLE_STATES, Delivery, State
from subscribers.acts.doing import (
    ALREADY,
    NOT_WAITING,
    SUPPRESSED,
    Before,
    Doing,
    Kind,
    Outcome,
    addresses,
    suppressed_of,
)
from subscribers.acts.joining import standings
from subscribers.acts.running import DONE
from subscribers.models import MemberStatus
from subscribers.quotas import take_confirmation
from subscribers.suppression import address_hash

AN_HOUR: Final = 1_000  # mails
_BY: Final = "act"


def _offer_in(session: Session, typed: Mapping[str, str]) -> Course:
    """What a form names by its id: a newsletter, or a course that is published. Raises InvalidInput."""
    found = session.get(Course, typed.get("course", ""))
    return found if found is not None and found.kind == "newsletter" else course_in(session, typed)


def _check(session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    return {"course": _offer_in(session, typed).id}


def _ask(doing: Doing, ids: Sequence[int]) -> Outcome:
    session, course = doing.session, _offer_in(doing.session, doing.act.argument)
    emails = addresses(session, ids)
    held = suppressed_of(session, doing.key, emails)
    statuses = standings(session, course.list_id, ids)
    waiting = {one for one in ids if statuses.get(one) == MemberStatus.PENDING} - held
    asked = set(
        session.scalars(
            select(Delivery.subscriber_id).where(
                Delivery.subscriber_id.in_(waiting),
                Delivery.kind == "confirmation",
                Delivery.course_id == course.id,
                Delivery.state != State.CANCELLED,
            )
        )
    )
    asking = [
        one
        for one in ids
        if one in waiting - asked
        and take_confirmation(session, address_hash(doing.key, emails[one]), doing.now)
    ]
    _queue(doing, course.id, asking)
    others = Counter({SUPPRESSED: len(held), NOT_WAITING: len(set(ids) - held - waiting)})
    return Outcome({one: {} for one in asking}, others + Counter({ALREADY: len(waiting) - len(asking)}))


def _queue(doing: Doing, course_id: str, people: Sequence[int]) -> None:
    before = doing.act.counts.get(DONE, 0)
    rows = [
        {
            "kind": "confirmation",
            "subscriber_id": one,
            "course_id": course_id,
            "by": _BY,
            "due_at": doing.now + timedelta(hours=(before + place) // AN_HOUR),
            "created_at": doing.now,
        }
        for place, one in enumerate(people)
    ]
    if rows:
        doing.session.execute(insert(Delivery), rows)


def _call_back(doing: Doing, rows: Mapping[int, Before]) -> int:
    """Those mails that have not left yet."""
    calling = (
        update(Delivery)
        .where(Delivery.subscriber_id.in_(rows), Delivery.kind == "confirmation", Delivery.by == _BY)
        .where(Delivery.course_id == doing.argument("course"), Delivery.state.in_(CALLABLE_STATES))
        .where(Delivery.created_at >= doing.act.created_at)
        .values(
            state=State.CANCELLED, finished_at=doing.now, fence=None, lease_until=None, reply="called back"
        )
    )
    return len(doing.session.scalars(calling.returning(Delivery.id)).all())


ASK: Final = Kind("ask", _ask, _call_back, _check)
