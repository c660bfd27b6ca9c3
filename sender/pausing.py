"""A whole course on pause: one flag that tick and claim read; queued lessons are called back (S13).

And all sends held, because the database is not the one we know (sender/instance.py).
"""

from datetime import datetime
from pathlib import Path

from sqlalchemy import and_, or_, select, update

from campaigns.digests.models import Digest
from campaigns.drafting import find_course
from campaigns.models import Course, Enrolment
from campaigns.newsletters.drafting import find_newsletter
from campaigns.newsletters.models import Issue, IssueState
from courseletter.database import Database
from sender import instance
from sender.calling_back import call_back
from sender.models import CALLABLE_STATES, Delivery
from sender.newsletters import steering

RESTORED = "It may have gone out since this copy of the database was made: who has it is not known here."
WAITING = (
    "What has gone out since this copy of the database was made is not known here: issues wait as drafts "
    "until you let them be sent again."
)
CHUNK = 200  # enrolments a transaction
FOUND = 50_000  # enrolments that are looked for at once
EVERYTHING = "Everything was paused."  # why a course is, where it was not for its own sake


def pause_course(database: Database, name: str, now: datetime) -> int:
    """Stop a course at once. Returns how many queued lessons came back; who may have got theirs keeps it."""
    with database.write() as session:
        course_id = find_course(session, name).id
        session.execute(
            update(Course).where(Course.id == course_id, Course.paused_at.is_(None)).values(paused_at=now)
        )
    return call_back_queued(database, course_id, now)


def pause_everything(database: Database, now: datetime) -> int:
    """Stop every course and newsletter that runs, and remember that it was all at once. Returns how many
    that were.
    """
    with database.write() as session:
        runs = or_(Course.revision_id.is_not(None), Course.kind == "newsletter")
        running = update(Course).where(runs, Course.paused_at.is_(None))
        pausing = running.values(paused_at=now, paused_why=EVERYTHING).returning(Course.id)
        stopped = session.scalars(pausing).all()
    for course_id in stopped:
        call_back_queued(database, course_id, now)
    return len(stopped)


def resume_everything(database: Database, now: datetime) -> int:
    """Let those go on that were paused with everything else; who was paused for itself stays so."""
    with database.read() as session:
        stopped = select(Course.id, Course.kind).where(Course.paused_why == EVERYTHING)
        paused = session.execute(stopped).all()
    for course_id, kind in paused:
        if kind == "newsletter":
            resume_newsletter(database, course_id)
        else:
            resume_course(database, course_id, now)
    return len(paused)


def resume_course(database: Database, name: str, now: datetime) -> None:
    """Clear the flag. The tick dates anew whoever was due meanwhile (S9)."""
    with database.read() as session:
        course_id = find_course(session, name).id
    # What was queued while the flag was being set would go out at once, at whatever hour it is.
    call_back_queued(database, course_id, now)
    with database.write() as session:
        course = session.get_one(Course, course_id)
        course.paused_at = course.paused_why = None


def resume_newsletter(database: Database, newsletter_id: str) -> None:
    """Let a newsletter's issues go on that refusals, complaints or a person have stopped."""
    with database.write() as session:
        newsletter = find_newsletter(session, newsletter_id)
        newsletter.paused_at = newsletter.paused_why = None


def release_sends(database: Database, home: Path, now: datetime) -> bool:
    """A person has looked at a database that was copied or restored: send again. False: nothing was held.

    What was queued in it is called back first: the tick dates it anew, by each course's policy (S9). Issues
    that were going out, or whose hour has come since, are paused: this database does not know who has them.
    For the same reason digests make drafts from now on.
    """
    if instance.recognise(database, home, now) is None:  # nobody may have looked at this copy before
        return False
    with database.read() as session:
        courses = session.scalars(select(Course.id)).all()
        missed = and_(Issue.state == IssueState.SCHEDULED, Issue.next_at <= now)
        perhaps_sent = or_(Issue.state == IssueState.SENDING, missed)
        issues = session.scalars(select(Issue.lesson_id).where(perhaps_sent)).all()
    for course_id in courses:
        call_back_queued(database, course_id, now)
    for issue_id in issues:
        steering.pause(database, issue_id, now, RESTORED)
    with database.write() as session:
        drafting = {"sends": False, "sending_id": None, "problem": WAITING, "problem_at": now}
        session.execute(update(Digest).where(Digest.sends).values(drafting))
    return instance.release(database, home, now)


def call_back_queued(database: Database, course_id: str, now: datetime) -> int:
    """Call back what is queued in a course that was stopped, in chunks. Returns how many lessons.

    The ledger is read for many at once: it is long, and of what waits in it now no statistics know.
    """
    count = 0
    queued = (
        select(Enrolment)
        .join(Delivery, Delivery.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == course_id, Delivery.copy == 0, Delivery.state.in_(CALLABLE_STATES))
    )
    many = queued.with_only_columns(Enrolment.id).limit(FOUND)
    while True:
        with database.read() as session:
            ids = sorted(session.scalars(many))
        if not ids:
            return count
        for start in range(0, len(ids), CHUNK):
            some = queued.where(Enrolment.id.in_(ids[start : start + CHUNK])).order_by(Enrolment.id)
            with database.write() as session:
                enrolments = session.scalars(some.with_for_update(of=Enrolment)).unique().all()
                for enrolment in enrolments:
                    call_back(session, enrolment, now)
            count += len(enrolments)
