"""A Substack export, a zip of posts.csv and a page for each post, to its published posts."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from campaigns.reading.moments import moment_of
from campaigns.reading.posts import Post
from courseletter.errors import InvalidInput

LIST = "posts.csv"
_MOST_FILES = 20_000
_MOST_OCTETS = 5_000_000  # of one post, and of the list
_MOST_UNPACKED = 100_000_000
_BREAKS = (
    *(zipfile.BadZipFile, zlib.error, csv.Error, EOFError),
    *(NotImplementedError, RuntimeError, OSError, ValueError),
)


def is_export(file: Path | IO[bytes]) -> bool:
    """Whether a file is a zip with a list of posts. What is damaged is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(PurePosixPath(name).name == LIST for name in archive.namelist())
    except _BREAKS:
        return False


def posts(data: bytes, name: str) -> list[Post]:
    """The newest first. Nothing is unpacked to the disk.

    Raises InvalidInput for a zip that is damaged, locked or grows beyond measure."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [one for one in archive.infolist() if not one.is_dir()]
            if any(one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for one in found):
                raise zipfile.BadZipFile("packed in a way that may ask for any amount of memory")
            if len(found) > _MOST_FILES or sum(one.file_size for one in found) > _MOST_UNPACKED:
                raise InvalidInput(
                    f"{name} unpacks to more than any export does: pack posts.csv and posts/ alone."
                )
            published = sorted(_published(archive, found), key=_moment, reverse=True)
    except _BREAKS as error:
        raise InvalidInput(f"{name} is no zip that can be read ({error}): export it again.") from None
    if not published:
        raise InvalidInput(f"{name} holds no published post: export it again, with posts.csv and posts/.")
    return published


def _published(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Iterator[Post]:
    pages = {PurePosixPath(one.filename).name.partition(".")[0]: one for one in members if _is_page(one)}
    listed = next(one for one in members if PurePosixPath(one.filename).name == LIST)
    for row in csv.DictReader(io.StringIO(_text(archive, listed))):
        key = (row.get("post_id") or "").strip()
        page = pages.get(key.partition(".")[0])
        if page is None or (row.get("is_published") or "").strip().lower() != "true":
            continue
        slug = key.partition(".")[2]
        yield Post(
            title=(row.get("title") or "").strip(),
            html=_text(archive, page),
            keys=tuple(filter(None, (key, slug))),
            published_at=moment_of(row.get("post_date") or ""),
        )


def _is_page(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    return path.suffix.lower() == ".html" and not path.name.startswith(".")


def _text(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    """What a member says; what its size says of it is not believed."""
    with archive.open(member) as file:
        octets = file.read(_MOST_OCTETS + 1)
    if len(octets) > _MOST_OCTETS:
        raise InvalidInput(f"{member.filename} is larger than {_MOST_OCTETS // 1_000_000} MB: leave it out.")
    return octets.decode("utf-8-sig", errors="replace")


def _moment(post: Post) -> float:
    return post.published_at.timestamp() if post.published_at else 0.0
