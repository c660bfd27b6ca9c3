"""Everything that happened to one person on one line: mails, clicks, consent, and what was changed."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Course, Link
from sender.models import Click, Delivery
from sender.past import MOST, Entry, past
from subscribers.acts.models import ActedOn, ActState, BulkAct
from subscribers.adding import ADDED
from subscribers.models import Change, Subscriber
from subscribers.suppression import SUPPRESSION

ACTS: Final = {
    "tag": "Got the tag {tag}",
    "untag": "Lost the tag {tag}",
    "enrol": "Was enrolled",
    "join": "Was put on a list",
    "leave": "Was taken off a list",
    "ask": "Was asked to confirm",
    "unsubscribe": "Was unsubscribed from everything",
    "suppress": "Was kept from all mail",
}
_NAMES: Final = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "Address",
    "zone": "Time zone",
    "language": "Language",
    "daily_cap": "Messages a day",
    "tags": "Tags",
    SUPPRESSION: "Suppression",
}


def timeline(session: Session, subscriber: Subscriber) -> list[Entry]:
    """The newest of each kind, newest first."""
    entries = [*past(session, subscriber, open_to_mail=False), *_clicks(session, subscriber)]
    entries += [*changes(session, subscriber), *_acts(session, subscriber)]
    return sorted(entries, key=lambda one: one.at, reverse=True)


def changes(session: Session, subscriber: Subscriber) -> Iterator[Entry]:
    """What somebody here changed by hand: who, what, when, from what to what."""
    rows = session.scalars(
        select(Change)
        .where(Change.subscriber_id == subscriber.id)
        .order_by(Change.at.desc(), Change.id.desc())
        .limit(MOST)
    )
    for one in rows:
        if one.what == ADDED:
            yield Entry(one.at, "Added by hand", "", "Edited", "", f"By {one.by}.")
            continue
        name = _NAMES.get(one.what, one.what)
        text = f"From {_quoted(one.before)} to {_quoted(one.after)}, by {one.by}."
        yield Entry(one.at, f"{name} changed", "", "Edited", "", text)


def _quoted(text: str) -> str:
    return f"“{text}”" if text else "nothing"


def _clicks(session: Session, subscriber: Subscriber) -> Iterator[Entry]:
    rows = session.execute(
        select(Click, Link.address, Course.title)
        .join(Link, Link.id == Click.link_id)
        .join(Delivery, Delivery.id == Click.delivery_id)
        .outerjoin(Course, Course.id == Delivery.course_id)
        .where(Delivery.subscriber_id == subscriber.id)
        .order_by(Click.at.desc())
        .limit(MOST)
    )
    for click, link, course in rows:
        program = "Probably a program’s." if click.scanner else ""
        yield Entry(click.at, f"Followed {link}", course or "", "Clicked", "", program)


def _acts(session: Session, subscriber: Subscriber) -> Iterator[Entry]:
    rows = session.scalars(
        select(BulkAct)
        .join(ActedOn, ActedOn.act_id == BulkAct.id)
        .where(ActedOn.subscriber_id == subscriber.id)
        .order_by(BulkAct.id.desc())
        .limit(MOST)
    )
    for one in rows:
        title = ACTS.get(one.kind, one.kind).format(tag=f"“{one.argument.get('tag', '')}”")
        undone = f" Undone by {one.undone_by}." if one.state == ActState.UNDONE else ""
        yield Entry(one.created_at, title, "", "By us", "", f"By {one.by}, with others.{undone}")
