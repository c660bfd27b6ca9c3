"""Saved views: lists of subscribers that somebody looks at again, for themselves or for everybody here."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from courseletter.accounts.models import Role, SavedView, User
from courseletter.errors import InvalidInput, NotFound
from courseletter.upserting import insert

LONGEST = 80  # characters of a name


def of(session: Session, user: User) -> Sequence[SavedView]:
    """A person's own views and those that others share, by name."""
    theirs = or_(SavedView.user_id == user.id, SavedView.shared)
    return session.scalars(select(SavedView).where(theirs).order_by(SavedView.name, SavedView.id)).all()


def save(session: Session, user: User, name: str, query: str, now: datetime, *, shared: bool) -> None:
    """Keep a view under a name; one of theirs with this name is replaced. Raises InvalidInput."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise InvalidInput(f"Give the view a name of at most {LONGEST} characters.", field="name")
    kept = {"query": query, "shared": shared}
    adding = insert(session, SavedView).values(user_id=user.id, name=name, created_at=now, **kept)
    session.execute(adding.on_conflict_do_update(index_elements=["user_id", "name"], set_=kept))


def remove(session: Session, user: User, view_id: int) -> SavedView:
    """Take a view away: one's own, or as an admin a shared one. Raises NotFound for any other."""
    found = session.get(SavedView, view_id)
    if found is None or not (found.user_id == user.id or (found.shared and user.role.includes(Role.ADMIN))):
        raise NotFound("There is no view of yours with this number.")
    session.delete(found)
    return found
