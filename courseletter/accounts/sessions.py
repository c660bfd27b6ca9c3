"""Sessions: begun at sign-in under a fresh id, ended by signing out, by time, or by a new password."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from courseletter.accounts import bearer
from courseletter.accounts.models import User, UserSession

LONGEST: Final = timedelta(days=30)
IDLE: Final = timedelta(days=7)
BETWEEN_MARKS: Final = timedelta(minutes=10)  # a visit is noted this often, so that reading seldom writes


def begin(session: Session, user: User, now: datetime, before: str | None = None) -> str:
    """Sign a browser in. Returns its new id; the one it had `before` is good for nothing from now on."""
    if before:
        end(session, before)
    session.execute(delete(UserSession).where(UserSession.seen_at < now - IDLE))
    session_id = bearer.fresh()
    session.add(
        UserSession(digest=bearer.digest_of(session_id), user_id=user.id, created_at=now, seen_at=now)
    )
    return session_id


def find(session: Session, session_id: str, now: datetime) -> UserSession | None:
    """The session with this id, unless its time is over."""
    found = session.get(UserSession, bearer.digest_of(session_id))
    if found is None or found.created_at <= now - LONGEST or found.seen_at <= now - IDLE:
        return None
    return found


def mark_seen(session: Session, digest: str, now: datetime) -> None:
    session.execute(update(UserSession).where(UserSession.digest == digest).values(seen_at=now))


def end(session: Session, session_id: str) -> None:
    session.execute(delete(UserSession).where(UserSession.digest == bearer.digest_of(session_id)))


def end_others(session: Session, user: User, keep: str | None = None) -> int:
    """End all sessions of a user but the one with the digest `keep`. Returns how many."""
    others = delete(UserSession).where(UserSession.user_id == user.id, UserSession.digest != (keep or ""))
    return len(session.execute(others.returning(UserSession.digest)).all())


def form_token(session_id: str) -> str:
    """What every form of this session carries, so that no other site can write one (CSRF)."""
    return hmac.new(session_id.encode(), b"form", hashlib.sha256).hexdigest()
