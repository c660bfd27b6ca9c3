"""Whether a file is still the one that an import began with: of one that grows the last line may be half."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from courseletter.errors import InvalidInput
from subscribers.importing.reading import Chunk


def digest_of(path: Path) -> str:
    """SHA-256, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class SameFile:
    """A file as it is now, for as long as it is read."""

    def __init__(self, path: Path, stamp: tuple[int, int]) -> None:
        self._path = path
        self._stamp = stamp

    @classmethod
    def of(cls, path: Path, digest: str, import_id: int) -> Self:
        """Raises InvalidInput where it is not there, or another than the one of this digest."""
        stamp = _stamp_of(path)
        if stamp is None or digest_of(path) != digest:
            raise InvalidInput(
                f"{path} is not there any more, or not the file that import {import_id} began with. "
                "Put it back.",
                field="file",
            )
        return cls(path, stamp)

    def while_unchanged(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Its chunks. Raises InvalidInput before one that may have been read since it changed."""
        for chunk in chunks:
            if _stamp_of(self._path) != self._stamp:
                raise InvalidInput(
                    f"{self._path} was changed while it was read. What was read before is imported: take "
                    "that back, wait until the file is whole, and import it again.",
                    field="file",
                )
            yield chunk


def _stamp_of(path: Path) -> tuple[int, int] | None:
    """Its size and when it was written; None: it is not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns
