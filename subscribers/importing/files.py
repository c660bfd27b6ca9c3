"""The file that somebody chose: what it really is, whatever its name says, and whether it may be opened.

Everything is read as a stream, never unpacked to the disk, and capped (REQUIREMENTS 40).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import IO, Final
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from courseletter.errors import InvalidInput

MOST_OCTETS: Final = 2 << 30  # of a file, and of what is packed in it
MOST_MEMBERS: Final = 20_000
MOST_EXPANSION: Final = 200  # times; lists of people pack to a fifth or a tenth
FREE_OCTETS: Final = 16 << 20  # below this a member may expand as it likes
MOST_STRINGS: Final = 48 << 20  # octets of a workbook's shared strings, which have to be held in memory
SAMPLE: Final = 64 << 10
FEW: Final = 8  # NULs that a text may have by mistake: their rows are refused, not the file

_ENCRYPTED: Final = 1  # flag bit 0 (APPNOTE 4.4.4)
_OTHERS: Final = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file; save it as .xlsx or as CSV"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


class Form(StrEnum):
    TEXT = "text"  # CSV, TSV and their like
    JSON_LINES = "jsonl"
    WORKBOOK = "xlsx"


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a file: the file itself, or a member of a zip. `open` gives its octets from the start."""

    name: str
    form: Form
    octets: int
    open: Callable[[], IO[bytes]]


def parts_of(path: Path) -> list[Part]:
    """The tables that may be in a file. Raises InvalidInput where it is none of ours, or unsafe to read."""
    octets = path.stat().st_size
    if octets > MOST_OCTETS:
        raise refused(
            f"The file is larger than {MOST_OCTETS >> 30} GB. Divide it, and import one part after another."
        )
    with path.open("rb") as file:
        beginning = file.read(SAMPLE)
    if not beginning.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise refused("The file is empty. Export it again.")
    if beginning.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return list(_packed(path))
    return [Part(path.name, _form(beginning), octets, lambda: path.open("rb"))]


def refused(message: str) -> InvalidInput:
    return InvalidInput(message, field="file")


def _form(beginning: bytes) -> Form:
    """What the octets are. Raises InvalidInput for what is no table, with what it is instead."""
    for magic, what in _OTHERS:
        if beginning.startswith(magic):
            raise refused(f"This is {what}, not a list of people. Choose a CSV, TSV, JSONL, XLSX or ZIP.")
    start = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"{":
        return Form.JSON_LINES
    if start[:1] == b"[":
        raise refused("This is one JSON array. Write one object a line (JSONL) instead.")
    if start[:15].lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise refused("This is a web page or XML, not a list. Export it again, signed in.")
    wide = beginning.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in beginning[:2]  # UTF-16
    if beginning.count(b"\0") > FEW and not wide:
        raise refused("This is not text: there are NULs in it. Choose a CSV, TSV, JSONL, XLSX or ZIP.")
    return Form.TEXT


def _packed(path: Path) -> Iterator[Part]:
    """The parts of a zip, and of a workbook, which is one, too."""
    try:
        with ZipFile(path) as archive:
            members = [_checked(one) for one in archive.infolist() if not one.is_dir()]
            if len(members) > MOST_MEMBERS:
                raise refused(f"The zip has more than {MOST_MEMBERS:,} files in it. Pack the lists alone.")
            if sum(one.file_size for one in members) > MOST_OCTETS:
                raise refused(f"Unpacked, the zip is larger than {MOST_OCTETS >> 30} GB. Divide it.")
            names = {one.filename for one in members}
            if "xl/workbook.xml" in names:
                _check_workbook(archive, members)
                yield Part(path.name, Form.WORKBOOK, path.stat().st_size, lambda: path.open("rb"))
                return
            yield from _members(path, archive, members)
    except (BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise refused(f"The zip is damaged: {error}. Export it again.") from None


def _members(path: Path, archive: ZipFile, members: list[ZipInfo]) -> Iterator[Part]:
    found = False
    for one in members:
        if PurePosixPath(one.filename).suffix.lower() in (".csv", ".tsv", ".txt", ".jsonl", ".ndjson"):
            if PurePosixPath(one.filename).name.startswith("."):
                continue  # what macOS packs beside each file
            with archive.open(one) as file:
                form = _form(file.read(SAMPLE))
            found = True
            yield Part(one.filename, form, one.file_size, lambda name=one.filename: _opened(path, name))  # type: ignore[misc]
    if not found:
        raise refused("There is no CSV, TSV or JSONL in the zip. Pack the lists as they were exported.")


def _opened(path: Path, name: str) -> IO[bytes]:
    return ZipFile(path).open(name)


def _checked(member: ZipInfo) -> ZipInfo:
    """A member that names no place outside, and does not grow beyond measure."""
    place = PurePosixPath(member.filename.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
        raise refused(f"“{member.filename}” in the zip names a place outside of it. The zip was not opened.")
    if member.flag_bits & _ENCRYPTED:
        raise refused("The zip has a password. Unpack it, and choose the file in it.")
    if member.file_size > max(FREE_OCTETS, member.compress_size * MOST_EXPANSION):
        raise refused(
            f"“{member.filename}” in the zip would grow more than {MOST_EXPANSION}-fold. No list does; "
            "the zip was not opened."
        )
    return member


def _check_workbook(archive: ZipFile, members: list[ZipInfo]) -> None:
    """Raise InvalidInput for a workbook whose XML declares entities, or would not fit the memory."""
    for member in members:
        if member.filename.endswith("sharedStrings.xml") and member.file_size > MOST_STRINGS:
            raise refused("The workbook has too much text in it. Save it as CSV, and choose that.")
        if member.filename.endswith((".xml", ".rels")):
            with archive.open(member) as file:
                _check_prolog(file)


def _check_prolog(file: IO[bytes]) -> None:
    """Raise InvalidInput where the XML has a document type: entities live there, and no workbook has one."""

    class Begun(Exception):
        pass

    def stop(*_: object) -> None:
        raise Begun

    def refuse(*_: object) -> None:
        raise refused("The workbook declares XML entities, which no spreadsheet writes. It was not opened.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        while octets := file.read(SAMPLE):
            parser.Parse(octets)
    except Begun:
        return
    except expat.ExpatError as error:
        raise refused(f"The workbook is damaged: {error}. Save it again.") from None
