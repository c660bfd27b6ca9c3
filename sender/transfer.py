"""Texts on the wire: quoted-printable or base64 (RFC 2045), in lines of at most 76 octets.

What is returned here is canonical: no relay has a reason to change it, and DKIM's relaxed form of it is the
text itself. So a message is neither dot-stuffed nor canonicalised.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterable
from typing import Final, Literal

Encoding = Literal["quoted-printable", "base64"]

_SOFT_BREAK: Final = b"=\r\n"
_WIDTH: Final = 75  # one octet less than a line holds: the "=" of a soft break
_LINE: Final = 76
# A text that is its own quoted-printable form, but for soft breaks.
_PLAIN: Final = re.compile(r"[!-,/-<>-EG-~][!-<>-~]*+(?: [!-<>-~]++)*+ ?")
_LONGEST_KEPT: Final = 500  # octets: what is longer seldom comes twice
_UNSAFE: Final = re.compile(rb"[^\n -<>-~]")
# A dot is doubled by SMTP, "From " gets a ">" in mbox files, "--" begins a boundary: none may open a line.
_FRAGILE: Final = b".F-"


def encoding_for(text: str) -> Encoding:
    """Return quoted-printable, unless it is more than a third longer than base64, as it is for most scripts
    but Latin.
    """
    quoted, packed = len(quoted_printable(text)), len(base64_text(text))
    return "quoted-printable" if quoted * 3 <= packed * 4 else "base64"


def quoted_printable(text: str) -> bytes:
    """Return a text on lines of its own, so that encoded pieces can follow one another in any order.

    Line ends of any kind become CRLF. Raises UnicodeEncodeError for lone surrogates.
    """
    if _PLAIN.fullmatch(text):
        return _folded(text.encode()) + _SOFT_BREAK
    lines = [_folded(line) for line in _escaped(text.encode()).split(b"\n")]
    return b"\r\n".join(lines) + (_SOFT_BREAK if lines[-1] else b"")


def base64_text(text: str) -> bytes:
    """Return a whole text with CRLF line ends in base64, ending without a line end.

    Raises UnicodeEncodeError for lone surrogates.
    """
    octets = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
    packed = b2a_base64(octets, newline=False)
    return b"\r\n".join([packed[at : at + _LINE] for at in range(0, len(packed), _LINE)])


class QuotedTexts(dict[str, bytes]):
    """Texts and their quoted-printable form; one that is not there yet is encoded when it is asked for."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> "QuotedTexts":
        return cls({text: quoted_printable(text) for text in texts})

    def __missing__(self, text: str) -> bytes:
        octets = quoted_printable(text)
        if len(octets) <= _LONGEST_KEPT:
            self[text] = octets
        return octets


def _escaped(octets: bytes) -> bytes:
    """All but lines of printable ASCII with single spaces between words is escaped."""
    octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _UNSAFE.sub(_escape, octets).replace(b"  ", b" =20").replace(b" \n", b"=20\n")


def _escape(match: re.Match[bytes]) -> bytes:
    return b"=%02X" % match[0][0]


def _folded(line: bytes) -> bytes:
    """An escaped line with soft breaks where it is too long."""
    if len(line) <= _WIDTH and not (line and line[0] in _FRAGILE):
        return line
    pieces = []
    start = 0
    while start < len(line):
        if line[start] in _FRAGILE:
            line = line[:start] + b"=%02X" % line[start] + line[start + 1 :]
        end = start + _WIDTH
        if end < len(line) and (cut := line.rfind(b"=", end - 2, end)) >= 0:
            end = cut  # not inside an "=XX"
        pieces.append(line[start:end])
        start = end
    return _SOFT_BREAK.join(pieces)
