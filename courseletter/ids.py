"""Ids that stay for ever and are seen by people: in course folders, links and exports."""

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread


def new_id(prefix: str) -> str:
    """A fresh id like `les_01J9ZK4Q7M`: 50 random bits behind a prefix that says what it names."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(10))
