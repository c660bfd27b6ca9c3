"""Places in courses that many people leave at once, and are put back into."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of, standing_of, store
from campaigns.models import Course, Enrolment
from sender.finishing import move
from sender.models import CALLABLE_STATES, Delivery, Event, State
from sender.wishes import pause
from subscribers.acts.doing import Doing

_MOMENTS: Final = ("planned_at", "due_at")


Places = dict[str, dict[str, Any]]  # how somebody stood in each course, by their enrolment's id


def of_list(list_id: int) -> ColumnElement[bool]:
    """Enrolments in the courses of a list."""
    return Enrolment.course_id.in_(select(Course.id).where(Course.list_id == list_id))


def leave_courses(
    session: Session, people: Collection[int], now: datetime, why: str, *these: ColumnElement[bool]
) -> dict[int, Places]:
    """Call back what is queued for people, and end their courses, or these of them. Returns how those who
    were under way stood.
    """
    wanted = select(Enrolment).where(
        Enrolment.subscriber_id.in_(people), Enrolment.state.in_(("active", "paused")), *these
    )
    alone = wanted.order_by(Enrolment.id).with_for_update().execution_options(populate_existing=True)
    session.flush()
    places = session.scalars(alone).all()
    back = _called_back(session, [one.id for one in places], now)
    stood: dict[int, Places] = {}
    for one in places:
        stood.setdefault(one.subscriber_id, {})[str(one.id)] = _stood(one, one.id in back)
        if one.id in back:
            place = place_of(session, one)
            unqueued = place.standing.called_back(place.timetable, place.profile, now)
            store(session, one, unqueued.leave())
    session.flush()
    gone = {"state": "left", "next_lesson": None, "planned_at": None, "due_at": None}
    session.execute(update(Enrolment).where(Enrolment.id.in_([one.id for one in places])).values(gone))
    if places:
        told = {"at": now, "kind": "left", "data": {"why": why}}
        rows = [{**told, "subscriber_id": one.subscriber_id, "course_id": one.course_id} for one in places]
        session.execute(insert(Event), rows)
    return stood


def _called_back(session: Session, enrolments: Collection[int], now: datetime) -> set[int | None]:
    """Cancel what is not past the dot; returns the enrolments whose lesson it was, not a further copy."""
    calling = (
        update(Delivery)
        .where(Delivery.enrolment_id.in_(enrolments), Delivery.state.in_(CALLABLE_STATES))
        .values(state=State.CANCELLED, finished_at=now, fence=None, lease_until=None, reply="called back")
    )
    rows = session.execute(calling.returning(Delivery.enrolment_id, Delivery.copy))
    return {enrolment for enrolment, copy in rows.all() if copy == 0}


def _stood(place: Enrolment, called_back: bool) -> dict[str, Any]:
    """What leaving takes from a place. `revision` is None where it took more than can be put back."""
    moments = {name: getattr(place, name) for name in _MOMENTS}
    return {
        "state": place.state,
        "next_lesson": place.next_lesson,
        "under_way": place.queued_lesson,
        "paused_until": place.paused_until and place.paused_until.isoformat(),
        "revision": None if called_back else place.revision_id,
        **{name: moment and moment.isoformat() for name, moment in moments.items()},
    }


def rejoin(doing: Doing, places: Mapping[int, Mapping[str, Any]]) -> None:
    """Put people where they stood in their courses, all at once.

    Whose lesson has come due meanwhile, or was under way and came to nothing, or whose course was published
    anew, goes on by the schedule's rules.
    """
    wanted = select(Enrolment).where(Enrolment.id.in_(places), Enrolment.state == "left")
    rows = doing.session.scalars(
        wanted.order_by(Enrolment.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    as_before = []
    for row in rows:
        stood = places[row.id]
        moments = {name: stood[name] and datetime.fromisoformat(stood[name]) for name in _MOMENTS}
        due = moments["due_at"]
        under_way = stood.get("under_way")  # acts of an older version do not tell
        came_to_nothing = under_way is not None and under_way not in standing_of(row).had
        is_ahead = due is None or due > doing.now
        if stood["revision"] == row.revision_id and is_ahead and not came_to_nothing:
            plain = {name: stood[name] for name in ("state", "next_lesson")}
            as_before.append({"id": row.id, **plain, **moments})
            continue
        place = place_of(doing.session, row)
        back = place.standing.rejoined(place.timetable, place.profile, doing.now)
        move(doing.session, row, back, doing.now)
        if stood["state"] == "paused" or stood["paused_until"]:
            until = stood["paused_until"] and date.fromisoformat(stood["paused_until"])
            pause(doing.session, row, doing.now, until)
    if as_before:
        doing.session.flush()
        doing.session.execute(update(Enrolment), as_before)
