"""The signed return path (VERP): a bounce names the delivery it is about, and a forged one names none."""

import base64
import hashlib
import hmac
import re
from typing import Final

_TOKEN_OCTETS: Final = 16
_LOCAL: Final = re.compile(r"b\+([a-z0-9]{1,32})-([a-z2-7]{26})")


def return_path(key: bytes, delivery_id: int | str, domain: str) -> str:
    """Return `b+<delivery>-<signature>@domain`; the id is a number or up to 32 of a-z and 0-9."""
    local = f"b+{delivery_id}-{_signature(key, str(delivery_id))}"
    if not _LOCAL.fullmatch(local):
        raise ValueError(f"delivery id {delivery_id!r} cannot stand in a return path")
    return f"{local}@{domain}"


def delivery_of(key: bytes, address: str, domain: str) -> str | None:
    """Return the delivery id that a bounce to `address` is about, or None for an address we never gave out.

    Case is ignored: some relays change it.
    """
    local, _, given_domain = address.strip("<>").lower().rpartition("@")
    match = _LOCAL.fullmatch(local)
    if match is None or given_domain != domain.lower():
        return None
    delivery_id, signature = match.groups()
    genuine = hmac.compare_digest(signature, _signature(key, delivery_id))
    return delivery_id if genuine else None


def _signature(key: bytes, delivery_id: str) -> str:
    digest = hmac.digest(key, f"return-path:{delivery_id}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:_TOKEN_OCTETS]).decode().rstrip("=").lower()
