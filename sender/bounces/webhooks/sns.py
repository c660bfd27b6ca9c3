"""Amazon SNS: the envelope in which SES sends its notifications, and its signature.

Anybody with an Amazon account can make SNS sign a message. So the signature proves the sender only together
with the topic, which must be ours. Certificate and confirmation are fetched from SNS's own hosts and nowhere
else, by the fetcher that never enters a private network.
"""

import base64
import re
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from campaigns.reading.fetching import Fetcher
from courseletter.errors import InvalidInput
from sender.bounces.webhooks.call import Call, Forged, Unavailable, text_at

_HOST: Final = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?")
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_MOST_CERTIFICATES: Final = 20  # there is one a region, and a new one every year


class Sns:
    """Checks envelopes of one topic. Certificates are fetched once: their address changes with them."""

    def __init__(self, topic: str, fetcher: Fetcher) -> None:
        self._topic = topic
        self._fetcher = fetcher
        self._keys: dict[str, RSAPublicKey] = {}

    def open(self, call: Call) -> str:
        """Return a notification's message; "" for a confirmation, which is answered."""
        envelope = call.json()
        kind = text_at(envelope, "Type")
        if text_at(envelope, "TopicArn") != self._topic or kind not in _SIGNED:
            raise Forged("The call is not of our topic.")
        self._check(envelope, kind)
        if kind == "Notification":
            return text_at(envelope, "Message")
        if kind == "SubscriptionConfirmation":
            self._fetch(text_at(envelope, "SubscribeURL"))
        return ""

    def _check(self, envelope: Any, kind: str) -> None:
        hashing = {"1": SHA1(), "2": SHA256()}.get(text_at(envelope, "SignatureVersion"))  # noqa: S303
        if hashing is None:
            raise Forged("The signature's version is not known.")
        present = [name for name in _SIGNED[kind] if name != "Subject" or text_at(envelope, name)]
        signed = "".join(f"{name}\n{text_at(envelope, name)}\n" for name in present)
        key = self._key(text_at(envelope, "SigningCertURL"))
        try:
            signature = base64.b64decode(text_at(envelope, "Signature"), validate=True)
            key.verify(signature, signed.encode(), PKCS1v15(), hashing)
        except (ValueError, InvalidSignature):
            raise Forged("The signature is wrong.") from None

    def _key(self, url: str) -> RSAPublicKey:
        if url not in self._keys:
            try:
                key = load_pem_x509_certificate(self._fetch(url)).public_key()
            except ValueError:
                raise Forged("The certificate cannot be read.") from None
            if not isinstance(key, RSAPublicKey):
                raise Forged("The certificate has another kind of key.")
            if len(self._keys) >= _MOST_CERTIFICATES:
                self._keys.clear()
            self._keys[url] = key
        return self._keys[url]

    def _fetch(self, url: str) -> bytes:
        if not is_of_sns(url):
            raise Forged("The address is not one of SNS.")
        try:
            page = self._fetcher.fetch(url)
        except InvalidInput as error:
            raise Unavailable(f"SNS cannot be asked: {error}") from None
        if page.url != url:
            raise Forged("SNS led elsewhere.")
        return page.data


def is_of_sns(url: str) -> bool:
    """Whether an address is https and names a host of SNS itself: no user, no port, nothing look-alike."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and port is None and bool(_HOST.fullmatch(parts.netloc))
