"""What a believed report does: to the person it concerns, to the suppression list, to their courses.

The delivery itself stays as it is: that the relay accepted it remains true. All of it in one transaction, and
once: the row in `bounces` decides, so a second copy of a report changes nothing.
"""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from campaigns.models import Course
from courseletter.upserting import insert
from sender import events, wishes
from sender.bounces.judging import Sent, is_worn_out
from sender.bounces.models import Bounce
from sender.bounces.report import Kind, Report
from sender.models import Delivery, State
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.models import MailingList, Subscriber, SuppressionReason
from subscribers.suppression import suppress

_MOST_TEXT: Final = 500
_MOST_STATUS: Final = 12
_LOOKED_BACK: Final = 100  # deliveries of one person


class Effect(StrEnum):
    """What a report did."""

    SUPPRESSED = "suppressed"  # a bounce or a complaint that ends it
    COUNTED = "counted"  # a bounce that was written down
    UNSUBSCRIBED = "unsubscribed"
    KNOWN = "known"  # told before; nothing was changed
    NOTHING = "nothing"  # a notice
    FOREIGN = "foreign"  # it names nothing of ours


def record(session: Session, delivery: Delivery, report: Report, now: datetime, key: bytes) -> Effect:
    """Carry out a report that is known to be about this delivery."""
    if report.kind is Kind.NOTICE:
        return Effect.NOTHING
    if report.kind is Kind.UNSUBSCRIBE:
        return opt_out(session, list_of(session, delivery).id, delivery.subscriber_id, now, "feedback loop")
    report = _printable(report)
    if not _is_first(session, delivery, report, now):
        return Effect.KNOWN
    kind = "complained" if report.kind is Kind.COMPLAINT else "bounced"
    said: dict[str, Any] = {"bounce": str(report.kind), "status": report.status, "text": report.text}
    events.record(session, kind, now, delivery=delivery, **said)
    reason = _reason_to_suppress(session, delivery, report)
    if reason is None:
        return Effect.COUNTED
    if reason is SuppressionReason.COMPLAINED:
        _complain(session, delivery, now)
    suppress(session, key, delivery.subscriber.email, reason, now, note=f"{report.kind}: {report.text}")
    wishes.leave_courses(session, delivery.subscriber_id, now)
    return Effect.SUPPRESSED


def opt_out(session: Session, list_id: int, subscriber_id: int, now: datetime, source: str) -> Effect:
    """Take a subscriber off a list on their wish that came by mail. FOREIGN: one of the two is gone."""
    if session.get(MailingList, list_id) is None or session.get(Subscriber, subscriber_id) is None:
        return Effect.FOREIGN
    wishes.unsubscribe(session, list_id, subscriber_id, now, Evidence(source_url=source))
    return Effect.UNSUBSCRIBED


def _is_first(session: Session, delivery: Delivery, report: Report, now: datetime) -> bool:
    row = {"kind": report.kind, "at": now, "status": report.status, "text": report.text}
    adding = (
        insert(session, Bounce)
        .values(delivery_id=delivery.id, **row)
        .on_conflict_do_nothing(index_elements=["delivery_id", "kind"])
    )
    return session.scalar(adding.returning(Bounce.id)) is not None


def _reason_to_suppress(session: Session, delivery: Delivery, report: Report) -> SuppressionReason | None:
    if report.kind is Kind.COMPLAINT:
        return SuppressionReason.COMPLAINED
    ends = report.kind is Kind.HARD or (
        report.kind is Kind.SOFT and is_worn_out(_history(session, delivery.subscriber_id, upto=delivery.id))
    )
    return SuppressionReason.BOUNCED if ends else None


def _history(session: Session, subscriber_id: int, upto: int) -> list[Sent]:
    """What a mailbox took or gave back, the newest first, up to a delivery: later ones may still come back.

    What was refused for our sake, or never got so far, says nothing about the mailbox.
    """
    refused = exists().where(Bounce.delivery_id == Delivery.id, Bounce.kind == Kind.REFUSED)
    soft = aliased(Bounce)
    sent = (
        select(soft.at)
        .select_from(Delivery)
        .outerjoin(soft, and_(soft.delivery_id == Delivery.id, soft.kind == Kind.SOFT))
        .where(
            Delivery.subscriber_id == subscriber_id,
            Delivery.id <= upto,
            or_(soft.id.is_not(None), and_(Delivery.state == State.ACCEPTED, ~refused)),
        )
        .order_by(Delivery.id.desc())
        .limit(_LOOKED_BACK)
    )
    return [Sent(at) for at in session.scalars(sent)]


def _complain(session: Session, delivery: Delivery, now: datetime) -> None:
    evidence = Evidence(source_url="feedback loop")
    consent.complain(session, list_of(session, delivery), delivery.subscriber, evidence, now)


def list_of(session: Session, delivery: Delivery) -> MailingList:
    """The list on which the reader of a delivery has agreed to it."""
    if delivery.list_id is not None:
        return session.get_one(MailingList, delivery.list_id)
    return session.get_one(Course, delivery.course_id).mailing_list


def _printable(report: Report) -> Report:
    """The report with its words cut and on one line: a stranger wrote them, and people will read them."""
    return replace(
        report, status=_one_line(report.status, _MOST_STATUS), text=_one_line(report.text, _MOST_TEXT)
    )


def _one_line(text: str, most: int) -> str:
    return "".join(c if c.isprintable() else "?" for c in " ".join(text[: 4 * most].split()))[:most]
