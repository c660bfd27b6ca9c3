"""What triggers do (triggers.py): enrol, end, switch; a few hundred people a transaction.

A crash goes on where it stopped: who was acted on is marked in the same transaction.
"""

import logging
from collections import Counter
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from campaigns.enrolling import enrol
from campaigns.models import Course, Trigger
from courseletter.database import Database
from sender.triggers import mark, met
from sender.wishes import end_course
from subscribers import consent
from subscribers.consent import Evidence, Outcome
from subscribers.models import Membership, MemberStatus, Subscriber
from subscribers.suppression import is_suppressed

log = logging.getLogger(__name__)

CHUNK: Final = 200  # people a transaction


def pull(database: Database, now: datetime, key: bytes) -> Counter[str]:
    """Act on everybody whom a trigger meets for the first time. Returns what became of how many."""
    with database.read() as session:
        triggers = session.scalars(select(Trigger.id).order_by(Trigger.id)).all()
    done: Counter[str] = Counter()
    for trigger in triggers:
        try:
            while outcomes := _pull_some(database, trigger, now, key):
                done.update(outcomes)
        except DBAPIError:
            raise  # the database is in trouble, not the trigger: the next pull tries again
        except Exception:  # whatever its segment has become: it stops no other (REQUIREMENTS 27)
            log.exception("trigger %s cannot be followed; the next minute tries again", trigger)
    return done


def _pull_some(database: Database, trigger_id: int, now: datetime, key: bytes) -> list[str]:
    with database.read() as session:
        trigger = session.get(Trigger, trigger_id)
        if (
            trigger is None
            or not _is_ready(trigger)
            or session.scalar(met(session, trigger, now).limit(1)) is None
        ):
            return []  # looked at without a writer's lock: it is so nearly always
    with database.write() as session:
        trigger = session.get(Trigger, trigger_id, with_for_update=True)
        if trigger is None:
            return []
        outcomes = []
        for person in session.scalars(met(session, trigger, now).limit(CHUNK)).all():
            outcome = _acted(session, trigger, person, now, key)
            mark(session, trigger, person, now, outcome)
            outcomes.append(outcome)
        return outcomes


def _is_ready(trigger: Trigger) -> bool:
    """Whether all courses that it leads into are published: until then it waits."""
    into = [trigger.course] if trigger.act == "enrol" else [trigger.then]
    return all(course is None or course.revision_id is not None for course in into)


def _acted(session: Session, trigger: Trigger, person: int, now: datetime, key: bytes) -> str:
    """Act on one person; whose place cannot be reckoned is passed over, and stops nobody else."""
    alone = session.begin_nested()
    try:
        outcome = _act(session, trigger, session.get_one(Subscriber, person), now, key)
    except SQLAlchemyError:
        raise
    except Exception:
        alone.rollback()
        log.exception("trigger %s cannot act on subscriber %s", trigger.id, person)
        return "not possible"
    alone.commit()
    return outcome


def _act(session: Session, trigger: Trigger, subscriber: Subscriber, now: datetime, key: bytes) -> str:
    why = _why(trigger)
    if trigger.act == "enrol":
        return _enrol(session, trigger.course, subscriber, now, key, why)
    if not end_course(session, subscriber.id, trigger.course_id, now, why):
        return "not under way"
    if trigger.then is not None:
        _enrol(session, trigger.then, subscriber, now, key, why)
    return "ended"


def _enrol(
    session: Session, course: Course, subscriber: Subscriber, now: datetime, key: bytes, why: str
) -> str:
    """Enrol who has confirmed some list of ours; who has left this one stays away, as ever."""
    if is_suppressed(session, key, subscriber.email):
        return "suppressed"
    statuses = dict(
        session.execute(
            select(Membership.list_id, Membership.status).where(Membership.subscriber_id == subscriber.id)
        ).all()
    )
    if (
        MemberStatus.CONFIRMED not in statuses.values()
        or statuses.get(course.list_id) == MemberStatus.PENDING
    ):
        return "not confirmed"
    evidence = Evidence(source_url="trigger", wording=why)
    if consent.add(session, course.mailing_list, subscriber, evidence, now, why) is Outcome.CLOSED:
        return "left before"
    enrol(session, course, subscriber, now)
    return "enrolled"


def _why(trigger: Trigger) -> str:
    if trigger.tag is not None:
        return f"got the tag {trigger.tag.name}"
    if trigger.clicked is not None:
        return f"followed {trigger.clicked}"
    if trigger.segment is not None:
        return f"came to be in the segment {trigger.segment.name}"
    return f"finished {trigger.finished.title}" if trigger.finished else ""
