"""Taking many people off a list or off everything, and keeping addresses from all mail; with their undoing.

Undoing gives back what the act took, and only to those who have said nothing since: whoever said no
meanwhile, called a mail spam or bounced, stays as they are.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of, store
from campaigns.models import Course, Enrolment
from courseletter.upserting import insert as upsert
from sender.bounces.models import Bounce
from sender.bounces.report import Kind as BounceKind
from sender.models import CALLABLE_STATES, Delivery, Event, State
from sender.wishes import pause
from subscribers.acts.doing import (
    ALREADY,
    Before,
    Doing,
    Kind,
    Outcome,
    addresses,
    untouched,
)
from subscribers.acts.joining import append, list_in, note_in, remember_lines
from subscribers.models import ConsentAct, Membership, MemberStatus, Suppression, SuppressionReason
from subscribers.suppression import address_hash

_STAYING: Final = (MemberStatus.PENDING, MemberStatus.CONFIRMED)


def _take_off(doing: Doing, ids: Sequence[int], list_id: int | None) -> dict[int, Before]:
    """Withdraw consent for a list, or for all; returns whose, with what they had there."""
    session, here = doing.session, () if list_id is None else (Membership.list_id == list_id,)
    standing = (*here, Membership.subscriber_id.in_(ids), Membership.status.in_(_STAYING))
    rows = session.execute(
        select(Membership.subscriber_id, Membership.list_id, Membership.status).where(*standing)
    )
    changed: dict[int, Before] = {}
    for person, of, status in rows.all():
        changed.setdefault(person, {"lists": {}})["lists"][str(of)] = status
    leaving = update(Membership).where(*standing)
    session.execute(leaving.values(status=MemberStatus.UNSUBSCRIBED, changed_at=doing.now))
    return changed


def _leave_courses(doing: Doing, changed: Mapping[int, Before], list_id: int | None) -> None:
    """Call back what is queued for these people, and end their courses; `changed` is told how they stood."""
    session, now = doing.session, doing.now
    wanted = select(Enrolment).where(
        Enrolment.subscriber_id.in_(changed), Enrolment.state.in_(("active", "paused"))
    )
    if list_id is not None:
        wanted = wanted.where(Enrolment.course_id.in_(select(Course.id).where(Course.list_id == list_id)))
    places = session.scalars(wanted.order_by(Enrolment.id).with_for_update()).all()
    back = _called_back(session, [one.id for one in places], now)
    for one in places:
        until = one.paused_until and one.paused_until.isoformat()
        changed[one.subscriber_id].setdefault("places", {})[str(one.id)] = [one.state, until]
        if one.id in back:
            place = place_of(session, one)
            unqueued = place.standing.called_back(place.timetable, place.profile, now)
            store(session, one, unqueued.leave())
    session.flush()
    gone = {"state": "left", "next_lesson": None, "planned_at": None, "due_at": None}
    session.execute(update(Enrolment).where(Enrolment.id.in_([one.id for one in places])).values(gone))
    if places:
        told = {"at": now, "kind": "left", "data": {"why": doing.origin}}
        rows = [{**told, "subscriber_id": one.subscriber_id, "course_id": one.course_id} for one in places]
        session.execute(insert(Event), rows)


def _called_back(session: Session, enrolments: Collection[int], now: datetime) -> set[int | None]:
    """Cancel what is not past the dot; returns the enrolments whose lesson it was, not a further copy."""
    calling = (
        update(Delivery)
        .where(Delivery.enrolment_id.in_(enrolments), Delivery.state.in_(CALLABLE_STATES))
        .values(state=State.CANCELLED, finished_at=now, fence=None, lease_until=None, reply="called back")
    )
    rows = session.execute(calling.returning(Delivery.enrolment_id, Delivery.copy))
    return {enrolment for enrolment, copy in rows.all() if copy == 0}


def _silent_since(doing: Doing, rows: Mapping[int, Before]) -> dict[int, Before]:
    """Those who have said nothing since, and whose mailbox has said nothing against them."""
    ended = (BounceKind.HARD, BounceKind.COMPLAINT)
    against = (
        select(Delivery.subscriber_id)
        .join(Bounce, Bounce.delivery_id == Delivery.id)
        .where(Delivery.subscriber_id.in_(rows), Bounce.kind.in_(ended), Bounce.at >= doing.act.created_at)
    )
    bounced = set(doing.session.scalars(against))
    return {one: before for one, before in untouched(doing.session, rows).items() if one not in bounced}


def _give_back(doing: Doing, back: Mapping[int, Before]) -> None:
    """Put people on their lists and into their courses again, as they stood."""
    session, emails = doing.session, addresses(doing.session, list(back))
    by_status: dict[tuple[int, str], list[int]] = {}
    for person, before in back.items():
        for of, status in before.get("lists", {}).items():
            by_status.setdefault((int(of), status), []).append(person)
    for (of, status), people in by_status.items():
        theirs = (Membership.list_id == of, Membership.subscriber_id.in_(people))
        left = Membership.status == MemberStatus.UNSUBSCRIBED
        session.execute(update(Membership).where(*theirs, left).values(status=status, changed_at=doing.now))
        append(doing, of, ConsentAct.TAKEN_BACK, {one: emails[one] for one in people}, "taken off by mistake")
    for before in back.values():
        for enrolment, (state, until) in before.get("places", {}).items():
            _rejoin(doing, int(enrolment), state, date.fromisoformat(until) if until else None)


def _rejoin(doing: Doing, enrolment_id: int, state: str, until: date | None) -> None:
    row = doing.session.get(Enrolment, enrolment_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != "left":
        return
    place = place_of(doing.session, row)
    store(doing.session, row, place.standing.rejoined(place.timetable, place.profile, doing.now))
    if state == "paused" or until is not None:
        pause(doing.session, row, doing.now, until)


def _suppress(doing: Doing, emails: Mapping[int, str], reason: SuppressionReason) -> set[int]:
    """Keep addresses from all mail; returns those that were not kept from it yet."""
    hashes = {address_hash(doing.key, email): one for one, email in emails.items()}
    if not hashes:
        return set()
    told = {"reason": reason, "at": doing.now, "note": _note(doing)}
    rows = [{"address_hash": digest, "email": emails[one], **told} for digest, one in hashes.items()]
    adding = upsert(doing.session, Suppression).on_conflict_do_nothing(index_elements=["address_hash"])
    added = doing.session.scalars(adding.returning(Suppression.address_hash), rows).all()
    return {hashes[digest] for digest in added}


def _note(doing: Doing) -> str:
    note = doing.argument("note")
    return f"{doing.origin}, by {doing.act.by}" + (f": {note}" if note else "")


def _release(doing: Doing, people: Collection[int]) -> None:
    """Take off the suppression list what the act put there, and nothing else."""
    hashes = [address_hash(doing.key, email) for email in addresses(doing.session, people).values()]
    ours = Suppression.note.startswith(f"{doing.origin}, ", autoescape=True)
    doing.session.execute(delete(Suppression).where(Suppression.address_hash.in_(hashes), ours))


def _leave(doing: Doing, ids: Sequence[int]) -> Outcome:
    row = list_in(doing.session, doing.act.argument)
    changed = _take_off(doing, ids, row.id)
    emails = addresses(doing.session, list(changed))
    append(doing, row.id, ConsentAct.UNSUBSCRIBED, emails, doing.argument("note"))
    remember_lines(doing.session, changed)
    _leave_courses(doing, changed, row.id)
    return Outcome(changed, Counter({ALREADY: len(ids) - len(changed)}))


def _unsubscribe(doing: Doing, ids: Sequence[int]) -> Outcome:
    """From everything, as if they had done so: no list, no course, no mail of any kind."""
    emails = addresses(doing.session, ids)
    changed = _take_off(doing, ids, None)
    for one in _suppress(doing, emails, SuppressionReason.UNSUBSCRIBED):
        changed.setdefault(one, {"lists": {}})
    told = {one: emails[one] for one in changed}
    append(doing, None, ConsentAct.UNSUBSCRIBED, told, doing.argument("note"))
    remember_lines(doing.session, changed)
    _leave_courses(doing, changed, None)
    return Outcome(changed, Counter({ALREADY: len(ids) - len(changed)}))


def _withhold(doing: Doing, ids: Sequence[int]) -> Outcome:
    """Keep people from all mail, whatever they agreed to; their consent stays as it is."""
    added = _suppress(doing, addresses(doing.session, ids), SuppressionReason.MANUAL)
    changed: dict[int, Before] = {one: {} for one in added}
    remember_lines(doing.session, changed)
    return Outcome(changed, Counter({ALREADY: len(ids) - len(changed)}))


def _undo(doing: Doing, rows: Mapping[int, Before]) -> int:
    back = _silent_since(doing, rows)
    _release(doing, list(back))
    _give_back(doing, back)
    return len(back)


def _check_list(session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    return {"list": list_in(session, typed).slug, "note": note_in(typed)}


def _check_note(_session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    return {"note": note_in(typed)}


def _check_reason(_session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    return {"note": note_in(typed, "Say why they must not be written to; it is kept.")}


LEAVE: Final = Kind("leave", _leave, _undo, _check_list)
UNSUBSCRIBE: Final = Kind("unsubscribe", _unsubscribe, _undo, _check_note)
SUPPRESS: Final = Kind("suppress", _withhold, _undo, _check_reason)
