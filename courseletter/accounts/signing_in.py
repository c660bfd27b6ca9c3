"""Signing in: address, password and, where one was set up, the code of a second factor.

Whoever guesses is told the same, after the same time, whether or not somebody has that address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from courseletter.accounts import codes, passwords, sessions
from courseletter.accounts.models import User
from courseletter.database import Database
from courseletter.errors import CourseletterError, InvalidInput
from subscribers import quotas


class TooManyTries(CourseletterError):
    """Nothing more is tried for this account, or from this address, until `wait` has passed (HTTP 429)."""

    def __init__(self, wait: timedelta) -> None:
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        super().__init__(
            f"Too many tries. Wait {minutes} minute{'' if minutes == 1 else 's'}, then sign in again."
        )
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed, and from which network address. `before` is the session id they came with."""

    email: str
    password: str
    code: str
    ip: str
    before: str | None = None


def sign_in(database: Database, attempt: Attempt, now: datetime) -> str:
    """Return a new session's id. Raises TooManyTries, or InvalidInput that does not say what was wrong."""
    account = key_of(attempt.email)
    with database.write() as session:  # counted before it is tried: a hundred at once are a hundred
        if not quotas.take_sign_in(session, account, attempt.ip, now):
            raise TooManyTries(quotas.SIGN_INS.wait(now))
    with database.read() as session:
        user = find_user(session, attempt.email)
    # Outside of a transaction: it takes a while by design.
    right = passwords.verify(attempt.password, user.password_hash if user else None)
    with database.write() as session:
        user = session.get(User, user.id) if user and right else None
        if user is None or (user.totp_secret and not codes.take(session, user, attempt.code, now)):
            raise InvalidInput("Address, password or code is not right. Look them over, and try again.")
        quotas.forgive_sign_in(session, account, attempt.ip, now)
        return sessions.begin(session, user, now, attempt.before)


def find_user(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email_key == key_of(email)))


def key_of(email: str) -> str:
    """An address as it is compared; whatever was typed, no longer than the longest one."""
    return email.strip().casefold()[:320]
