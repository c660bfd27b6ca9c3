"""DKIM signatures (RFC 6376, Ed25519 by RFC 8463): the last step before a message is sent."""

import base64
import os
import re
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from courseletter.errors import CourseletterError, InvalidInput
from sender.headers import unfolded

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]

_SMALLEST_RSA: Final = 2048
_PADDING: Final = PKCS1v15()
_DIGESTED: Final = Prehashed(SHA256())
# Named once more than they occur, so that a field added on the way breaks the signature (RFC 6376, 8.15).
_OVERSIGNED: Final = (
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "list-unsubscribe",
    "list-unsubscribe-post",
)
_SELECTOR: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key with the place of its public half: `<selector>._domainkey.<domain>`."""

    selector: str
    domain: str
    private_key: RSAPrivateKey | Ed25519PrivateKey

    def __post_init__(self) -> None:
        for field, value in (("selector", self.selector), ("domain", self.domain)):
            if not _SELECTOR.fullmatch(value):
                raise InvalidInput(
                    f"The DKIM {field} is not a DNS name: write letters and digits.", field=field
                )
        if isinstance(self.private_key, RSAPrivateKey) and self.private_key.key_size < _SMALLEST_RSA:
            raise InvalidInput(
                f"The DKIM key is shorter than {_SMALLEST_RSA} bits: make a new one.", field="key"
            )

    @classmethod
    def generate_rsa(cls, selector: str, domain: str) -> "DkimKey":
        """Make a new RSA key of 2048 bits: longer ones do not fit every DNS provider's form."""
        return cls(selector, domain, generate_private_key(65537, _SMALLEST_RSA))

    @classmethod
    def generate_ed25519(cls, selector: str, domain: str) -> "DkimKey":
        return cls(selector, domain, Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path, selector: str, domain: str) -> "DkimKey":
        """Read a PEM file written by save() or by openssl; CourseletterError says what is wrong with it."""
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise CourseletterError(
                f"The DKIM key {path} cannot be read: {error}. Give an unencrypted PEM file."
            ) from None
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
            raise CourseletterError(f"The DKIM key {path} is neither RSA nor Ed25519. Make a new one.")
        return cls(selector, domain, key)

    def save(self, path: Path) -> None:
        """Write the key as PKCS #8 PEM, readable by its owner alone; never over an existing file."""
        pem = self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)

    @property
    def algorithm(self) -> Algorithm:
        return "rsa-sha256" if isinstance(self.private_key, RSAPrivateKey) else "ed25519-sha256"

    @property
    def record_name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record_value(self) -> str:
        """The TXT record that publishes this key (RFC 6376, 3.6.1; RFC 8463, 4)."""
        public = self.private_key.public_key()
        if self.algorithm == "rsa-sha256":
            octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return f"v=DKIM1; k=rsa; p={base64.b64encode(octets).decode()}"
        octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(octets).decode()}"

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest; Ed25519 takes it for its message (RFC 8463, 3)."""
        if isinstance(self.private_key, RSAPrivateKey):
            return self.private_key.sign(digest, _PADDING, _DIGESTED)
        return self.private_key.sign(digest)


class Signer:
    """Signs messages that have the same fields and differ in the values of some, relaxed/relaxed.

    The relaxed form (RFC 6376, 3.4) of what it is given must be plain to see: values as sender/headers.py
    writes them, bodies as sender/transfer.py does.
    """

    def __init__(
        self, keys: Sequence[DkimKey], constant: Sequence[tuple[str, bytes]], varying: Sequence[str]
    ) -> None:
        """`constant` are the fields with one value in all messages, `varying` the names of the others."""
        names = [*(name.lower() for name, _ in constant), *(name.lower() for name in varying)]
        fields = [name.lower().encode() + b":" + unfolded(value) + b"\r\n" for name, value in constant]
        self._constant = sha256(b"".join(fields))
        self._varying = "".join(f"{name.lower()}:%b\r\n" for name in varying).encode()
        self._signatures = [_Signature(key, [*names, *_OVERSIGNED]) for key in keys]

    def sign(self, values: Sequence[bytes], body: bytes, moment: int) -> bytes:
        """Return a DKIM-Signature field for each key, if there are any.

        `values` are those of the varying fields, in order; `moment` is told in seconds since 1970.
        """
        if not self._signatures:
            return b""
        fields = self._constant.copy()
        fields.update(self._varying % tuple(map(unfolded, values)))
        body_hash = b2a_base64(sha256(body).digest(), newline=False)
        signatures = []
        for signature in self._signatures:
            signed = fields.copy()
            signed.update(signature.relaxed % (moment, body_hash))
            signatures.append(signature.field % (moment, body_hash, signature.value(signed.digest())))
        return b"".join(signatures)


class _Signature:
    """One key's field, with places for moment, body hash and signature; the relaxed form lacks the last."""

    def __init__(self, key: DkimKey, names: Sequence[str]) -> None:
        value = (
            f"v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n"
            f" d={key.domain}; s={key.selector};\r\n"
            f" h={_folded(names)};\r\n"
            " t=%d; bh=%b;\r\n"
            " b="
        ).encode()
        self._key = key
        self.field = b"DKIM-Signature: " + value + b"%b\r\n"
        self.relaxed = b"dkim-signature:" + unfolded(value)

    def value(self, digest: bytes) -> bytes:
        value = b2a_base64(self._key.sign(digest), newline=False)
        return b"\r\n ".join([value[at : at + 72] for at in range(0, len(value), 72)])


def _folded(names: Sequence[str]) -> str:
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > 70:
            lines.append("")
        lines[-1] += f"{name}:"
    return "\r\n ".join(lines).removesuffix(":")
