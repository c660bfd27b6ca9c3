"""Leading many people into a course: who has confirmed its list, or for whom somebody here vouches."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.enrolling import enrol, enrol_many
from campaigns.models import Course, Enrolment
from courseletter.errors import InvalidInput
from sender.acts.places import leave_courses
from subscribers.acts.doing import (
    ALREADY,
    LEFT_BEFORE,
    NOT_CONFIRMED,
    SUPPRESSED,
    Before,
    Doing,
    Kind,
    Outcome,
    addresses,
    suppressed_of,
)
from subscribers.acts.joining import join, note_in, remember_lines, standings, take_off
from subscribers.models import MemberStatus, Subscriber


def course_in(session: Session, typed: Mapping[str, str]) -> Course:
    """The published course that a form names by its id. Raises InvalidInput."""
    found = session.get(Course, typed.get("course", ""))
    if found is None or found.revision_id is None:
        raise InvalidInput("Choose a course that is published.", field="course")
    return found


def _check(session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    return {"course": course_in(session, typed).id, "note": note_in(typed)}


def _enrol(doing: Doing, ids: Sequence[int]) -> Outcome:
    session, course = doing.session, course_in(doing.session, doing.act.argument)
    joined, confirmed = _agreed(doing, course, ids)
    session.flush()
    there = select(Enrolment).where(
        Enrolment.course_id == course.id, Enrolment.subscriber_id.in_(confirmed | joined.changed.keys())
    )
    places = {one.subscriber_id: one.state for one in session.scalars(there)}
    agreed = [one for one in ids if one in confirmed or one in joined.changed]
    entering = [one for one in agreed if places.get(one, "left") == "left"]
    fresh = select(Subscriber).where(Subscriber.id.in_(set(entering) - places.keys()))
    enrol_many(session, course, session.scalars(fresh.order_by(Subscriber.id)).all(), doing.now)
    for one in entering:
        if one in places:  # they left before, by an act of ours or a trigger's: they go on where they stopped
            enrol(session, course, session.get_one(Subscriber, one), doing.now)
    changed: dict[int, Before] = dict(joined.changed)
    for one in entering:
        changed[one] = {"was": MemberStatus.CONFIRMED, **changed.get(one, {}), "entered": True}
    remember_lines(session, changed)
    joined.left_out[ALREADY] += len(agreed) - len(changed)
    return Outcome(changed, joined.left_out)


def _agreed(doing: Doing, course: Course, ids: Sequence[int]) -> tuple[Outcome, set[int]]:
    """Who may be enrolled: confirmed by this note, or confirmed before."""
    note = doing.argument("note")
    if note:
        return join(doing, course.list_id, ids, note)
    held = suppressed_of(doing.session, doing.key, addresses(doing.session, ids))
    statuses = standings(doing.session, course.list_id, ids)
    confirmed = {one for one in ids if statuses.get(one) == MemberStatus.CONFIRMED} - held
    gone = (MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED)
    left = {one for one in ids if statuses.get(one) in gone} - held
    waiting = len(ids) - len(held) - len(confirmed) - len(left)
    counts = Counter({SUPPRESSED: len(held), LEFT_BEFORE: len(left), NOT_CONFIRMED: waiting})
    return Outcome(left_out=counts), confirmed


def _undo(doing: Doing, rows: Mapping[int, Before]) -> int:
    """Out of the course again, wherever it led meanwhile; consent goes with it where the act gave it."""
    course = course_in(doing.session, doing.act.argument)
    entered = [one for one, before in rows.items() if "entered" in before]
    here = Enrolment.course_id == course.id
    ended = leave_courses(doing.session, entered, doing.now, doing.origin, here).keys()
    vouched = {one: before for one, before in rows.items() if before["was"] != MemberStatus.CONFIRMED}
    take_off(doing, course.list_id, vouched)
    return len(ended | vouched.keys())


ENROL: Final = Kind("enrol", _enrol, _undo, _check, chunk=1_000)
