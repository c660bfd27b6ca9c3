"""What the lists know of one person, as plain values to show and to export (REQUIREMENTS 18)."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import tags
from subscribers.acts.models import ActedOn, BulkAct
from subscribers.models import Change, ConsentEntry, MailingList, Membership, Subscriber
from subscribers.suppression import suppression_of


def of(session: Session, key: bytes, subscriber: Subscriber) -> dict[str, Any]:
    suppressed = suppression_of(session, key, subscriber.email)
    return {
        "person": {
            "email": subscriber.email,
            "first_name": subscriber.first_name,
            "last_name": subscriber.last_name,
            "language": subscriber.language,
            "zone": subscriber.zone,
            "minute": subscriber.minute,
            "weekdays": subscriber.weekdays,
            "fields": dict(subscriber.fields),
            "since": subscriber.created_at,
        },
        "tags": list(tags.of(session, subscriber)),
        "lists": _lists(session, subscriber),
        "consent": _consent(session, subscriber),
        "changes": _changes(session, subscriber),
        "acts": _acts(session, subscriber),
        "kept_from_all_mail": suppressed and {"since": suppressed.at, "reason": suppressed.reason},
    }


def _lists(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    rows = session.execute(
        select(MailingList.name, Membership.status, Membership.changed_at)
        .join(Membership, Membership.list_id == MailingList.id)
        .where(Membership.subscriber_id == subscriber.id)
        .order_by(MailingList.name)
    )
    return [{"list": name, "status": status, "since": at} for name, status, at in rows]


def _consent(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    rows = session.execute(
        select(ConsentEntry, MailingList.name)
        .outerjoin(MailingList, MailingList.id == ConsentEntry.list_id)
        .where(ConsentEntry.subscriber_id == subscriber.id)
        .order_by(ConsentEntry.id)
    )
    return [
        {
            "at": entry.at,
            "act": entry.act,
            "list": name,  # None: everything
            "email": entry.email,
            "wording": entry.wording,
            "wording_hash": entry.wording_hash,
            "page": entry.source_url,
            "ip": entry.ip,
            "user_agent": entry.user_agent,
            "note": entry.note,
        }
        for entry, name in rows
    ]


def _changes(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Change).where(Change.subscriber_id == subscriber.id).order_by(Change.at, Change.id)
    )
    return [
        {"at": one.at, "by": one.by, "what": one.what, "from": one.before, "to": one.after} for one in rows
    ]


def _acts(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    """What was done with them among many."""
    rows = session.execute(
        select(BulkAct.created_at, BulkAct.by, BulkAct.kind, BulkAct.argument)
        .join(ActedOn, ActedOn.act_id == BulkAct.id)
        .where(ActedOn.subscriber_id == subscriber.id)
        .order_by(BulkAct.id)
    )
    return [{"at": at, "by": by, "what": kind, **argument} for at, by, kind, argument in rows]
