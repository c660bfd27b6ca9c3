"""The window: as many messages as a worker has connections, marked as in doubt before any of them goes out.

One transaction records the window that has ended and opens the next, durably: from then on its messages may
be delivered. Consent, suppression, pause and lease are checked in the very statement that marks them. A crash
leaves at most one window in doubt.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    true,
    update,
)
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment, Revision
from campaigns.schedule import GRACE
from courseletter.bulk import Rows, dialect_of
from courseletter.database import UtcDateTime
from sender.claiming import DOT_LEASE, Claim, is_going_out
from sender.finishing import ends_with
from sender.models import Delivery, State, is_in
from subscribers.consent import awaits_answer
from subscribers.models import Membership, MemberStatus, Suppression


def open_window(session: Session, claims: Sequence[Claim], hashes: Sequence[str], now: datetime) -> set[int]:
    """Write down that from here on these messages may be delivered. Returns the ids of those that may go.

    `hashes` are the keyed hashes of their addresses. One that is left out must not be sent: its lease is
    over, it was called back, its course is paused, or consent is gone.
    """
    if not claims:
        return set()
    rows, marking = _marking(dialect_of(session))
    pairs = [(one.delivery_id, address) for one, address in zip(claims, hashes, strict=True)]
    marked = session.connection().execute(
        marking,
        {
            "our_fence": claims[0].fence,
            "now": now,
            "until": now + DOT_LEASE,
            **rows.parameters(pairs),
        },
    )
    return set(marked.scalars().all())


def record_accepted(session: Session, answers: Mapping[Claim, str], now: datetime) -> list[Claim]:
    """Write down that the relay took these, with its answers. Returns those whose enrolments are to be told.

    An ordinary enrolment (on time, with nothing held) moves on here, as `sent` of campaigns/standing.py would
    let it; the others are returned. A claim that is no longer ours changes nothing.
    """
    if not answers:
        return []
    rows, recording = _recording(dialect_of(session))
    fence = next(iter(answers)).fence
    values = rows.parameters([(one.delivery_id, reply) for one, reply in answers.items()])
    recorded = session.connection().execute(recording, {"our_fence": fence, "now": now, **values})
    ours = set(recorded.scalars().all())
    on_calendar = [one for one in answers if one.delivery_id in ours and one.progress_after is not None]
    moved = _move_on(session, on_calendar, now)
    return [one for one in on_calendar if one.enrolment_id not in moved]


def _move_on(session: Session, sent: Sequence[Claim], now: datetime) -> set[int]:
    """Returns the enrolments that have moved on."""
    moved = _moved_on(session, sent, now, last=False)
    rest = [one for one in sent if one.enrolment_id not in moved]
    return moved | _moved_on(session, rest, now, last=True)


def _moved_on(session: Session, sent: Sequence[Claim], now: datetime, *, last: bool) -> set[int]:
    if not sent:
        return set()
    rows, moving = _moving(dialect_of(session), last=last)
    values = rows.parameters(
        [
            (
                one.enrolment_id,
                one.run,
                one.lesson_id,
                one.revision_id,
                one.facts["progress"],
                one.progress_after,
            )
            for one in sent
        ]
    )
    moved = session.connection().execute(moving, {"now": now, "grace": now - GRACE, **values})
    return set(moved.scalars().all())


@cache
def _marking(dialect: str) -> tuple[Rows, Update]:
    rows = Rows(dialect, "opened", id=Integer(), address_hash=String())
    suppressed = exists().where(Suppression.address_hash == rows.address_hash)
    mine = and_(Delivery.id == rows.id, Delivery.fence == bindparam("our_fence"), is_in(State.CLAIMED))
    # Not as a condition that an index answers: PostgreSQL would go by it, and read what anybody has claimed.
    leased = (Delivery.lease_until > bindparam("now", type_=UtcDateTime())).is_(true())
    until = bindparam("until", type_=UtcDateTime())
    return rows, (
        update(Delivery)
        .where(mine, leased, _wanted(), ~suppressed)
        .values(state=State.IN_DOUBT, lease_until=until)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )


@cache
def _recording(dialect: str) -> tuple[Rows, Update]:
    rows = Rows(dialect, "answered", id=Integer(), reply=String())
    return rows, (
        update(Delivery)
        .where(
            Delivery.id == rows.id,
            Delivery.fence == bindparam("our_fence"),
            or_(is_in(State.IN_DOUBT), is_in(State.UNKNOWN)),  # the lease may be over; the answer is certain
        )
        .values(
            state=State.ACCEPTED,
            reply=rows.reply,
            finished_at=bindparam("now", type_=UtcDateTime()),
            fence=None,
            lease_until=None,
            facts=None,
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )


@cache
def _moving(dialect: str, *, last: bool) -> tuple[Rows, Update]:
    """What `sent` makes of an ordinary standing, in SQL: of who has lessons to come, or of who has none.

    Apart, because SQLite writes an index anew whose columns are set, whether to another value or not: of most
    enrolments no index is touched.
    """
    rows = Rows(
        dialect,
        "taught",
        id=Integer(),
        run=Integer(),
        lesson=String(),
        revision=Integer(),
        before=Integer(),
        after=Integer(),
    )
    now = bindparam("now", type_=UtcDateTime())
    moving = (
        update(Enrolment)
        .where(
            Enrolment.id == rows.id,
            Enrolment.run == rows.run,
            Enrolment.queued_lesson == rows.lesson,
            Enrolment.progress_id == rows.before,
            Enrolment.failures == 0,
            Enrolment.last_at >= bindparam("grace", type_=UtcDateTime()),
            # Not as a condition that an index answers: PostgreSQL would go by it, and read everybody.
            (Enrolment.due_at <= now).is_not(true()),
        )
        .values(
            progress_id=rows.after,
            queued_lesson=None,
            queued_by=None,
            queued_anchor_at=None,
            queued_last_at=None,
        )
        .returning(Enrolment.id)
        .execution_options(synchronize_session=False)
    )
    if not last:
        return rows, moving.where(Enrolment.next_lesson.is_not(None))
    finished = Enrolment.state == "active"
    return rows, moving.where(
        Enrolment.next_lesson.is_(None),
        # Whose last lesson was passed over is told so, for an event to say it (sender/finishing.py).
        ends_with(rows.revision, rows.lesson),
        Revision.id == Enrolment.revision_id,
    ).values(
        state=case((finished, "completed"), else_=Enrolment.state),
        completed_in=case((finished, Revision.number), else_=Enrolment.completed_in),
    )


def _wanted() -> ColumnElement[bool]:
    """A lesson needs a confirmed membership of its course's list, and its course to run; an issue one of the
    list that its reader agreed on, and to go out; a confirmation mail a membership that is to be answered.
    """
    runs = and_(Membership.status == MemberStatus.CONFIRMED, Course.paused_at.is_(None))
    lesson, issue = Delivery.kind == "lesson", and_(Delivery.kind == "issue", is_going_out())
    return _is_member(or_(and_(or_(lesson, issue), runs), _asks_for_consent()))


def has_consent() -> ColumnElement[bool]:
    """Of a delivery: its reader has agreed to it, or is to be asked. Whether it runs is another question."""
    agreed = and_(Delivery.kind != "confirmation", Membership.status == MemberStatus.CONFIRMED)
    return _is_member(or_(agreed, _asks_for_consent()))


def _asks_for_consent() -> ColumnElement[bool]:
    return and_(Delivery.kind == "confirmation", awaits_answer())


def _is_member(such: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a delivery's reader has such a membership of the list that it goes out on."""
    return exists().where(
        Course.id == Delivery.course_id,
        Membership.list_id == func.coalesce(Delivery.list_id, Course.list_id),
        Membership.subscriber_id == Delivery.subscriber_id,
        such,
    )
