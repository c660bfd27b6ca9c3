"""Passwords: what is asked of one, and Argon2id (RFC 9106) to keep it."""

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from courseletter.errors import InvalidInput

SHORTEST: Final = 10  # characters; length is what counts (NIST SP 800-63B)
LONGEST: Final = 200

# OWASP's choice of Argon2id: 19 MiB, so that many who sign in at once do not use up a small server's memory.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def check(password: str, email: str) -> None:
    """Raise InvalidInput for a password that is guessed soon."""
    if len(password) < SHORTEST:
        raise InvalidInput(
            f"It has {len(password)} characters. Write {SHORTEST} or more; three words do well.",
            field="password",
        )
    if len(password) > LONGEST:
        raise InvalidInput(f"It is longer than {LONGEST} characters. Write a shorter one.", field="password")
    if len(set(password)) < 4 or password.casefold() in (
        email.casefold(),
        email.casefold().partition("@")[0],
    ):
        raise InvalidInput("Anybody would try that one first. Write another.", field="password")


def hashed(password: str) -> str:
    return _HASHER.hash(password)


def verify(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one. None, for a user who is not there, takes as long to refuse."""
    try:
        return _HASHER.verify(stored or _nobodys(), password[: LONGEST + 1]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody's password")
