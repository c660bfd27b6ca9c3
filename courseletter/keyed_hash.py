"""HMAC-SHA-256 (RFC 2104) under a key that is used over and over: a mail needs five.

`hmac.digest` works the key in anew each time, which costs more than the hash of a short text itself.
"""

import hashlib
from functools import lru_cache
from typing import Final

_BLOCK: Final = 64  # octets that SHA-256 takes at a time
_INNER: Final = bytes(octet ^ 0x36 for octet in range(256))
_OUTER: Final = bytes(octet ^ 0x5C for octet in range(256))


def keyed_hash(key: bytes, message: bytes) -> bytes:
    """Return the 32 octets of HMAC-SHA-256, as hmac.digest(key, message, "sha256") does."""
    inner, outer = _prepared(key)
    hashed, again = inner.copy(), outer.copy()
    hashed.update(message)
    again.update(hashed.digest())
    return again.digest()


@lru_cache(maxsize=16)  # an installation has one key, and derives one for each kind of link
def _prepared(key: bytes) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    block = key.ljust(_BLOCK, b"\0")
    return hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))
