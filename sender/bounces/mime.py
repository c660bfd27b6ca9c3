"""A mail of any origin as its head and its leaves, in time linear in its length.

The standard library's parser calls itself for every level and looks for every open boundary in every line: a
mail of ten thousand levels ends it. Reports are flat, so depth, parts and octets have limits here, and what
lies beyond is left as it stands. Nothing is unpacked, nothing raises.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MOST_OCTETS: Final = 1_000_000
_DEEPEST: Final = 4
_MOST_PARTS: Final = 32
_LONGEST_HEAD: Final = 64 * 1024

_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")
_FIELD: Final = re.compile(r"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_BOUNDARY: Final = re.compile(r';\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_CHARSET: Final = re.compile(r';\s*charset\s*=\s*"?([\w.:-]{1,40})', re.IGNORECASE)
# Charsets that people write in. Others of Python's codecs take quadratic time or are no charsets at all.
_PLAIN_CHARSET: Final = re.compile(
    r"us-ascii|iso-?8859-\d\d?|windows-125\d|cp125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc-(?:jp|kr)|"
    r"iso-2022-jp",
    re.IGNORECASE,
)

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A head (names in lower case, values unfolded) and a body, its transfer encoding undone."""

    fields: Fields
    body: bytes

    def get(self, name: str) -> str:
        """The first field of this name, or ""."""
        return next((value for one, value in self.fields if one == name), "")

    def all(self, *names: str) -> list[str]:
        return [value for one, value in self.fields if one in names]

    @property
    def type(self) -> str:
        """The media type in lower case; text/plain where none is given (RFC 2045, 5.2)."""
        return self.get("content-type").partition(";")[0].strip().lower() or "text/plain"

    @property
    def text(self) -> str:
        charset = _CHARSET.search(self.get("content-type")[:1000])
        name = charset[1] if charset and _PLAIN_CHARSET.fullmatch(charset[1]) else "utf-8"
        return self.body.decode(name, "replace")


@dataclass(frozen=True, slots=True)
class Mail:
    """`leaves` are the parts that hold no others, in order; a message inside is a leaf too."""

    head: Part
    leaves: tuple[Part, ...]

    def leaf(self, *types: str) -> Part | None:
        return next((part for part in self.leaves if part.type in types), None)

    @property
    def text(self) -> str:
        """What the mail says to people."""
        return "\n".join(part.text for part in self.leaves if part.type in ("text/plain", "text/html"))


def read(raw: bytes) -> Mail:
    """Read a mail; octets beyond MOST_OCTETS are not looked at."""
    whole = _part(raw[:MOST_OCTETS])
    leaves = []
    for leaf in _leaves(whole, _DEEPEST):
        leaves.append(Part(leaf.fields, _decoded(leaf)))
        if len(leaves) == _MOST_PARTS:
            break
    return Mail(whole, tuple(leaves))


def fields_of(text: bytes) -> Fields:
    """The fields of a block of `Name: value` lines. Lines that are none are left out."""
    found = []
    for line in _FOLD.sub(b" ", text[:_LONGEST_HEAD]).splitlines():
        match = _FIELD.fullmatch(line.decode("utf-8", "replace"))
        if match:
            found.append((match[1].lower(), match[2].strip()))
    return tuple(found)


def _part(octets: bytes) -> Part:
    if octets.startswith((b"\n", b"\r\n")):
        return Part((), octets.lstrip(b"\r\n"))
    end = _HEAD_END.search(octets)
    head, body = (octets[: end.start()], octets[end.end() :]) if end else (octets, b"")
    fields = fields_of(head)
    return Part(fields, body) if fields else Part((), octets)


def _leaves(part: Part, depth: int) -> Iterator[Part]:
    boundary = _BOUNDARY.search(part.get("content-type")[:1000])
    if depth == 0 or boundary is None or not part.type.startswith("multipart/"):
        yield part
        return
    for piece in _pieces(part.body, (boundary[1] or boundary[2]).encode("utf-8", "replace")):
        yield from _leaves(_part(piece), depth - 1)


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What stands between the delimiter lines; a last one that never comes is not missed."""
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start: int | None = None
    for count, found in enumerate(delimiter.finditer(body)):
        if start is not None:
            yield body[start : found.start()].removeprefix(b"\r").removeprefix(b"\n")
        if found[1] or count == _MOST_PARTS:
            return
        start = found.end()
    if start is not None:
        yield body[start:].removeprefix(b"\r").removeprefix(b"\n")


def _decoded(part: Part) -> bytes:
    encoding = part.get("content-transfer-encoding").strip().lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(part.body)
    if encoding == "base64":
        try:
            return binascii.a2b_base64(part.body)
        except binascii.Error:
            return part.body
    return part.body
