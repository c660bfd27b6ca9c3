"""Tables of people: subscribers, the lists they belong to, what they consented to, who must not be mailed."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courseletter.database import Base, on_postgresql_alone, on_sqlite_alone
from subscribers.standing import ConsentAct as ConsentAct  # whoever uses the tables uses their words
from subscribers.standing import MemberStatus as MemberStatus
from subscribers.standing import SuppressionReason as SuppressionReason


class MailingList(Base):
    """A list people belong to. Each course and newsletter has one."""

    __tablename__ = "mailing_lists"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]


class Subscriber(Base):
    """A person with an address. `address_key` is the address as it is compared: case and form folded."""

    __tablename__ = "subscribers"
    __table_args__ = (Index("ix_subscribers_created_at", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320), unique=True)
    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    language: Mapped[str | None] = mapped_column(String(35))
    zone: Mapped[str | None] = mapped_column(String(64))
    minute: Mapped[int | None]  # own time of day, in minutes from midnight
    weekdays: Mapped[list[Any] | None]  # own weekdays, Monday is 0
    daily_cap: Mapped[int] = mapped_column(default=3)
    no_tracking: Mapped[bool] = mapped_column(default=False)  # their links are plain, no click is counted
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]  # since then nothing in the row tells who it was

    memberships: Mapped[list["Membership"]] = relationship(back_populates="subscriber")


class CustomField(Base):
    """A field of our users' own: what merge fields, segments and exports call it, and what its values are.

    A removed one is out of sight; what it says of people is forgotten a while later (custom_fields.py).
    """

    __tablename__ = "custom_fields"
    __table_args__ = (CheckConstraint("kind IN ('text', 'number', 'yes_no', 'date')", name="kind"),)

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    removed_at: Mapped[datetime | None]


class Change(Base):
    """What somebody who works here changed about a subscriber, by hand. Never changed itself."""

    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(100))  # their name
    what: Mapped[str] = mapped_column(String(80))  # the field's name
    before: Mapped[str]
    after: Mapped[str]


class Segment(Base):
    """A saved question about subscribers (subscribers/segments.py); who answers it changes by itself."""

    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    rule: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


def _by_its_beginning(name: str, column: Any, info: dict[str, str] | None = None) -> Index:
    """An index for what begins so; PostgreSQL compares by letters instead of by a language's order."""
    return Index(name, column.label("begin"), postgresql_ops={"begin": "text_pattern_ops"}, info=info)


# What subscribers are found by (subscribers/searching.py). SQLite finds an address by the unique one, too.
_by_its_beginning("ix_subscribers_address_begin", Subscriber.address_key, on_postgresql_alone)
_by_its_beginning("ix_subscribers_first_name_begin", func.lower(Subscriber.first_name))
_by_its_beginning("ix_subscribers_last_name_begin", func.lower(Subscriber.last_name))

# Those few of a list who are not subscribed, and the few who came by a form: conditions of partial indexes,
# which a query must repeat to the letter.
NOT_CONFIRMED = text("memberships.status <> 'confirmed'")
IS_REQUEST = text("consent_entries.act = 'requested'")


class Membership(Base):
    """A subscriber's status on one list."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'confirmed', 'unsubscribed', 'complained')", name="status"),
        Index(
            "ix_memberships_not_confirmed",
            *("status", "subscriber_id", "list_id"),
            sqlite_where=text("status <> 'confirmed'"),
            postgresql_where=text("status <> 'confirmed'"),
        ),
    )

    list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_lists.id", info=on_sqlite_alone), primary_key=True
    )
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", info=on_sqlite_alone), primary_key=True, index=True
    )
    status: Mapped[str] = mapped_column(String(16))
    changed_at: Mapped[datetime]

    subscriber: Mapped[Subscriber] = relationship(back_populates="memberships")
    mailing_list: Mapped[MailingList] = relationship()


class ConsentEntry(Base):
    """One line of the consent ledger: who agreed to which words, when, and from where. Only ever appended."""

    __tablename__ = "consent_entries"
    __table_args__ = (
        Index("ix_consent_entries_subscriber_id_at", "subscriber_id", "at"),
        Index(
            "ix_consent_entries_requested",
            "subscriber_id",
            sqlite_where=text("act = 'requested'"),
            postgresql_where=text("act = 'requested'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", info=on_sqlite_alone))
    list_id: Mapped[int | None] = mapped_column(
        ForeignKey("mailing_lists.id", info=on_sqlite_alone)
    )  # None: everything
    act: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    email: Mapped[str] = mapped_column(String(320))
    wording: Mapped[str] = mapped_column(default="")  # the form's exact text
    wording_hash: Mapped[str] = mapped_column(String(64), default="")  # SHA-256, hex
    source_url: Mapped[str] = mapped_column(default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    user_agent: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")


class Tag(Base):
    """A word that people are marked with. `name_key` is the name as it is compared: case and form folded."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(320), unique=True)  # folding makes some letters longer


class SubscriberTag(Base):
    """That a subscriber has a tag, and since when."""

    __tablename__ = "subscriber_tags"

    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", info=on_sqlite_alone), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", info=on_sqlite_alone), primary_key=True, index=True
    )
    added_at: Mapped[datetime]


class Suppression(Base):
    """An address that is mailed nothing. Found by its keyed hash, which outlives the address's erasure."""

    __tablename__ = "suppressions"

    id: Mapped[int] = mapped_column(primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(320))
    address_key: Mapped[str | None] = mapped_column(String(320))  # as a subscriber's, for lists of people
    reason: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")


_by_its_beginning("ix_suppressions_address_begin", Suppression.address_key)


class Release(Base):
    """An address that was taken off the suppression list once, by whom and why. `email` goes with a person
    who is erased.
    """

    __tablename__ = "releases"

    id: Mapped[int] = mapped_column(primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(String(16))  # of the suppression
    since: Mapped[datetime]  # the suppression was there
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(100))
    why: Mapped[str]


class Quota(Base):
    """How often something was tried within one window: sign-ups per address, IP and subnet."""

    __tablename__ = "quotas"

    bucket: Mapped[str] = mapped_column(String(80), primary_key=True)
    window: Mapped[datetime] = mapped_column(primary_key=True, index=True)  # old ones are forgotten
    count: Mapped[int]
