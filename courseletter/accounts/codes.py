"""The six digits of a second factor: time-based one-time passwords (RFC 6238)."""

from datetime import datetime
from typing import Final

import pyotp
from sqlalchemy import update
from sqlalchemy.orm import Session

from courseletter.accounts.models import User

STEP: Final = 30  # seconds
SLACK: Final = 1  # steps that a phone's clock may be wrong by


def new_secret() -> str:
    return pyotp.random_base32()


def address(secret: str, email: str, issuer: str) -> str:
    """What a phone's app reads from the square code (the otpauth scheme)."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step that a code belongs to; None where it is none of the present ones."""
    present = int(now.timestamp()) // STEP
    totp = pyotp.TOTP(secret)
    digits = "".join(code.split())
    for step in range(present - SLACK, present + SLACK + 1):
        if pyotp.utils.strings_equal(digits, totp.at(step * STEP)):
            return step
    return None


def take(session: Session, user: User, code: str, now: datetime) -> bool:
    """Use a code up. False: it is wrong, or was used already."""
    step = step_of(user.totp_secret or "", code, now)
    if step is None:
        return False
    used = update(User).where(User.id == user.id, User.totp_step < step).values(totp_step=step)
    return session.execute(used.returning(User.id)).first() is not None
