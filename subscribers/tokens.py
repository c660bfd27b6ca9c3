"""The signed tokens in links: who may do what without a login. Bound to one purpose, valid for ever.

Unsubscribe links must never expire (CAN-SPAM asks for 30 days, RFC 8058 for as long as the mail is kept), so
a token carries no time. What it permits is small and can be undone; what cannot is asked for on a page.
"""

import hashlib
from enum import StrEnum

from itsdangerous import BadSignature, URLSafeSerializer

from courseletter.errors import NotFound


class Purpose(StrEnum):
    """What a token is good for. One purpose's token never opens another's door."""

    CONFIRM = "confirm"  # ids: mailing list, subscriber
    LEARN = "learn"  # ids: enrolment
    UNSUBSCRIBE = "unsubscribe"  # ids: mailing list, subscriber


class Tokens:
    """Makes and reads tokens under the installation's secret: HMAC-SHA-256, 256 bits."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, purpose: Purpose, *ids: int) -> str:
        return str(self._serializer(purpose).dumps(list(ids)))

    def read(self, purpose: Purpose, token: str) -> tuple[int, ...]:
        """Return the ids a token was made for. A foreign, changed or cut token raises NotFound."""
        try:
            ids = self._serializer(purpose).loads(token)
        except BadSignature:
            raise NotFound(
                "This link is not complete. Open it again from the mail, or copy all of it."
            ) from None
        return tuple(int(one) for one in ids)

    def _serializer(self, purpose: Purpose) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._key, salt=f"courseletter.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )
