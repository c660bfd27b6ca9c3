"""A provider's call as it came in, and what every module needs to read one."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from courseletter.errors import CourseletterError


class Forged(CourseletterError):
    """The call is not from the provider, or nobody can tell (HTTP 401). Nothing of it was kept."""


class Unavailable(CourseletterError):
    """Whether the call is genuine cannot be found out just now (HTTP 503): the provider comes again."""


class Malformed(CourseletterError):
    """The call is from the provider, and is not what it should be (HTTP 400)."""


@dataclass(frozen=True, slots=True)
class Call:
    """`headers` have names in lower case; `body` is octet for octet what was signed."""

    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's value. Malformed: it is no JSON, or nested beyond reason."""
        return parsed(self.body)


def parsed(text: bytes | str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("The call's body is no JSON.") from None


def text_at(value: Any, *path: str) -> str:
    """The text or number at a path of names, or "": whatever else stands there is not what was promised."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).encode("utf-8", "replace").decode()  # JSON may spell half a character


def list_at(value: Any, *path: str) -> list[Any]:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def message_id(text: str) -> str:
    """A Message-ID in angle brackets, which some providers leave out."""
    text = text.strip()
    return text if text.startswith("<") or not text else f"<{text}>"


def check_secret(call: Call, secret: str) -> None:
    """Raise Forged unless the call bears the secret: as a bearer token or as the password of basic auth."""
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    elif scheme.lower() != "bearer":
        given = ""
    if not hmac.compare_digest(given.strip().encode(), secret.encode()):
        raise Forged("The call does not bear the secret.")
