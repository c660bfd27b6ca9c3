"""Tables of the people who work here: users, sessions, invitations that wait for an answer, saved views."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courseletter.database import Base


class Role(StrEnum):
    """What a person may do here. Each includes the ones below it."""

    OWNER = "owner"  # and who else is an owner
    ADMIN = "admin"  # and lists, imports, exports, who may work here
    MARKETER = "marketer"  # courses and newsletters

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) <= order.index(other)


_ROLES = ", ".join(f"'{role}'" for role in Role)
_ROLE = Enum(Role, native_enum=False, length=8, values_callable=lambda roles: [role.value for role in roles])


class User(Base):
    """A person who works here. `email_key` is the address as it is compared."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint(f"role IN ({_ROLES})", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[Role] = mapped_column(_ROLE)
    password_hash: Mapped[str]
    totp_secret: Mapped[str | None] = mapped_column(String(32))  # base 32 (RFC 4648)
    totp_step: Mapped[int] = mapped_column(default=0)  # of the last code that was taken: each is good once
    created_at: Mapped[datetime]


class UserSession(Base):
    """A browser that is signed in. Its id is known to the browser alone; here stands the id's digest."""

    __tablename__ = "user_sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined")


class Invitation(Base):
    """A link that was handed to a person: once, for a new user's first password or a user's new one."""

    __tablename__ = "invitations"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    email: Mapped[str] = mapped_column(String(320))  # "" for the first owner, who writes it
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[Role] = mapped_column(_ROLE)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    ends_at: Mapped[datetime]

    user: Mapped[User | None] = relationship()


class SavedView(Base):
    """A list of subscribers as somebody likes it: filters and columns, as a page's address has them."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str]
    shared: Mapped[bool]  # with everybody who works here
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined")
