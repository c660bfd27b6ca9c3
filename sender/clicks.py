"""Clicks on the links of a lesson: led on, written down, judged a minute later, forgotten in time.

Written down is that a mail's link was followed, and how long after delivery; nothing of the client is kept.
Where the course or its reader wants no tracking nothing is written, and the link leads on all the same.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from campaigns.models import Course, Link
from courseletter.database import Database
from courseletter.errors import NotFound
from courseletter.upserting import insert
from sender.models import Click, Counted, Delivery
from sender.scanners import AT_ONCE, Hit, scanned
from subscribers.models import Subscriber

WHOLE_ROW: Final = 1  # id of the one row of `counted`
JUDGED_AFTER: Final = timedelta(
    seconds=60
)  # by then every click of a scanner's round has come: AT_ONCE is less
MOST: Final = 100  # clicks of one mail: whoever follows a link for ever fills no disk
MAILS: Final = 300  # judged in one transaction; their clicks are fewer than a statement may have values
CHUNK: Final = 2_000  # clicks forgotten in one transaction

assert timedelta(seconds=2 * AT_ONCE) < JUDGED_AFTER  # noqa: S101 - of two constants


@dataclass(frozen=True, slots=True)
class Way:
    """Where a link leads, and the mail that a click is counted for; None: it is not counted."""

    address: str
    mail: Delivery | None


def way_of(session: Session, link_id: int, delivery_id: int) -> Way:
    """Raises NotFound for a link that is none of this mail's.

    A mail that we no longer know of still leads on: its token was ours, and so is the address.
    """
    link, mail = session.get(Link, link_id), session.get(Delivery, delivery_id)
    if link is None or (mail and (mail.revision_id, mail.lesson_id) != (link.revision_id, link.lesson_id)):
        raise NotFound("This mail has no such link.")
    first = mail and _first_copy(session, mail)
    return Way(link.address, first if first and _is_counted(session, first) else None)


def record(session: Session, mail: Delivery, link_id: int, mark: str, now: datetime) -> None:
    """Write a click down, unjudged."""
    delivered = mail.finished_at or now  # the relay's answer may not be in yet
    seconds = max(0, int((now - delivered).total_seconds()))
    session.add(Click(at=now, delivery_id=mail.id, link_id=link_id, seconds=seconds, mark=mark))


def judge(database: Database, now: datetime) -> int:
    """Judge the clicks that are a minute old, mail by mail. Returns how many."""
    until = now - JUDGED_AFTER
    ripe = (Click.scanner.is_(None), Click.at <= until)
    total = 0
    while True:
        with database.write() as session:
            mails = select(Click.delivery_id).where(*ripe).distinct().limit(MAILS)
            verdicts = _verdicts(session, set(session.scalars(mails)), until)
            for verdict in (True, False):
                ids = [click for click, scanner in verdicts.items() if scanner is verdict]
                session.execute(
                    update(Click).where(Click.id.in_(ids), *ripe).values(scanner=verdict),
                    execution_options={"synchronize_session": False},
                )
        if not verdicts:
            return total
        total += len(verdicts)


def forget(database: Database, before: datetime) -> int:
    """Delete the clicks from before a moment, and let no mail from before it have any more. Returns how many.

    So a reader is counted once a lesson, however long ago it came. The caller has counted them.
    """
    with database.write() as session:
        row = counted(session)
        row.forgotten = max(before, row.forgotten or before)
        until = row.forgotten
    total = 0
    while True:
        with database.write() as session:
            some = select(Click.id).where(Click.at < until, Click.scanner.is_not(None)).limit(CHUNK)
            ids = session.scalars(some).all()
            session.execute(delete(Click).where(Click.id.in_(ids)))
        total += len(ids)
        if len(ids) < CHUNK:
            return total


def counted(session: Session) -> Counted:
    """The row that says how far things are counted; whoever asks for it to write holds it until their end."""
    session.execute(insert(session, Counted).values(id=WHOLE_ROW).on_conflict_do_nothing())
    return session.get_one(Counted, WHOLE_ROW, with_for_update=True)


def first_of_mail() -> ColumnElement[bool]:
    """That a click is the first which a person made on its mail."""
    earlier = aliased(Click)
    before = exists().where(
        earlier.delivery_id == Click.delivery_id,
        earlier.scanner.is_(False),
        or_(earlier.at < Click.at, and_(earlier.at == Click.at, earlier.id < Click.id)),
    )
    return and_(Click.scanner.is_(False), ~before)


def _verdicts(session: Session, mails: set[int], until: datetime) -> dict[int, bool]:
    """Of the clicks up to then, seen beside all others on these mails: a round has judged ones in it, too."""
    by_mail: defaultdict[int, list[Click]] = defaultdict(list)
    for click in session.scalars(select(Click).where(Click.delivery_id.in_(mails))):
        by_mail[click.delivery_id].append(click)
    return {
        click.id: scanner
        for clicks in by_mail.values()
        for click, scanner in zip(clicks, scanned([_hit(one) for one in clicks]), strict=True)
        if click.scanner is None and click.at <= until
    }


def _hit(click: Click) -> Hit:
    return Hit(click.seconds, click.link_id, click.mark)


def _first_copy(session: Session, mail: Delivery) -> Delivery | None:
    """The mail that a copy was asked for of; a person who gets a lesson twice is one person."""
    if not mail.copy:
        return mail
    same = {name: getattr(mail, name) for name in ("enrolment_id", "run", "lesson_id")}
    return session.scalar(select(Delivery).filter_by(copy=0, **same))


def _is_counted(session: Session, mail: Delivery) -> bool:
    if not session.get_one(Course, mail.course_id).tracks_clicks:
        return False
    reader = session.get(Subscriber, mail.subscriber_id)
    if reader is None or reader.no_tracking or reader.erased_at is not None:
        return False
    so_far = select(func.count()).where(Click.delivery_id == mail.id)
    if (session.scalar(so_far) or 0) >= MOST:
        return False
    forgotten = session.scalar(select(Counted.forgotten))
    return forgotten is None or mail.finished_at is None or mail.finished_at >= forgotten
