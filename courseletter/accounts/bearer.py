"""Random values that a person carries and the database knows by their digest alone.

A plain SHA-256 is enough: nobody guesses 256 random bits, however fast they can try.
"""

import hashlib
import secrets


def fresh() -> str:
    """256 random bits as URL-safe text."""
    return secrets.token_urlsafe(32)


def digest_of(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
