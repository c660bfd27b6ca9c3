"""Putting many people on a list, where somebody here can say how they agreed. Who has left stays away."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from subscribers.acts.doing import (
    ALREADY,
    LEFT_BEFORE,
    SUPPRESSED,
    Before,
    Doing,
    Kind,
    Outcome,
    addresses,
    newest_lines,
    suppressed_of,
    untouched,
)
from subscribers.models import ConsentAct, ConsentEntry, MailingList, Membership, MemberStatus

LONGEST: Final = 500  # characters of a note


def list_in(session: Session, typed: Mapping[str, str]) -> MailingList:
    """The list that a form names by its slug. Raises InvalidInput."""
    found = session.scalar(select(MailingList).where(MailingList.slug == typed.get("list", "")))
    if found is None:
        raise InvalidInput("Choose the list.", field="list")
    return found


def note_in(typed: Mapping[str, str], missing: str = "") -> str:
    """What somebody wrote down. Raises InvalidInput where it is too long, or missing where it must not be."""
    note = " ".join(typed.get("note", "").split())
    if missing and not note:
        raise InvalidInput(missing, field="note")
    if len(note) > LONGEST:
        raise InvalidInput(f"Write it in at most {LONGEST} characters.", field="note")
    return note


HOW_THEY_AGREED: Final = "Say how they agreed; it is kept in each person’s ledger."


def _check(session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    return {"list": list_in(session, typed).slug, "note": note_in(typed, HOW_THEY_AGREED)}


def standings(session: Session, list_id: int, ids: Collection[int]) -> dict[int, str]:
    rows = session.execute(
        select(Membership.subscriber_id, Membership.status).where(
            Membership.list_id == list_id, Membership.subscriber_id.in_(ids)
        )
    )
    return dict(rows.all())


def join(doing: Doing, list_id: int, ids: Sequence[int], note: str) -> tuple[Outcome, set[int]]:
    """Confirm people on a list by this note. Also returns those who were confirmed before."""
    session, statuses = doing.session, standings(doing.session, list_id, ids)
    emails = addresses(session, ids)
    held = suppressed_of(session, doing.key, emails)
    confirmed = {one for one in ids if statuses.get(one) == MemberStatus.CONFIRMED} - held
    left_out = Counter({SUPPRESSED: len(held)})
    changed: dict[int, Before] = {}
    for one in ids:
        if one in held or one in confirmed:
            continue
        if statuses.get(one) in (MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED):
            left_out[LEFT_BEFORE] += 1
        else:
            changed[one] = {"was": statuses.get(one)}
    if changed:
        _confirm(doing, list_id, changed)
        append(doing, list_id, ConsentAct.ADDED, {one: emails[one] for one in changed}, note)
        remember_lines(session, changed)
    return Outcome(changed, left_out), confirmed


def _confirm(doing: Doing, list_id: int, changed: Mapping[int, Before]) -> None:
    fresh = [one for one, before in changed.items() if before["was"] is None]
    values = {"status": MemberStatus.CONFIRMED, "changed_at": doing.now}
    if fresh:
        rows = [{"list_id": list_id, "subscriber_id": one, **values} for one in fresh]
        doing.session.execute(insert(Membership), rows)
    waiting = (Membership.list_id == list_id, Membership.subscriber_id.in_(changed.keys() - set(fresh)))
    doing.session.execute(update(Membership).where(*waiting).values(values))


def append(doing: Doing, list_id: int | None, act: ConsentAct, emails: Mapping[int, str], note: str) -> None:
    """A line of the ledger for each of these people."""
    wording = note if act is ConsentAct.ADDED else ""
    line = {
        "list_id": list_id,
        "act": act,
        "at": doing.now,
        "wording": wording,
        "wording_hash": sha256(wording.encode()).hexdigest() if wording else "",
        "source_url": doing.origin,
        "note": f"{doing.act.by}: {note}" if note else f"by {doing.act.by}",
    }
    if emails:
        rows = [{**line, "subscriber_id": one, "email": email} for one, email in emails.items()]
        doing.session.execute(insert(ConsentEntry), rows)


def remember_lines(session: Session, changed: Mapping[int, Before]) -> None:
    for one, line in newest_lines(session, list(changed)).items():
        changed[one]["line"] = line


def take_off(doing: Doing, list_id: int, rows: Mapping[int, Before]) -> int:
    """Undo `join` for those who have said nothing since and still stand where it put them."""
    session = doing.session
    statuses = standings(session, list_id, list(rows))
    back = {
        one: before
        for one, before in untouched(session, rows).items()
        if statuses.get(one) == MemberStatus.CONFIRMED
    }
    fresh = {one for one, before in back.items() if before["was"] is None}
    here = Membership.list_id == list_id
    session.execute(delete(Membership).where(here, Membership.subscriber_id.in_(fresh)))
    waiting = update(Membership).where(here, Membership.subscriber_id.in_(back.keys() - fresh))
    session.execute(waiting.values(status=MemberStatus.PENDING, changed_at=doing.now))
    append(
        doing, list_id, ConsentAct.TAKEN_BACK, addresses(session, list(back)), "put on the list by mistake"
    )
    return len(back)


def _join(doing: Doing, ids: Sequence[int]) -> Outcome:
    row = list_in(doing.session, doing.act.argument)
    outcome, before = join(doing, row.id, ids, doing.argument("note"))
    outcome.left_out[ALREADY] += len(before)
    return outcome


def _undo(doing: Doing, rows: Mapping[int, Before]) -> int:
    return take_off(doing, list_in(doing.session, doing.act.argument).id, rows)


JOIN: Final = Kind("join", _join, _undo, _check)
