"""What people agreed to, and when they took it back: the status per list, and the ledger that proves it.

The ledger is only ever appended to; the database refuses anything else. Each act is a conditional update
first, so that a second press of the same button changes nothing and writes no second line.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import and_, func, literal_column, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from courseletter.upserting import insert
from subscribers.models import ConsentAct, ConsentEntry, MailingList, Membership, MemberStatus, Subscriber

CAME_BACK: Final = "came back"  # the note of who confirmed by coming back after they had left
BY_ACT: Final = "bulk act "  # the source of a line that an act upon many wrote, before the act's number
_LONGEST = 500  # characters of a header or address that a stranger sends and we keep


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an act came from. `wording` is the exact text of the form that was agreed to."""

    ip: str = ""
    user_agent: str = ""
    source_url: str = ""
    wording: str = ""


class Outcome(StrEnum):
    DONE = "done"
    ALREADY = "already"  # it was so before; nothing was changed or written
    CLOSED = "closed"  # they left since, and have not asked again


def request(
    session: Session,
    mailing_list: MailingList,
    subscriber: Subscriber,
    evidence: Evidence,
    now: datetime,
    note: str = "",
) -> None:
    """Write down that somebody asked in this person's name. No standing status is changed by it."""
    _join(session, mailing_list, subscriber, MemberStatus.PENDING, now)
    _append(session, mailing_list, subscriber, ConsentAct.REQUESTED, evidence, now, note)


def confirm(
    session: Session, mailing_list: MailingList, subscriber: Subscriber, evidence: Evidence, now: datetime
) -> Outcome:
    """Make a request good. CLOSED: they have left since their last request, and an old mail binds nobody."""
    if _change(session, mailing_list, subscriber, MemberStatus.CONFIRMED, awaits_answer(), now):
        _append(session, mailing_list, subscriber, ConsentAct.CONFIRMED, evidence, now)
        return Outcome.DONE
    return Outcome.ALREADY if is_confirmed(session, mailing_list, subscriber) else Outcome.CLOSED


def come_back(
    session: Session, mailing_list: MailingList, subscriber: Subscriber, evidence: Evidence, now: datetime
) -> Outcome:
    """Undo a withdrawal on the person's own wish, from the page that their own link opened."""
    left = Membership.status == MemberStatus.UNSUBSCRIBED
    if not _change(session, mailing_list, subscriber, MemberStatus.CONFIRMED, left, now):
        return Outcome.ALREADY
    _append(session, mailing_list, subscriber, ConsentAct.CONFIRMED, evidence, now, CAME_BACK)
    return Outcome.DONE


def add(
    session: Session,
    mailing_list: MailingList,
    subscriber: Subscriber,
    evidence: Evidence,
    now: datetime,
    note: str = "",
) -> Outcome:
    """Put somebody on a list whose consent an admin vouches for. Who has left stays away: CLOSED."""
    joined = _join(session, mailing_list, subscriber, MemberStatus.CONFIRMED, now)
    waiting = Membership.status == MemberStatus.PENDING
    if joined or _change(session, mailing_list, subscriber, MemberStatus.CONFIRMED, waiting, now):
        _append(session, mailing_list, subscriber, ConsentAct.ADDED, evidence, now, note)
        return Outcome.DONE
    return Outcome.ALREADY if is_confirmed(session, mailing_list, subscriber) else Outcome.CLOSED


def withdraw(
    session: Session,
    mailing_list: MailingList | None,
    subscriber: Subscriber,
    evidence: Evidence,
    now: datetime,
    note: str = "",
) -> Outcome:
    """Take a person off a list; None: off every list there is. The caller of the latter also suppresses."""
    staying = Membership.status.in_((MemberStatus.PENDING, MemberStatus.CONFIRMED))
    changed = _change(session, mailing_list, subscriber, MemberStatus.UNSUBSCRIBED, staying, now)
    if not changed and (mailing_list is not None or _left_everything(session, subscriber)):
        if not evidence.source_url.startswith(BY_ACT) and _taken_off_by_us(session, mailing_list, subscriber):
            # An act of ours can be undone, their own word cannot: it is written down beside it.
            _append(session, mailing_list, subscriber, ConsentAct.UNSUBSCRIBED, evidence, now, note)
        return Outcome.ALREADY
    _append(session, mailing_list, subscriber, ConsentAct.UNSUBSCRIBED, evidence, now, note)
    return Outcome.DONE


def complain(
    session: Session, mailing_list: MailingList, subscriber: Subscriber, evidence: Evidence, now: datetime
) -> Outcome:
    """Write down that a person called the list's mail spam. Nothing in this module undoes it."""
    others = Membership.status != MemberStatus.COMPLAINED
    if not _change(session, mailing_list, subscriber, MemberStatus.COMPLAINED, others, now):
        return Outcome.ALREADY
    _append(session, mailing_list, subscriber, ConsentAct.COMPLAINED, evidence, now)
    return Outcome.DONE


def awaits_answer() -> ColumnElement[bool]:
    """Of a membership: it was asked for and not answered yet, the first time or again since they left."""
    asked_since = and_(
        Membership.status == MemberStatus.UNSUBSCRIBED,
        _last(ConsentAct.REQUESTED) > _last(ConsentAct.UNSUBSCRIBED),
    )
    return or_(Membership.status == MemberStatus.PENDING, asked_since)


def is_confirmed(session: Session, mailing_list: MailingList, subscriber: Subscriber) -> bool:
    status = select(Membership.status).where(
        Membership.list_id == mailing_list.id, Membership.subscriber_id == subscriber.id
    )
    return session.scalar(status) == MemberStatus.CONFIRMED


def last_request(session: Session, mailing_list: MailingList, subscriber: Subscriber) -> ConsentEntry | None:
    """Return the ledger's newest request of this person for this list."""
    return session.scalar(
        select(ConsentEntry)
        .where(
            ConsentEntry.list_id == mailing_list.id,
            ConsentEntry.subscriber_id == subscriber.id,
            ConsentEntry.act == ConsentAct.REQUESTED,
        )
        .order_by(ConsentEntry.id.desc())
        .limit(1)
    )


def _join(
    session: Session, mailing_list: MailingList, subscriber: Subscriber, status: MemberStatus, now: datetime
) -> bool:
    adding = (
        insert(session, Membership)
        .values(list_id=mailing_list.id, subscriber_id=subscriber.id, status=status, changed_at=now)
        .on_conflict_do_nothing(index_elements=["list_id", "subscriber_id"])
    )
    return session.scalar(adding.returning(Membership.list_id)) is not None


def _change(
    session: Session,
    mailing_list: MailingList | None,
    subscriber: Subscriber,
    status: MemberStatus,
    allowed: ColumnElement[bool],
    now: datetime,
) -> bool:
    changing = update(Membership).where(Membership.subscriber_id == subscriber.id, allowed)
    if mailing_list is not None:
        changing = changing.where(Membership.list_id == mailing_list.id)
    changed = session.scalars(
        changing.values(status=status, changed_at=now)
        .returning(Membership.list_id)
        .execution_options(synchronize_session="fetch")
    ).all()
    return bool(changed)


def _last(act: ConsentAct) -> ColumnElement[int]:
    """A membership's newest ledger line of this act; one about everything counts for each list. 0: none.

    The act is written out: bound, it would be for a partial index, and SQLite would plan each time anew.
    """
    newest = select(func.coalesce(func.max(ConsentEntry.id), 0)).where(
        ConsentEntry.subscriber_id == Membership.subscriber_id,
        ConsentEntry.act == literal_column(f"'{act}'"),
        or_(ConsentEntry.list_id == Membership.list_id, ConsentEntry.list_id.is_(None)),
    )
    return newest.correlate(Membership).scalar_subquery()


def _taken_off_by_us(session: Session, mailing_list: MailingList | None, subscriber: Subscriber) -> bool:
    """Whether the last that was said of leaving this list, or everything, was said by an act of ours."""
    about: ColumnElement[bool] = ConsentEntry.list_id.is_(None)
    if mailing_list is not None:
        about = or_(about, ConsentEntry.list_id == mailing_list.id)
    last = (
        select(ConsentEntry.source_url)
        .where(ConsentEntry.subscriber_id == subscriber.id, about)
        .where(ConsentEntry.act == ConsentAct.UNSUBSCRIBED)
        .order_by(ConsentEntry.id.desc())
        .limit(1)
    )
    return (session.scalar(last) or "").startswith(BY_ACT)


def _left_everything(session: Session, subscriber: Subscriber) -> bool:
    """Whether the person's newest line is the one about everything."""
    newest = (
        select(ConsentEntry.list_id, ConsentEntry.act)
        .where(ConsentEntry.subscriber_id == subscriber.id)
        .order_by(ConsentEntry.id.desc())
        .limit(1)
    )
    return session.execute(newest).first() == (None, ConsentAct.UNSUBSCRIBED)


def _append(
    session: Session,
    mailing_list: MailingList | None,
    subscriber: Subscriber,
    act: ConsentAct,
    evidence: Evidence,
    now: datetime,
    note: str = "",
) -> None:
    session.add(
        ConsentEntry(
            subscriber_id=subscriber.id,
            list_id=None if mailing_list is None else mailing_list.id,
            act=act,
            at=now,
            email=subscriber.email,
            wording=evidence.wording,
            wording_hash=hashlib.sha256(evidence.wording.encode()).hexdigest() if evidence.wording else "",
            source_url=evidence.source_url[:_LONGEST],
            ip=evidence.ip[:45],
            user_agent=evidence.user_agent[:_LONGEST],
            note=note,
        )
    )
    session.flush()
