"""What an import may change of people: kept as it was before and after, and put back by a few statements."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from courseletter.bulk import one_of
from courseletter.upserting import insert
from subscribers.importing.models import ImportedPerson
from subscribers.models import ConsentAct, ConsentEntry, Membership, Subscriber, SubscriberTag

DETAILS: Final = (
    "first_name",
    "last_name",
    "language",
    "zone",
    "minute",
    "weekdays",
    "daily_cap",
    "fields",
    "no_tracking",
)

Picture = dict[str, Any]  # of a person: details, memberships by list, tags
Change = tuple[Picture, Picture]  # before and after


@contextmanager
def remembering(session: Session, import_id: int, ids: Sequence[int]) -> Iterator[None]:
    """Keep what these people were before the block, and what they are after it."""
    before = pictures(session, ids)
    yield
    after = pictures(session, ids)
    rows = [
        {"import_id": import_id, "subscriber_id": one, "before": {"before": before[one], "after": after[one]}}
        for one in ids
    ]
    if rows:
        session.execute(insert(session, ImportedPerson).on_conflict_do_nothing(), rows)


def pictures(session: Session, ids: Sequence[int]) -> dict[int, Picture]:
    """What an import may change of these people."""
    details = select(Subscriber.id, *(getattr(Subscriber, name) for name in DETAILS)).where(
        one_of(session, Subscriber.id, ids)
    )
    found = {
        row[0]: {**dict(zip(DETAILS, row[1:], strict=True)), "lists": {}, "tags": []}
        for row in session.execute(details)
    }
    stands = (Membership.subscriber_id, Membership.list_id, Membership.status, Membership.changed_at)
    for one, list_id, status, at in session.execute(select(*stands).where(one_of(session, stands[0], ids))):
        found[one]["lists"][str(list_id)] = [status, at.isoformat()]
    marks = select(SubscriberTag.subscriber_id, SubscriberTag.tag_id).where(
        one_of(session, SubscriberTag.subscriber_id, ids)
    )
    for one, tag in session.execute(marks.order_by(SubscriberTag.tag_id)):
        found[one]["tags"].append(tag)
    return found


def put_back(session: Session, changes: Mapping[int, Change], import_id: int, now: datetime) -> None:
    """Make people what they were before, with a line in the ledger for each list where that changes them."""
    details = [
        {"id": one, **{name: before[name] for name in DETAILS}}
        for one, (before, after) in changes.items()
        if any(before[name] != after[name] for name in DETAILS)
    ]
    if details:
        session.execute(update(Subscriber), details)
    _untag(session, changes)
    _stand(session, changes)
    _write_down(session, changes, import_id, now)


def _untag(session: Session, changes: Mapping[int, Change]) -> None:
    marked: defaultdict[int, list[int]] = defaultdict(list)
    for one, (before, after) in changes.items():
        for tag in set(after["tags"]) - set(before["tags"]):
            marked[tag].append(one)
    for tag, people in marked.items():
        session.execute(
            delete(SubscriberTag).where(
                SubscriberTag.tag_id == tag, one_of(session, SubscriberTag.subscriber_id, people)
            )
        )


def _stand(session: Session, changes: Mapping[int, Change]) -> None:
    """The memberships."""
    joined: defaultdict[int, list[int]] = defaultdict(list)
    changed = []
    for one, list_id, was, _ in _changed(changes):
        if was is None:
            joined[list_id].append(one)
        else:
            at = datetime.fromisoformat(was[1])
            changed.append({"list_id": list_id, "subscriber_id": one, "status": was[0], "changed_at": at})
    for list_id, people in joined.items():
        session.execute(
            delete(Membership).where(
                Membership.list_id == list_id, one_of(session, Membership.subscriber_id, people)
            )
        )
    if changed:
        session.execute(update(Membership), changed)


def _write_down(session: Session, changes: Mapping[int, Change], import_id: int, now: datetime) -> None:
    lines = list(_changed(changes))
    people = {one for one, *_ in lines}
    emails: dict[int, str] = dict(
        session.execute(
            select(Subscriber.id, Subscriber.email).where(one_of(session, Subscriber.id, people))
        ).all()
    )
    rows = [
        {
            "subscriber_id": one,
            "list_id": list_id,
            "act": ConsentAct.TAKEN_BACK,
            "at": now,
            "email": emails[one],
            "source_url": f"import {import_id}",
            "note": f"{stood[0]} by import {import_id}, which was taken back",
        }
        for one, list_id, _, stood in lines
    ]
    if rows:
        session.execute(plain_insert(ConsentEntry), rows)


def _changed(changes: Mapping[int, Change]) -> Iterator[tuple[int, int, Any, Any]]:
    """Person, list, how they stood before (None: not at all) and after, where that differs."""
    for one, (before, after) in changes.items():
        for list_id, stood in after["lists"].items():
            was = before["lists"].get(list_id)
            if was != stood:
                yield one, int(list_id), was, stood
