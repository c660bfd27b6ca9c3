"""Where an article comes from: a file, a web address, or standard input. Gives bytes and what is known of
them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from campaigns.reading.fetching import MOST_BYTES, Fetcher
from courseletter.errors import InvalidInput

MOST_READ = 50_000_000  # octets of a file: an export of posts may be larger than an article
_EXPORTS = ("zip", "json", "xml", "rss", "atom", "")  # endings of what may be one; "": nobody says


@dataclass(frozen=True, slots=True)
class Source:
    """`name` is how messages call it, `suffix` the file's ending in lower case without the dot ("" if none),
    `base` the address that relative links start from ("" if unknown)."""

    name: str
    data: bytes
    suffix: str = ""
    base: str = ""
    content_type: str = ""
    charset: str | None = None


def named(data: bytes, name: str, base: str = "") -> Source:
    """An upload called `name`. Raises InvalidInput for an empty one."""
    if not data.strip():
        raise InvalidInput(f"{name} is empty: give a file with an article in it.")
    return Source(name, data, name.rpartition(".")[2].lower() if "." in name else "", base)


def open_source(
    source: str, fetcher: Fetcher | None = None, standard_input: BinaryIO | None = None
) -> Source:
    """The bytes behind `source`: "-" is standard input, http(s):// an address, all else a path.

    Raises InvalidInput when there is nothing, a folder, too much, or no text at all.
    """
    if source == "-":
        stream = standard_input or sys.stdin.buffer
        found = Source("Standard input", stream.read(MOST_READ + 1))
    elif source.lower().startswith(("http://", "https://")):
        page = (fetcher or Fetcher()).fetch(source)
        path = page.url.partition("?")[0].partition("#")[0]
        suffix = Path(path.rpartition("/")[2]).suffix.lower().lstrip(".")
        found = Source(source, page.data, suffix, page.url, page.content_type, page.charset)
    elif "://" in source:
        raise InvalidInput(
            f"{source} is no file and no web page: only http:// and https:// addresses are read."
        )
    else:
        found = _from_file(source)
    check_size(found, MOST_READ)
    if not found.data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise InvalidInput(f"{found.name} is empty: give a file, an address or text with an article in it.")
    return found


def _from_file(source: str) -> Source:
    path = Path(source)
    suffix = path.suffix.lower().lstrip(".")
    most = MOST_READ if suffix in _EXPORTS else MOST_BYTES
    try:
        if path.is_dir():
            raise InvalidInput(f"{source} is a folder: name one article in it.")
        if path.exists() and not path.is_file():
            raise InvalidInput(f"{source} is not a regular file: copy the article into one.")
        with path.open("rb") as file:
            found = Source(source, file.read(most + 1), suffix)
    except FileNotFoundError as error:
        raise InvalidInput(
            f"{source} does not exist: check the path, or give an address with https://."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no valid path"
        raise InvalidInput(
            f"{source} cannot be read ({reason}): check the path and its permissions."
        ) from error
    check_size(found, most)
    return found


def check_size(source: Source, most: int) -> None:
    """Raise InvalidInput for more octets than these."""
    if len(source.data) > most:
        raise InvalidInput(
            f"{source.name} is larger than {most // 1_000_000} MB: give one article, without the pictures "
            "inside."
        )
