"""What a sign-up form carries so that a program which fills in forms is told from a person. No captcha.

A signed token says which list's form was shown and when: it must be neither younger than a person types nor
older than a day, and serves a handful of presses. A field that nobody sees must stay empty. Whoever fails is
asked to press once more; a program that filled the trap is told what everybody is told.
"""

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from sqlalchemy.orm import Session

from subscribers import quotas

TOKEN: Final = "shown"  # noqa: S105 - names of the form's fields
TRAP: Final = "homepage"
LEAST_AGE: Final = timedelta(seconds=2)
MOST_AGE: Final = timedelta(days=1)
_PURPOSE: Final = b"courseletter.sign-up-form:"


class Verdict(StrEnum):
    PERSON = "person"
    AGAIN = "again"  # from another site's page, too quick, too old, or used up: one more press tells
    PROGRAM = "program"


def make(key: bytes, slug: str, now: datetime) -> str:
    """The token of one showing of a list's form: when it was, something random, a signature over both."""
    shown = f"{int(now.timestamp())}.{secrets.token_urlsafe(9)}"
    return f"{shown}.{_signature(key, slug, shown)}"


def judge(
    session: Session,
    key: bytes,
    slug: str,
    fields: dict[str, str],
    now: datetime,
    *,
    least_age: timedelta = LEAST_AGE,
) -> Verdict:
    """Who seems to have sent this form. Each judgement uses its token up a little."""
    if fields.get(TRAP, ""):
        return Verdict.PROGRAM
    token = fields.get(TOKEN, "")
    shown_at = _shown_at(key, slug, token)
    if shown_at is None or not least_age <= now - shown_at <= MOST_AGE:
        return Verdict.AGAIN
    digest = sha256(token.encode()).hexdigest()
    return Verdict.PERSON if quotas.take_form(session, digest, now) else Verdict.AGAIN


def _shown_at(key: bytes, slug: str, token: str) -> datetime | None:
    """When the form with this token was shown; None for a token that is not ours or not this list's."""
    shown, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, slug, shown).encode()):
        return None
    return datetime.fromtimestamp(int(shown.partition(".")[0]), UTC)


def _signature(key: bytes, slug: str, shown: str) -> str:
    return hmac.digest(key, _PURPOSE + f"{slug}:{shown}".encode(), "sha256").hex()
