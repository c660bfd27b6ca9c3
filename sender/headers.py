"""Header values on the wire: plain where a value allows it, RFC 2047 encoded words where not, folded at 76.

A folded line begins with one space, and no value has white space at its ends or two spaces in a row: DKIM's
relaxed form of a value is the value unfolded. The standard library's header writer is not used: it encodes
long URLs and lets a crafted value open a new field (CVE-2024-6923).
"""

import re
from binascii import b2a_base64
from typing import Final

from subscribers.addresses import Address

LONGEST_LINE: Final = 998  # octets without CRLF, RFC 5322, 2.1.1
_FOLD_AT: Final = 76
_WORD_OVERHEAD: Final = len("=?utf-8?b??=")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def unstructured(value: str, name_length: int) -> bytes:
    """Return the value of a field such as Subject, folded; `name_length` is that of the field's name."""
    folded = _fold(value, name_length) if _is_plain(value) else None
    return _encoded_words(value, name_length) if folded is None else folded


def phrase(value: str, name_length: int) -> bytes:
    """Return a display name: atoms, a quoted string, or encoded words; b"" for none."""
    if not value:
        return b""
    if _is_plain(value):
        quoted = value if _ATOMS.fullmatch(value) else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
        if name_length + 2 + len(quoted) <= _FOLD_AT:
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


def unfolded(value: bytes) -> bytes:
    return value.replace(b"\r\n", b"")


def _is_plain(value: str) -> bool:
    """Whether a value can stand as it is: printable ASCII which nobody takes for encoded words."""
    return (
        value.isascii()
        and value.isprintable()
        and "=?" not in value
        and "  " not in value
        and value.strip(" ") == value
    )


def _fold(value: str, name_length: int) -> bytes | None:
    """Fold before spaces, so that unfolding gives the very same text; None when a word is too long."""
    room = _FOLD_AT - name_length - 2
    if len(value) <= room:
        return value.encode()
    lines = [""]
    for word in re.findall(r" ?[^ ]+", value):
        if len(lines[-1]) + len(word) > room and lines[-1]:
            lines.append("")
            room = _FOLD_AT
        if len(word) > room:
            return None
        lines[-1] += word
    return "\r\n".join(lines).encode()


def _encoded_words(value: str, name_length: int) -> bytes:
    """Words of at most 75 octets, each of whole characters (RFC 2047, 2 and 5)."""
    octets = value.encode()
    words = []
    start, room = 0, _octets_in(_FOLD_AT - name_length - 2)
    while True:
        end = start + room
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        words.append(b"=?utf-8?b?" + b2a_base64(octets[start:end], newline=False) + b"?=")
        if end >= len(octets):
            return b"\r\n ".join(words)
        start, room = end, _octets_in(_FOLD_AT - 1)


def _octets_in(width: int) -> int:
    return (width - _WORD_OVERHEAD) // 4 * 3
