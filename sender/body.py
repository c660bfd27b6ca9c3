"""The body of a mail: a lesson's text and its HTML, as the two parts of a multipart/alternative."""

from collections.abc import Iterable
from hashlib import sha256
from itertools import chain
from typing import Final

from sender.transfer import Encoding, QuotedTexts, base64_text, encoding_for
from templates.compiled import CompiledLesson
from templates.rendering import Pieces

_MOST_KEPT: Final = 500  # texts: titles and dates come again with most readers, names and addresses seldom


class Body:
    """Writes a lesson's body for one reader after the other.

    What the lesson says to everybody is encoded once, and decides in which encoding each part travels.
    """

    def __init__(self, compiled: CompiledLesson, constants: Iterable[str]) -> None:
        self._constants = QuotedTexts.of(constants)
        self._known = QuotedTexts(self._constants)
        self._text_encoding = encoding_for(compiled.text)
        self._html_encoding = encoding_for(compiled.html)
        # "=_" can stand in neither quoted-printable nor base64, so no body can contain the boundary.
        boundary = "=_" + sha256((compiled.text + compiled.html).encode()).hexdigest()[:24]
        self._before_text = _part_head(boundary, "plain", self._text_encoding)
        self._before_html = b"\r\n" + _part_head(boundary, "html", self._html_encoding)
        self._end = f"\r\n--{boundary}--\r\n".encode()
        self.content_type = f'multipart/alternative;\r\n boundary="{boundary}"'.encode()

    def write(self, pieces: Pieces) -> bytes:
        """Raises UnicodeEncodeError for lone surrogates."""
        if len(self._known) > len(self._constants) + _MOST_KEPT:
            self._known = QuotedTexts(self._constants)
        known = self._known
        return b"".join(
            chain(
                (self._before_text,),
                _encoded(pieces.text, self._text_encoding, known),
                (self._before_html,),
                _encoded(pieces.html, self._html_encoding, known),
                (self._end,),
            )
        )


def _encoded(pieces: Iterable[str], encoding: Encoding, known: QuotedTexts) -> Iterable[bytes]:
    if encoding == "quoted-printable":
        return map(known.__getitem__, pieces)
    return (base64_text("".join(pieces)),)


def _part_head(boundary: str, subtype: str, encoding: Encoding) -> bytes:
    return (
        f"--{boundary}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode()
