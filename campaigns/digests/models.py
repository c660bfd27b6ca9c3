"""The tables of digests: a newsletter's feed, when it is looked at, and which entries have been used."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.models import Course
from campaigns.newsletters.models import Issue
from courseletter.database import Base

Every = Literal["week", "month"]
_IS_ON = "next_at IS NOT NULL"


class Digest(Base):
    """The feed of a newsletter, one at most.

    `due_at` is the hour whose issue is still to be made, `next_at` when the feed is looked at next: the same
    moment, or later after it could not be read. None and None: switched off.
    """

    __tablename__ = "digests"
    __table_args__ = (
        Index("ix_digests_next_at", "next_at", sqlite_where=text(_IS_ON), postgresql_where=text(_IS_ON)),
    )

    newsletter_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    created_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(100), default="")  # the name of who set it up
    url: Mapped[str] = mapped_column(Text)
    every: Mapped[Every] = mapped_column(String(8))
    weekdays: Mapped[list[Any]]  # Monday is 0
    minute: Mapped[int]  # of the day in `zone`
    zone: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str]
    introduction: Mapped[str] = mapped_column(Text)
    most: Mapped[int]  # entries of one issue
    pictures: Mapped[bool]
    sends: Mapped[bool]  # False: each issue waits as a draft

    due_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    etag: Mapped[str] = mapped_column(default="")  # as the feed's server said them
    modified: Mapped[str] = mapped_column(default="")
    looked_at: Mapped[datetime | None]  # and read
    failures: Mapped[int] = mapped_column(default=0)  # since then
    problem: Mapped[str] = mapped_column(default="")  # in one line; "": all is well
    problem_at: Mapped[datetime | None]
    sending_id: Mapped[str | None] = mapped_column(ForeignKey("issues.lesson_id"))  # made, to be scheduled

    newsletter: Mapped[Course] = relationship()
    sending: Mapped[Issue | None] = relationship()


class DigestEntry(Base):
    """One name of an entry that must not be used again (entries.py). Without an issue: it was there first."""

    __tablename__ = "digest_entries"

    newsletter_id: Mapped[str] = mapped_column(ForeignKey("digests.newsletter_id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    issue_id: Mapped[str | None] = mapped_column(ForeignKey("issues.lesson_id"), index=True)
    at: Mapped[datetime]
