"""Bytes of a text source to characters, also where the declared encoding is not the true one."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

from campaigns import language
from courseletter.errors import InvalidInput

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9._:-]{2,40})""", re.I)
# What articles come in; without the code pages of DOS, which turn any Western text into another plausible
# one.
_GUESSABLE = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "iso8859_2"),
    *("koi8_r", "koi8_u", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "cp874", "iso2022_jp"),
)
# Read as Windows-1252 wherever that gives text: its bytes alone tell it too badly from its neighbours' pages.
_WESTERN = frozenset(
    [
        "en",
        "de",
        "fr",
        "es",
        "pt",
        "it",
        "nl",
        "sv",
        "da",
        "no",
        "nb",
        "nn",
        "fi",
        "is",
        "ga",
        "gl",
        "ca",
        "eu",
    ]
)
_MOST_ACCENTED = 0.3
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x80-\x9f\ufffd]")
_MOST_CONTROL = 0.005
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Decoded:
    """`guess` is the encoding where nothing named the true one, "" where it is certain."""

    text: str
    guess: str = ""


def decode(data: bytes, name: str, declared: str | None = None) -> Decoded:
    """The text of `data`. `declared` is the encoding an HTTP header names; a <meta> or XML one is found here.

    A byte order mark decides; else UTF-8 if the bytes are valid UTF-8; else the declaration, if it gives
    readable text; else Windows-1252 for a Western language; else what charset-normalizer finds. Raises
    InvalidInput for binary data and undecipherable text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return Decoded(_checked(data.decode(encoding, errors="replace").removeprefix("\ufeff"), name))
    wide = _utf_16_without_mark(data)
    if wide:
        text = data.decode(wide, errors="replace")
        if _share_of_control(text) > _MOST_CONTROL:
            raise _binary(name)
        return Decoded(_checked(text, name))
    if b"\x00" in data[:4096]:
        raise _binary(name)
    try:
        return Decoded(_checked(data.decode("utf-8"), name))
    except UnicodeDecodeError:
        pass
    for claimed in (declared, _in_the_text(data)):
        found = _tried(data, claimed)
        if found is not None:
            return Decoded(_checked(found, name))
    guessed = _guessed(data)
    return replace(guessed, text=_checked(guessed.text, name))


def _utf_16_without_mark(data: bytes) -> str | None:
    """UTF-16 text in a Western script is every second byte zero."""
    sample = data[:4096]
    if len(sample) < 8:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 * half and odd < 0.05 * half else None


def _in_the_text(data: bytes) -> str | None:
    match = _DECLARED.search(data[:4096])
    return match[1].decode("ascii") if match else None


def _tried(data: bytes, encoding: str | None) -> str | None:
    if not encoding or encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-16", "utf-32"):
        return None
    if encoding.lower() in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        encoding = "cp1252"  # what browsers read under these names (WHATWG Encoding)
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None
    return text if _share_of_control(text) <= _MOST_CONTROL else None


def _guessed(data: bytes) -> Decoded:
    mended = data.decode("utf-8", errors="replace")
    broken = mended.count("\ufffd")
    if sum(not character.isascii() for character in mended) > 2 * broken:
        return Decoded(mended, "UTF-8")  # by chance no other encoding makes up characters of several bytes
    western = _tried(data, "cp1252")
    if western is not None and _is_western(western):
        return Decoded(western, "Windows-1252")
    import charset_normalizer

    best = charset_normalizer.from_bytes(data[:200_000], cp_isolation=list(_GUESSABLE)).best()
    text = _tried(data, best.encoding if best else None)
    if best is None or text is None:
        # One stray byte in a UTF-8 text is likelier than an encoding nobody can name.
        return Decoded(mended, "UTF-8")
    return Decoded(text, best.encoding.replace("cp125", "Windows-125"))


def _is_western(text: str) -> bool:
    """Whether a text read as Windows-1252 is one: some accents, in a language that is written with it."""
    words = _TAG.sub(" ", text)
    letters = [character for character in words if character.isalpha()]
    accented = sum(not character.isascii() for character in letters)
    return accented <= _MOST_ACCENTED * len(letters) and language.detect(words) in _WESTERN


def _share_of_control(text: str) -> float:
    return len(_CONTROL.findall(text)) / max(1, len(text))


def _checked(text: str, name: str) -> str:
    share = _share_of_control(text)
    if share > 0.1:
        raise _binary(name)
    if share > _MOST_CONTROL:
        raise InvalidInput(
            f"The letters of {name} cannot be made out (its encoding is unknown): save it as UTF-8 and "
            f"try again."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _binary(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name} is a binary file, not an article: give plain text, HTML, Markdown, DOCX, a feed or a "
        f"WordPress export."
    )
