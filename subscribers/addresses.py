"""What may stand in an address or a header: checked at sign-up and import, and again by the sender."""

import base64
import binascii
import quopri
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email

from courseletter.errors import InvalidInput

ERASED: Final = "@erased.invalid"  # .invalid never resolves (RFC 2606)
LOCAL_OCTETS: Final = 64  # RFC 5321, 4.5.3.1.1
DOMAIN_OCTETS: Final = 255  # RFC 5321, 4.5.3.1.2
_LONGEST_ADDRESS: Final = LOCAL_OCTETS + 1 + DOMAIN_OCTETS

# What every check lets through as it is. Without capitals: “Postmaster” is made “postmaster”.
_PLAIN_LOCAL: Final = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*")
_SHORT: Final = 64  # so short an address is within all limits in every form that its domain has

_BREAKS: Final = re.compile(r"[\r\n\0]")
_ENCODED_WORD: Final = re.compile(r"=\?([^?\s]*)\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_DECODING_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox as it goes over the wire: the local part as given (NFC), the domain as A-labels."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether a relay without SMTPUTF8 (RFC 6531) cannot take mail for this address."""
        return not self.local.isascii()


def check_address(text: str) -> Address:
    """Return the mailbox that `text` names; InvalidInput(field="email") says what is wrong with it.

    Syntax only, no DNS. Quoted local parts and address literals are refused: nobody signs up with one, and
    a space or an `@` inside quotes is how an envelope is smuggled past a careless relay.
    """
    return Address(*_parts(text))


def written(text: str) -> str:
    """The mailbox that `text` names as it is written; raises what check_address does."""
    local, domain = _parts(text)
    return f"{local}@{domain}"


def _parts(text: str) -> tuple[str, str]:
    text = text.strip(" \t")
    local, _, domain = text.rpartition("@")
    if len(text) <= _SHORT and text.isascii() and _PLAIN_LOCAL.fullmatch(local):
        return local, _a_labels(domain)
    return _checked(text)


@lru_cache(maxsize=4096)  # most people have their address at one of few domains
def _a_labels(domain: str) -> str:
    """The domain of an address as it goes over the wire."""
    return _checked(f"a@{domain}")[1]


def _checked(text: str) -> tuple[str, str]:
    # The validator's time grows with the length, so length comes first.
    if len(text) > _LONGEST_ADDRESS:
        raise AddressRefused(f"it is longer than {_LONGEST_ADDRESS} characters")
    try:
        valid = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise AddressRefused(str(error).rstrip(".")) from None
    local, domain = valid.local_part, valid.ascii_domain
    if len(local.encode()) > LOCAL_OCTETS:
        raise AddressRefused(f"the part before the @-sign is longer than {LOCAL_OCTETS} octets")
    return local, domain


class AddressRefused(InvalidInput):
    """An address that nobody can have; `why` without the mend, and without what it has of the address."""

    def __init__(self, why: str) -> None:
        told = f"This email address cannot be used: {why}. Write it as name@example.org."
        super().__init__(told, field="email")
        self.why = why.partition(":")[0]


def check_header_text(text: str, field: str) -> str:
    """Return `text` when it can stand in a mail header, else InvalidInput naming `field`.

    CR, LF and NUL are refused as they stand and inside RFC 2047 encoded words, also nested ones: a program
    that decodes such a word and writes it out again emits a header of the attacker's (CVE-2024-6923).
    """
    if text.isprintable() and "=?" not in text:
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            f"The {field} has a character that is not valid Unicode. Type it again.", field=field
        ) from None
    decoded = text
    for _ in range(_DECODING_DEPTH):
        if _BREAKS.search(decoded):
            raise InvalidInput(
                f"The {field} has a line break or a NUL in it. Write it on one line.", field=field
            )
        decoded, words = _ENCODED_WORD.subn(_decode, decoded)
        if not words:
            return text
    raise InvalidInput(f"The {field} is encoded text. Write it as it should be read.", field=field)


def _decode(word: re.Match[str]) -> str:
    charset, encoding, payload = word.group(1).partition("*")[0], word.group(2).lower(), word.group(3)
    raw = payload.encode("utf-8", "replace")
    try:
        octets = base64.b64decode(raw + b"==") if encoding == "b" else quopri.decodestring(raw, header=True)
        return octets.decode(charset, "replace")
    except binascii.Error:
        return ""  # no reader can decode it either
    except LookupError:
        return octets.decode("latin-1")
