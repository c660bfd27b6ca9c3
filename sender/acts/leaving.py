"""Taking many people off a list or off everything, and keeping addresses from all mail; with their undoing.

Undoing gives back what the act took, and only to those who have said nothing since: whoever said no
meanwhile, called a mail spam or bounced, stays as they are.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from courseletter.upserting import insert
from sender.acts.places import leave_courses, of_list, rejoin
from sender.bounces.models import Bounce
from sender.bounces.report import Kind as BounceKind
from sender.models import Delivery
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
from subscribers.names import fold
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
    rejoin(
        doing,
        {int(one): stood for before in back.values() for one, stood in before.get("places", {}).items()},
    )


def _suppress(doing: Doing, emails: Mapping[int, str], reason: SuppressionReason) -> set[int]:
    """Keep addresses from all mail; returns those that were not kept from it yet."""
    hashes = {address_hash(doing.key, email): one for one, email in emails.items()}
    if not hashes:
        return set()
    told = {"reason": reason, "at": doing.now, "note": _note(doing)}
    rows = [
        {"address_hash": digest, "email": emails[one], "address_key": fold(emails[one]), **told}
        for digest, one in hashes.items()
    ]
    adding = insert(doing.session, Suppression).on_conflict_do_nothing(index_elements=["address_hash"])
    added = doing.session.scalars(adding.returning(Suppression.address_hash), rows).all()
    return {hashes[digest] for digest in added}


def _note(doing: Doing) -> str:
    note = doing.argument("note")
    return f"{doing.origin}, by {doing.act.by}" + (f": {note}" if note else "")


def _leave_courses(doing: Doing, changed: Mapping[int, Before], *these: ColumnElement[bool]) -> None:
    for one, stood in leave_courses(doing.session, changed, doing.now, doing.origin, *these).items():
        changed[one]["places"] = stood


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
    _leave_courses(doing, changed, of_list(row.id))
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
    _leave_courses(doing, changed)
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
