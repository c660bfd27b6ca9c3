"""The tick: what is due becomes deliveries, and the enrolment moves on, in one transaction.

Nothing here sends. A row that is over an hour late is dated anew by the schedule (S9), so that an outage, a
paused course or a wrong clock never becomes a flood.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from campaigns.enrolling import Place, place_of, store
from campaigns.models import Course, Enrolment
from campaigns.standing import Promotion, Standing
from courseletter.database import Database
from courseletter.errors import CourseletterError
from courseletter.upserting import insert
from sender.holding import held_if_damaged
from sender.models import Delivery, State
from subscribers.models import Subscriber
from templates import conditions

CHUNK = 500  # enrolments a transaction: a writer holds SQLite's lock for some tens of milliseconds
BUSY_DAY = timedelta(hours=48)  # no local day reaches further back

Cursor = tuple[datetime, int]  # (due moment, enrolment) of the last one looked at
START: Cursor = (datetime.min.replace(tzinfo=UTC), 0)


def tick(database: Database, now: datetime) -> Counter[str]:
    """Promote whatever is due now, course by course. Returns how many enrolments met which outcome."""
    outcomes: Counter[str] = Counter()
    with database.read() as session:
        courses = session.scalars(
            select(Course.id).where(Course.paused_at.is_(None), Course.revision_id.is_not(None))
        ).all()
    for course_id in courses:
        after: Cursor | None = START
        while after is not None:
            found, after = promote_chunk(database, course_id, now, after)
            outcomes += found
    return outcomes


def promote_chunk(
    database: Database, course_id: str, now: datetime, after: Cursor = START
) -> tuple[Counter[str], Cursor | None]:
    """Promote the longest-due enrolments of one course in one transaction, each once.

    Returns the outcomes' counts and where to go on; None: the end was reached.
    """
    outcomes: Counter[str] = Counter()
    with database.write() as session:
        due = session.scalars(_due(course_id, now, after)).all()
        last = (due[-1].due_at or now, due[-1].id) if len(due) == CHUNK else None
        sent = _sent_lately(session, [one.subscriber_id for one in due], now)
        for enrolment in due:
            outcomes[_promote(session, enrolment, sent.get(enrolment.subscriber_id, ()), now)] += 1
    return outcomes, last


def queue_lesson(session: Session, enrolment: Enrolment, now: datetime) -> None:
    """Write the delivery of the lesson that the enrolment has just queued.

    A lesson that was called back, failed or expired keeps its one row: it is made ready again. Raises
    CourseletterError for one that may have arrived: no mistake of the schedule's sends it twice.
    """
    values = {
        "kind": "lesson",
        "subscriber_id": enrolment.subscriber_id,
        "course_id": enrolment.course_id,
        "enrolment_id": enrolment.id,
        "run": enrolment.run,
        "lesson_id": enrolment.queued_lesson,
        "copy": 0,
    }
    fresh = {
        "revision_id": enrolment.course.revision_id,
        "by": enrolment.queued_by,
        "state": State.READY,
        "due_at": now,
        "created_at": now,
        "attempts": 0,
        "reply": "",
    }
    again = update(Delivery).where(Delivery.state.in_((State.CANCELLED, State.FAILED, State.EXPIRED)))
    for name in ("enrolment_id", "run", "lesson_id", "copy"):
        again = again.where(getattr(Delivery, name) == values[name])
    forgotten = {"context": None, "dated_at": None, "first_attempt_at": None, "finished_at": None}
    reused = again.values(**fresh, **forgotten).returning(Delivery.id)
    adding = insert(session, Delivery).values(**values, **fresh).on_conflict_do_nothing()
    if session.scalar(reused) is None and session.scalar(adding.returning(Delivery.id)) is None:
        raise CourseletterError(f"Lesson {enrolment.queued_lesson} has been sent to this reader already.")


def queue_confirmation(session: Session, course: Course, subscriber: Subscriber, now: datetime) -> None:
    """Ask the subscriber whether it was them: the only mail that goes out before consent."""
    session.add(
        Delivery(
            kind="confirmation",
            subscriber_id=subscriber.id,
            course_id=course.id,
            by="learner",
            due_at=now,
            created_at=now,
        )
    )


def next_moment(session: Session) -> datetime | None:
    """The earliest moment at which anything is due: an enrolment, or a delivery that waits."""
    enrolments = (
        select(func.min(Enrolment.due_at))
        .join(Course)
        .where(Enrolment.state == "active", Enrolment.queued_lesson.is_(None), Course.paused_at.is_(None))
    )
    waiting = select(func.min(Delivery.due_at)).where(
        Delivery.state.in_((State.READY, State.DEFERRED, State.UNKNOWN)), Delivery.finished_at.is_(None)
    )
    moments = [session.scalar(enrolments), session.scalar(waiting)]
    return min((moment for moment in moments if moment is not None), default=None)


def _due(course_id: str, now: datetime, after: Cursor) -> Select[Enrolment]:
    due_at, last_id = after
    return (
        select(Enrolment)
        .join(Course)
        .where(
            Enrolment.course_id == course_id,
            Enrolment.state == "active",
            Enrolment.due_at <= now,
            or_(Enrolment.due_at > due_at, and_(Enrolment.due_at == due_at, Enrolment.id > last_id)),
            Enrolment.queued_lesson.is_(None),
            Course.paused_at.is_(None),
        )
        .order_by(Enrolment.due_at, Enrolment.id)
        .limit(CHUNK)
        .options(
            joinedload(Enrolment.progress), joinedload(Enrolment.profile), joinedload(Enrolment.subscriber)
        )
        .with_for_update(of=Enrolment, skip_locked=True)
    )


def _promote(session: Session, enrolment: Enrolment, sent: Sequence[datetime], now: datetime) -> str:
    """One enrolment's turn. A row that cannot be dated is held for a person and stops nobody (R27)."""
    with held_if_damaged(session, enrolment, now):
        place = place_of(session, enrolment)
        full = _today(place, sent, now) >= enrolment.subscriber.daily_cap
        wanted = _without_unmet(place, enrolment, now)
        outcome, after = wanted.promote(place.timetable, place.profile, now, cap_reached=full)
        store(session, enrolment, after)
        if outcome is Promotion.QUEUED:
            queue_lesson(session, enrolment, now)
        return outcome
    return "held"


def _without_unmet(place: Place, enrolment: Enrolment, now: datetime) -> Standing:
    """The standing with each lesson passed over whose condition this reader does not meet (`only_if`)."""
    standing = place.standing
    revision = enrolment.course.revision
    conditional = {one.lesson_id: one.only_if for one in revision.lessons if one.only_if} if revision else {}
    reader = {**enrolment.subscriber.fields, "email": enrolment.subscriber.email}
    while (lesson := standing.next_lesson) in conditional:
        if conditions.parse(conditional[lesson]).holds({"subscriber": reader}):
            break
        passed = standing.progress.with_mark(lesson, "skipped", "schedule")
        standing = replace(standing, progress=passed).changed(place.timetable, place.profile, now)
    return standing


def _sent_lately(session: Session, people: Sequence[int], now: datetime) -> dict[int, list[datetime]]:
    """When each of these people was last sent something by schedule, over all courses (S16)."""
    found: dict[int, list[datetime]] = {}
    rows = session.execute(
        select(Delivery.subscriber_id, Delivery.created_at).where(
            Delivery.subscriber_id.in_(people),
            Delivery.created_at > now - BUSY_DAY,
            Delivery.by == "schedule",
            Delivery.kind == "lesson",
            Delivery.state.not_in((State.CANCELLED, State.FAILED, State.EXPIRED)),
        )
    )
    for person, moment in rows:
        found.setdefault(person, []).append(moment)
    return found


def _today(place: Place, moments: Sequence[datetime], now: datetime) -> int:
    """How many of the moments fall on the learner's present local day."""
    zone = place.zone
    return sum(moment.astimezone(zone).date() == now.astimezone(zone).date() for moment in moments)
