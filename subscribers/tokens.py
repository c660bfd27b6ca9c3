"""The signed tokens in links: who may do what without a login. Bound to one purpose, valid for ever.

Unsubscribe links must never expire (CAN-SPAM asks for 30 days, RFC 8058 for as long as the mail is kept), so
a token carries no time. What it permits is small and can be undone; what cannot is asked for on a page.
"""

import hashlib
from binascii import b2a_base64
from enum import StrEnum
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

from courseletter.errors import NotFound
from courseletter.keyed_hash import keyed_hash

_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")  # RFC 4648, 5


class Purpose(StrEnum):
    """What a token is good for. One purpose's token never opens another's door."""

    CLICK = "click"  # ids: delivery
    CONFIRM = "confirm"  # ids: mailing list, subscriber
    LEARN = "learn"  # ids: enrolment
    READ = "read"  # ids: delivery
    UNSUBSCRIBE = "unsubscribe"  # ids: mailing list, subscriber


class Tokens:
    """Makes and reads tokens under the installation's secret: HMAC-SHA-256, 256 bits."""

    def __init__(self, key: bytes) -> None:
        self._serializers = {
            purpose: URLSafeSerializer(
                key, salt=f"courseletter.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
            )
            for purpose in Purpose
        }
        self._keys = {
            purpose: one.make_signer(one.salt).derive_key() for purpose, one in self._serializers.items()
        }

    def make(self, purpose: Purpose, *ids: int) -> str:
        """Write what itsdangerous reads, without deriving the key anew: each mail of a batch needs two."""
        payload = _url_safe(f"[{','.join(map(str, ids))}]".encode())
        signature = _url_safe(keyed_hash(self._keys[purpose], payload))
        return (payload + b"." + signature).decode()

    def read(self, purpose: Purpose, token: str) -> tuple[int, ...]:
        """Return the ids a token was made for. A foreign, changed or cut token raises NotFound."""
        try:
            ids = self._serializers[purpose].loads(token)
        except BadSignature:
            raise NotFound(
                "This link is not complete. Open it again from the mail, or copy all of it."
            ) from None
        return tuple(int(one) for one in ids)


def _url_safe(octets: bytes) -> bytes:
    return b2a_base64(octets, newline=False).translate(_URL_SAFE, b"=")
