"""DKIM signatures (RFC 6376, Ed25519 by RFC 8463): the last step before a message is sent."""

import base64
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from courseletter.errors import CourseletterError, InvalidInput

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]

_SMALLEST_RSA: Final = 2048
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
_SIGNED: Final = ("list-id", "content-language", "auto-submitted")
_WHITE_SPACE: Final = re.compile(rb"[ \t]+")
_FIELD_START: Final = re.compile(rb"\r\n(?![ \t])")
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

    def sign(self, octets: bytes) -> bytes:
        if isinstance(self.private_key, RSAPrivateKey):
            return self.private_key.sign(octets, PKCS1v15(), SHA256())
        return self.private_key.sign(hashlib.sha256(octets).digest())  # RFC 8463, 3: over the hash


def sign(message: bytes, keys: Sequence[DkimKey], now: datetime) -> bytes:
    """Return the message with one DKIM-Signature a key on top, relaxed/relaxed, over the whole body."""
    head, _, body = message.partition(b"\r\n\r\n")
    fields = [(_name(field), field) for field in _FIELD_START.split(head)]
    names = _names_to_sign([name for name, _ in fields])
    signed = b"".join(_relaxed_field(field) for field in _chosen(fields, names))
    body_hash = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()
    signatures = [_signature(key, signed, names, body_hash, int(now.timestamp())) for key in keys]
    return b"".join(signatures) + message


def _signature(key: DkimKey, signed: bytes, names: list[str], body_hash: str, moment: int) -> bytes:
    field = (
        f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n"
        f" d={key.domain}; s={key.selector}; t={moment};\r\n"
        f" h={_folded(':'.join(names), ':')};\r\n"
        f" bh={body_hash};\r\n"
        f" b="
    ).encode()
    value = base64.b64encode(key.sign(signed + _relaxed_field(field).removesuffix(b"\r\n"))).decode()
    lines = [value[at : at + 72] for at in range(0, len(value), 72)]
    return field + "\r\n ".join(lines).encode() + b"\r\n"


def _folded(text: str, separator: str) -> str:
    lines = [""]
    for word in text.split(separator):
        if len(lines[-1]) + len(word) > 70:
            lines.append("")
        lines[-1] += word + separator
    return "\r\n  ".join(lines).removesuffix(separator)


def _names_to_sign(present: list[str]) -> list[str]:
    names: list[str] = []
    for name in _OVERSIGNED:
        names += [name] * (present.count(name) + 1)
    for name in _SIGNED:
        names += [name] * present.count(name)
    return names


def _chosen(fields: list[tuple[str, bytes]], names: list[str]) -> list[bytes]:
    """Return the field instances that `names` stands for: the lowest first, nothing for one too many."""
    left = fields[::-1]
    chosen = []
    for name in names:
        at = next((index for index, field in enumerate(left) if field[0] == name), None)
        if at is not None:
            chosen.append(left.pop(at)[1])
    return chosen


def _name(field: bytes) -> str:
    return field.partition(b":")[0].strip().decode("ascii", "replace").lower()


def _relaxed_field(field: bytes) -> bytes:
    name, _, value = field.partition(b":")
    value = _WHITE_SPACE.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip().lower() + b":" + value + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4: runs of white space are one space, none at a line's end, no empty lines at the end."""
    body = _WHITE_SPACE.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b" \r\n")
    return body + b"\r\n" if body else b""
