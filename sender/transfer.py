"""Bodies on the wire: UTF-8 text as quoted-printable or base64 (RFC 2045), in lines of at most 76 octets."""

import base64
import re
from typing import Final

_LINE: Final = 76
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_UNSAFE: Final = re.compile(rb"[^\t -<>-~]")
# A dot is doubled by SMTP, "From " gets a ">" in mbox files: neither may open a line, or signatures break.
_FRAGILE_START: Final = (b".", b"From ")


def encode_text(text: str) -> tuple[str, bytes]:
    """Return the name of the shorter transfer encoding and the body in it, ending without a line end.

    Line ends of any kind become CRLF. Raises UnicodeEncodeError for lone surrogates.
    """
    octets = _LINE_END.sub("\r\n", text).encode()
    quoted = _quoted_printable(octets)
    if len(quoted) <= len(octets) * 4 // 3:
        return "quoted-printable", quoted
    packed = base64.b64encode(octets)
    width = _LINE
    return "base64", b"\r\n".join(packed[at : at + width] for at in range(0, len(packed), width))


def _quoted_printable(octets: bytes) -> bytes:
    lines: list[bytes] = []
    for line in octets.split(b"\r\n"):
        lines += _soft_lines(_UNSAFE.sub(_escape, line))
    return b"\r\n".join(lines)


def _soft_lines(line: bytes) -> list[bytes]:
    if line.endswith((b" ", b"\t")):
        line = line[:-1] + b"=%02X" % line[-1]  # white space at a line's end is lost in transport
    pieces = []
    start = 0
    while True:
        head = b""
        if line.startswith(_FRAGILE_START, start):
            head, start = b"=%02X" % line[start], start + 1
        if len(head) + len(line) - start <= _LINE:
            pieces.append(head + line[start:])
            return pieces
        end = start + _LINE - 1 - len(head)
        cut = line.rfind(b"=", end - 2, end)  # not inside an "=XX"
        end = cut if cut >= 0 else end
        pieces.append(head + line[start:end] + b"=")
        start = end


def _escape(match: re.Match[bytes]) -> bytes:
    return b"=%02X" % match[0][0]
