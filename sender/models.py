"""Tables of what is sent: the ledger of deliveries, and the events that tell their story."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from courseletter.database import Base
from subscribers.models import Subscriber


class State(StrEnum):
    """Where a delivery stands. The arrows between states are drawn in docs/flow.md."""

    READY = "ready"
    CLAIMED = "claimed"  # a worker holds it under a lease
    IN_DOUBT = "in_doubt"  # written before the final dot: from here on it may have been delivered
    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # waits for its next attempt
    UNKNOWN = "unknown"  # went past the dot, and no answer came
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN_STATES = (State.READY, State.CLAIMED, State.IN_DOUBT, State.DEFERRED, State.UNKNOWN)
CALLABLE_STATES = (State.READY, State.CLAIMED, State.DEFERRED)  # not past the dot: can be called back

OF_ISSUE = "kind = 'issue'"  # of a delivery, as the partial indexes have it

_ENDINGS = "kind IN ('left', 'paused', 'bounced', 'complained', 'finished', 'unfinished')"
IS_ENDING = text(f"events.{_ENDINGS}")  # of an event: written out, as the partial index of them has it
_STATES = ", ".join(f"'{state}'" for state in State)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class Delivery(Base):
    """One message to one person: at most one per enrolment, run, lesson and asked-for copy, or per issue.

    `due_at` is when the next attempt may start. `facts` and `dated_at` are frozen at the first claim, so that
    every attempt is byte-identical before signing; Message-ID and MIME boundary follow from the id. No
    foreign keys: see docs/decisions/0010-the-ledger-in-bulk.md.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "run", "lesson_id", "copy"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        Index("ix_deliveries_subscriber_id_created_at", "subscriber_id", "created_at"),
        _partial("ix_deliveries_ready", "due_at", "id", where="state = 'ready'"),
        _partial("ix_deliveries_asked_for", "due_at", "id", where="state = 'ready' AND by = 'learner'"),
        _partial("ix_deliveries_deferred", "due_at", where="state = 'deferred'"),
        _partial("ix_deliveries_unknown", "due_at", where="state = 'unknown' AND finished_at IS NULL"),
        _partial("ix_deliveries_leased", "lease_until", where="lease_until IS NOT NULL"),
        _partial("uq_deliveries_issue", "lesson_id", "subscriber_id", where=OF_ISSUE, unique=True),
        _partial("ix_deliveries_issue_open", "lesson_id", where=f"{OF_ISSUE} AND finished_at IS NULL"),
        _partial("ix_deliveries_ended", "state", "finished_at", where="finished_at IS NOT NULL"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # lesson | issue | confirmation
    subscriber_id: Mapped[int]
    course_id: Mapped[str] = mapped_column(String(20))
    list_id: Mapped[int | None]  # on which an issue's reader has agreed; None: its course's
    enrolment_id: Mapped[int | None]
    run: Mapped[int] = mapped_column(default=1)
    lesson_id: Mapped[str | None] = mapped_column(String(20))
    revision_id: Mapped[int | None]
    copy: Mapped[int] = mapped_column(default=0)  # 1, 2 ... were asked for again by the reader
    by: Mapped[str] = mapped_column(String(24), default="schedule")

    state: Mapped[str] = mapped_column(String(12), default=State.READY)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    first_attempt_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[str | None] = mapped_column(String(32))
    facts: Mapped[dict[str, Any] | None]  # of its reader, as sender/facts.py reads them
    dated_at: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(default="")  # the last answer, or why there was none
    retried_unknown: Mapped[bool] = mapped_column(default=False)
    finished_at: Mapped[datetime | None]

    subscriber: Mapped[Subscriber] = relationship(
        primaryjoin=lambda: foreign(Delivery.subscriber_id) == Subscriber.id, viewonly=True
    )


def is_in(state: State, delivery: Any = Delivery) -> ColumnElement[bool]:
    """Whether a delivery is in this state, as a condition that the partial indexes answer.

    The state is written out: one that is bound is not known when a statement is planned, and SQLite plans
    anew, at 150 us a time, whatever looks at a partial index by a bound value.
    """
    held: ColumnElement[bool] = delivery.state == literal_column(f"'{state}'")
    return held


def is_of_issue() -> ColumnElement[bool]:
    """Whether a delivery is one of an issue, written out like is_in()."""
    held: ColumnElement[bool] = Delivery.kind == literal_column("'issue'")
    return held


class Click(Base):
    """A link of a mail, followed. Its facts are never changed; what they amount to is judged once, later.

    `seconds`: since the mail was delivered. `mark`: what the request alone told of a scanner, or "". Neither
    address nor browser is kept. A copy's clicks are those of the lesson that it is a copy of.
    """

    __tablename__ = "clicks"
    __table_args__ = (
        Index("ix_clicks_delivery_id", "delivery_id"),
        Index("ix_clicks_at", "at"),
        Index("ix_clicks_link_id", "link_id"),
        _partial("ix_clicks_not_judged", "at", where="scanner IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"))
    seconds: Mapped[int]
    mark: Mapped[str] = mapped_column(String(16), default="")
    scanner: Mapped[bool | None]  # None: not judged yet (sender/scanners.py)


class Result(Base):
    """What became of a lesson on one day (UTC), for those who signed up in one week. Outlives clicks.

    Each number counts people, but for `scanner_clicks`. `stopped` may be negative: who comes back is taken
    off on the day on which they do.
    """

    __tablename__ = "results"
    __table_args__ = ({"sqlite_with_rowid": False},)  # it lies in the order in which it is added up

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    cohort: Mapped[date] = mapped_column(primary_key=True)  # the Monday of the week of sign-up
    lesson_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    received: Mapped[int] = mapped_column(default=0)
    finished: Mapped[int] = mapped_column(
        default=0
    )  # it was the last lesson of their revision, or passed over
    clicked: Mapped[int] = mapped_column(default=0)
    scanner_clicks: Mapped[int] = mapped_column(default=0)
    stopped: Mapped[int] = mapped_column(default=0)  # left or paused after it, and got nothing since
    paused: Mapped[int] = mapped_column(default=0)
    unsubscribed: Mapped[int] = mapped_column(default=0)
    bounced: Mapped[int] = mapped_column(default=0)
    complained: Mapped[int] = mapped_column(default=0)


class IssueResult(Base):
    """What became of an issue on one day (UTC), for the people who got it with one of its subjects.

    Each number counts people, but for `scanner_clicks`.
    """

    __tablename__ = "issue_results"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    received: Mapped[int] = mapped_column(default=0)
    clicked: Mapped[int] = mapped_column(default=0)
    scanner_clicks: Mapped[int] = mapped_column(default=0)
    unsubscribed: Mapped[int] = mapped_column(default=0)
    bounced: Mapped[int] = mapped_column(default=0)
    complained: Mapped[int] = mapped_column(default=0)


class Counted(Base):
    """How far the results are counted, and up to when clicks are forgotten, in one row."""

    __tablename__ = "counted"

    id: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[datetime | None]
    forgotten: Mapped[datetime | None]  # a mail older than this has no clicks any more, nor gets new ones


class Event(Base):
    """What happened, once each, in order. Never changed."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_delivery_id", "delivery_id"),
        Index("ix_events_subscriber_id_at", "subscriber_id", "at"),
        # What results are made of (sender/results.py); all other kinds are read by person or delivery.
        _partial("ix_events_endings", "at", where=_ENDINGS),
        _partial("ix_events_left_because", "course_id", where="kind = 'left_because'"),  # few
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(24))
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey("subscribers.id"))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"))
    course_id: Mapped[str | None] = mapped_column(ForeignKey("courses.id"))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Instance(Base):
    """This database as its data folder knows it, in one row (sender/instance.py)."""

    __tablename__ = "instances"

    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(String(32))
    place: Mapped[str]
    beat: Mapped[int]
    held_at: Mapped[datetime | None]
    held_why: Mapped[str | None]


class Visit(Base):
    """The last visit of the doctor, in one row (sender/doctor/visit.py)."""

    __tablename__ = "doctor_visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    findings: Mapped[list[Any]]
    blocked_why: Mapped[str | None]  # what holds all sends


class RelayRecord(Base):
    """What all nodes know of a relay: whether it is well, and what it has taken on which day (UTC)."""

    __tablename__ = "relays"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)  # as in the settings
    open_until: Mapped[datetime | None]  # its breaker (sender/breaker.py)
    rests: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(default="")
    paused_at: Mapped[datetime | None]  # by a person
    day: Mapped[date]
    days: Mapped[int] = mapped_column(default=0)  # on which something was sent, `day` included
    used: Mapped[int] = mapped_column(default=0)  # on `day`


class BucketRecord(Base):
    """A token bucket (sender/throttle.py): a relay's own, with the domain "", or a recipient domain's at it.

    A bucket that is full and knows no slowdown needs no row.
    """

    __tablename__ = "buckets"

    relay: Mapped[str] = mapped_column(String(40), primary_key=True)
    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    full_at: Mapped[datetime]
    queue_until: Mapped[datetime]
    rate: Mapped[float | None] = mapped_column(Float)  # a second, learned from a complaint at `slowed_at`
    slowed_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(default="")


class Reception(Base):
    """How a course's last messages were received, the newest last: `a` taken, `r` refused for policy."""

    __tablename__ = "receptions"

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    recent: Mapped[str] = mapped_column(String(200), default="")
