"""The signed return path (VERP): a bounce names the delivery it is about, and a forged one names none.

The address of a List-Unsubscribe mailto is signed alike; it names a list and a subscriber.
"""

import hmac
import re
from typing import Final

from courseletter.keyed_hash import keyed_hash

_TOKEN_OCTETS: Final = 16
_LOCAL: Final = r"b\+(\d{1,19})-([0-9a-f]{32})"
_OPT_OUT_LOCAL: Final = r"u\+(\d{1,10})-(\d{1,10})-([0-9a-f]{32})"
_DOMAIN: Final = r"([a-z0-9.-]{1,255})"

# What looks like an address of ours, signed or not, for a search in a text.
RETURN_PATH: Final = re.compile(f"{_LOCAL}@{_DOMAIN}", re.IGNORECASE | re.ASCII)
OPT_OUT: Final = re.compile(f"{_OPT_OUT_LOCAL}@{_DOMAIN}", re.IGNORECASE | re.ASCII)


def return_path(key: bytes, delivery_id: int, domain: str) -> str:
    """Return `b+<delivery>-<signature>@domain`."""
    return f"b+{delivery_id}-{_signature(key, f'return-path:{delivery_id}')}@{domain}"


def delivery_of(key: bytes, address: str, domain: str) -> int | None:
    """Return the id of the delivery that a bounce to `address` is about, or None for an address we never gave
    out.

    Case is ignored: some relays change it.
    """
    match = RETURN_PATH.fullmatch(address.strip("<>").lower())
    if match is None or match[3] != domain.lower():
        return None
    delivery_id, signature = match[1], match[2]
    genuine = hmac.compare_digest(signature, _signature(key, f"return-path:{delivery_id}"))
    return int(delivery_id) if genuine else None


def opt_out_address(key: bytes, list_id: int, subscriber_id: int, domain: str) -> str:
    """Return the address to which a mail means: take this subscriber off this list."""
    return f"u+{list_id}-{subscriber_id}-{_signature(key, f'opt-out:{list_id}:{subscriber_id}')}@{domain}"


def membership_of(key: bytes, address: str, domain: str) -> tuple[int, int] | None:
    """Return the list and the subscriber of an opt_out_address(), or None for one we never gave out."""
    match = OPT_OUT.fullmatch(address.strip("<>").lower())
    if match is None or match[4] != domain.lower():
        return None
    list_id, subscriber_id = int(match[1]), int(match[2])
    genuine = hmac.compare_digest(match[3], _signature(key, f"opt-out:{list_id}:{subscriber_id}"))
    return (list_id, subscriber_id) if genuine else None


def _signature(key: bytes, what: str) -> str:
    return keyed_hash(key, what.encode())[:_TOKEN_OCTETS].hex()
