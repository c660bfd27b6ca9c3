"""Header values on the wire: plain where a value allows it, RFC 2047 encoded words where not, folded at 76.

The standard library's header writer is not used: it encodes long URLs and lets a crafted value open a new
field (CVE-2024-6923).
"""

import base64
import re
from typing import Final

from subscribers.addresses import Address

LONGEST_LINE: Final = 998  # octets without CRLF, RFC 5322, 2.1.1
_FOLD_AT: Final = 76
_WORD_OVERHEAD: Final = len("=?utf-8?b??=")
_PLAIN: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")  # printable ASCII, no space at either end
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def unstructured(value: str, name_length: int) -> bytes:
    """Return the value of a field such as Subject, folded; `name_length` is that of the field's name."""
    if value and (not _PLAIN.fullmatch(value) or "=?" in value):
        return _encoded_words(value, name_length)
    folded = _fold(value, name_length)
    return _encoded_words(value, name_length) if folded is None else folded


def phrase(value: str, name_length: int) -> bytes:
    """Return a display name: atoms, a quoted string, or encoded words; b"" for none."""
    if not value:
        return b""
    quoted = value if _ATOMS.fullmatch(value) else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    plain = _PLAIN.fullmatch(value) and "=?" not in value and "  " not in value
    if plain and name_length + 2 + len(quoted) <= _FOLD_AT:
        return quoted.encode()
    return _encoded_words(value, name_length)


def mailbox(name: str, address: Address, name_length: int) -> bytes:
    """Return `name <address>`, or the bare address; a non-ASCII local part stays UTF-8 (RFC 6532)."""
    spec = str(address).encode()
    display = phrase(name, name_length)
    if not display:
        return spec
    last_line = (b" " * (name_length + 2) + display).rpartition(b"\r\n")[2]
    separator = b" " if len(last_line) + len(spec) + 3 <= _FOLD_AT else b"\r\n "
    return display + separator + b"<" + spec + b">"


def _fold(value: str, name_length: int) -> bytes | None:
    """Fold before spaces, so that unfolding gives the very same text; None when a word is too long."""
    lines = [""]
    room = _FOLD_AT - name_length - 2
    for word in re.findall(r" *[^ ]+", value):
        if len(lines[-1]) + len(word) > room and lines[-1]:
            lines.append("")
            room = _FOLD_AT
        if len(word) > room:
            return None
        lines[-1] += word
    return "\r\n".join(lines).encode()


def _encoded_words(value: str, name_length: int) -> bytes:
    words: list[bytes] = []
    chunk = b""
    room = _octets_in(_FOLD_AT - name_length - 2)
    for character in value:
        octets = character.encode()
        if len(chunk) + len(octets) > room:
            words.append(_encoded_word(chunk))
            chunk = b""
            room = _octets_in(_FOLD_AT - 1)
        chunk += octets
    words.append(_encoded_word(chunk))
    return b"\r\n ".join(words)


def _octets_in(width: int) -> int:
    return (width - _WORD_OVERHEAD) // 4 * 3


def _encoded_word(octets: bytes) -> bytes:
    return b"=?utf-8?b?" + base64.b64encode(octets) + b"?="
