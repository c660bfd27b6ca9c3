"""The files of a course folder: capped, never through a symbolic link, UTF-8 with LF, written in one step."""

import os
import tempfile
from pathlib import Path

from courseletter.errors import InvalidInput

LARGEST = 512 * 1024
MOST = 1000
_SMALLER = ("Save a smaller copy.", "Split it.")  # a picture, a text


class FolderFiles:
    """Reads and writes within one folder. `notes` collects what had to be converted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []

    def lessons(self) -> list[str]:
        """The names of the lessons' files."""
        folder = self.path / "lessons"
        if folder.is_symlink():
            raise InvalidInput("lessons is a symbolic link. Put the folder itself there.")
        if not folder.is_dir():
            return []
        names = [entry.name for entry in os.scandir(folder) if entry.name.endswith((".md", ".mjml"))]
        if len(names) > MOST:
            raise InvalidInput(f"lessons holds over {MOST} files. Is this the folder of one course?")
        return sorted(name for name in names if not name.startswith("."))

    def exists(self, name: str) -> bool:
        return os.path.lexists(self.path / name)

    def read(self, name: str) -> str:
        """A file's text with LF. Raises InvalidInput when it is a link, too large, or not UTF-8."""
        return self._text(name, self.read_bytes(name, LARGEST))

    def read_bytes(self, name: str, most: int) -> bytes:
        """What a file holds. Raises InvalidInput when it is a link or larger than `most` bytes."""
        try:
            descriptor = os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            raise InvalidInput(f"{name} is missing in {self.path.name}. Is this a course folder?") from None
        except OSError:
            raise InvalidInput(
                f"{name} cannot be read. It must be a file, not a link, that you may open."
            ) from None
        with open(descriptor, "rb") as file:
            if not os.path.isfile(file.fileno()):
                raise InvalidInput(f"{name} is no ordinary file. Take it out.")
            data = file.read(most + 1)
        if len(data) > most:
            raise InvalidInput(f"{name} is over {most // 1024} KB. {_SMALLER[most == LARGEST]}")
        return data

    def _text(self, name: str, data: bytes) -> str:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise InvalidInput(f"{name}, line {line}: this is not UTF-8. Save the file as UTF-8.") from None
        if "\0" in text:
            raise InvalidInput(f"{name} holds a zero byte. Save it as plain text.")
        if text.startswith("\ufeff"):
            text = text.removeprefix("\ufeff")
            self._note(f"{name} began with a byte order mark; it was left out.")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            self._note(f"{name} had Windows line ends; they were converted.")
        return text

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def write(self, name: str, data: bytes) -> None:
        """Write a file in one step, unless it holds these very bytes. Replaces a link, never its target."""
        target = self.path / name
        if not target.is_symlink() and target.is_file() and target.read_bytes() == data:
            return
        if target.parent.is_symlink():
            raise InvalidInput(f"{target.parent.name} is a symbolic link. Put the folder itself there.")
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
            Path(temporary).chmod(0o644)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)


def encoded(name: str, text: str) -> bytes:
    """A file's bytes; raises InvalidInput for text that could not be read again."""
    if "\0" in text:
        raise InvalidInput(f"{name} would hold a zero byte. Take it out of the text.")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput(f"{name} would hold half a character. Take it out of the text.") from None
