"""A course folder as a zip, out and in. What comes in is a stranger's: names and sizes are not believed.

Only what a course folder is made of is written, at names of our own making, and no more of it than a course
has; all else in a zip is passed over.
"""

import re
import stat
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Final

from campaigns import images
from campaigns.folder_files import LARGEST, MOST
from courseletter.errors import InvalidInput

MOST_BYTES: Final = 10 * 1024 * 1024  # of the zip
MOST_UNPACKED: Final = 40 * 1024 * 1024
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # of every file, so that an unchanged course is the same zip
_FILE: Final = re.compile(
    r"(?:[^/]+/)?(course\.toml|lessons/[^/]+\.(?:md|mjml)|images/[^/]+\.(?i:jpe?g|png|gif|webp))"
)
_BROKEN: Final = "This is no zip that can be read. Pack the folder with course.toml and lessons/ again."

# What zipfile raises for what is damaged, encrypted or made up.
_BREAKS: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(NotImplementedError, RuntimeError, OSError, ValueError),
)


def pack(folder: Path) -> bytes:
    """The files of a course folder."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            about = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EARLIEST)
            about.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(about, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write the course folder in a zip, at its top or one folder down, to `folder`.

    Raises InvalidInput for what is no zip, too much, or would leave the folder.
    """
    if len(data) > MOST_BYTES:
        raise _refusal(
            f"This zip is over {MOST_BYTES // 1024**2} MB. Pack only course.toml, lessons/ and images/."
        )
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _write(archive, _wanted(archive), folder)
    except _BREAKS:
        raise _refusal(_BROKEN) from None


def _wanted(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries that a course folder is made of, by their name in it."""
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        if _leaves(entry):
            raise _refusal("This zip has files that would leave its folder, or are links. Pack it again.")
        named = _FILE.fullmatch(entry.filename)
        if named is None or named[1].rpartition("/")[2].startswith("."):
            continue
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refusal(_BROKEN)  # others may ask for any amount of memory
        if named[1] in found:
            raise _refusal(f"This zip has {named[1]} twice. Pack the folder of one course.")
        found[named[1]] = entry
    if len(found) > MOST:
        raise _refusal(f"This zip has over {MOST} files. Pack the folder of one course.")
    return found


def _leaves(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    outside = name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")
    return outside or stat.S_ISLNK(entry.external_attr >> 16)


def _write(archive: zipfile.ZipFile, wanted: dict[str, zipfile.ZipInfo], folder: Path) -> None:
    for name in ("lessons", "images"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    left = MOST_UNPACKED
    for name, entry in wanted.items():
        most = images.LARGEST if name.startswith("images/") else LARGEST
        with archive.open(entry) as packed:
            data = packed.read(most + 1)  # what the zip says of its size may be a lie
        left -= len(data)
        if len(data) > most:
            raise _refusal(f"{name} is over {most // 1024} KB. Make it smaller.")
        if left < 0:
            raise _refusal(f"This zip holds over {MOST_UNPACKED // 1024**2} MB. Split the course.")
        (folder / name).write_bytes(data)


def _refusal(message: str) -> InvalidInput:
    return InvalidInput(message, field="folder")
