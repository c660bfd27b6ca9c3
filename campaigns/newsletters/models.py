"""The table of issues: one mail of a newsletter, whom it is for, and how far it has been sent.

A newsletter is a row of `courses`, an issue's text a row of `lessons`: it is written, checked, compiled and
linked like any lesson. What is here is what a lesson does not have.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.models import Lesson
from courseletter.database import Base


class IssueState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"  # its mails are frozen, and nobody has got one
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


_STATES = ", ".join(f"'{state}'" for state in IssueState)
_WAITS = "next_at IS NOT NULL"

# Of an A/B test: those who get one of its subjects first, then everybody else.
Phase = Literal["test", "rest"]


class Issue(Base):
    """One mail to many at once; the field's "broadcast".

    `subjects` are those of an A/B test beside the lesson's own, `revisions` the frozen mails, one a subject
    in their order, and after a test one more for everybody else. Deliveries are written wave by wave: `waves`
    are those still to come, `cursor` is the last person that the first of them has been through, `next_at`
    when there is something to write or to decide.
    """

    __tablename__ = "issues"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        Index("ix_issues_next_at", "next_at", sqlite_where=text(_WAITS), postgresql_where=text(_WAITS)),
    )

    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id"), primary_key=True)
    created_at: Mapped[datetime]
    audience: Mapped[dict[str, Any]]  # subscribers.audiences.Audience as JSON
    day: Mapped[date | None]  # None: at once
    minute: Mapped[int | None]  # of each person's own day
    subjects: Mapped[list[Any]] = mapped_column(default=list)
    share: Mapped[int] = mapped_column(default=20)  # percent of the people who are in the test
    hours: Mapped[int] = mapped_column(default=4)  # from the test's last wave to the decision

    state: Mapped[str] = mapped_column(String(12), default=IssueState.DRAFT)
    why: Mapped[str] = mapped_column(default="")  # what paused it; "": a person did
    author: Mapped[str] = mapped_column(String(100), default="")  # the name of who scheduled it
    people: Mapped[int] = mapped_column(default=0)  # that it was to reach when it was scheduled
    scheduled_at: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]  # who came later does not get it
    resumed_at: Mapped[datetime | None]
    decide_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    revisions: Mapped[list[Any]] = mapped_column(default=list)
    split: Mapped[list[Any]] = mapped_column(default=list)  # the keyed numbers of testing.Split
    winner: Mapped[int | None]  # its place among the subjects
    verdict: Mapped[str] = mapped_column(default="")  # how it was found, in a sentence

    phase: Mapped[Phase | None] = mapped_column(String(4))
    waves: Mapped[list[Any]] = mapped_column(default=list)  # timing.Wave as JSON
    cursor: Mapped[int] = mapped_column(default=0)
    rounds: Mapped[int] = mapped_column(default=0)  # that began anew for those who were held
    next_at: Mapped[datetime | None]

    lesson: Mapped[Lesson] = relationship()

    @property
    def all_subjects(self) -> list[str]:
        return [self.lesson.subject, *self.subjects]

    @property
    def tested_revisions(self) -> list[int]:
        """The frozen mail of each subject; the only one where nothing is tested."""
        return list(self.revisions[: 1 + len(self.subjects)])

    @property
    def rest_revision(self) -> int:
        """The frozen mail of whoever is in no test."""
        own: list[int] = self.revisions[1 + len(self.subjects) :]
        return own[0] if own else int(self.revisions[self.winner or 0])


class IssueHold(Base):
    """Somebody who was at their daily cap, in which round: the next one tries them again."""

    __tablename__ = "issue_holds"

    lesson_id: Mapped[str] = mapped_column(ForeignKey("issues.lesson_id"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    round: Mapped[int]
