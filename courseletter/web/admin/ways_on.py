"""Where somebody may go from a page of the workshop that could not be shown."""

from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from fastapi import Request

from courseletter.web.admin.shell import PLACES, Place
from courseletter.web.site import READ

# The place of pages whose address does not begin with its name.
_BELONGS: Final = {
    **dict.fromkeys(("articles", "folders", "posts"), "courses"),
    "issues": "newsletters",
    **dict.fromkeys(("deliveries", "enrolments", "fields", "segments", "suppressions"), "subscribers"),
}
_PLACES: Final = {one.key: one for one in PLACES}


class Way(NamedTuple):
    name: str
    path: str


def place_of(path: str) -> Place:
    """The sidebar's entry that an address belongs to; Home where it is none's."""
    first = path.strip("/").split("/")[0]
    return _PLACES.get(_BELONGS.get(first, first), _PLACES["home"])


def ways_on(request: Request, prefix: str) -> list[Way]:
    """Back to where the link or the form was, if the browser names it; the page's place; Home."""
    path = request.url.path.removeprefix(prefix)
    ways: dict[str, Way] = {}
    for way in _ways(request, path, prefix):
        # A page that cannot be shown does not lead to itself; a form does, to be filled in anew.
        if request.method not in READ or way.path.partition("?")[0] != path:
            ways.setdefault(way.path, way)
    return list(ways.values())


def _ways(request: Request, path: str, prefix: str) -> Iterator[Way]:
    before = urlsplit(request.headers.get("referer", ""))
    ours = before.netloc == request.headers.get("host") and not before.path.startswith("//")
    if before.netloc and ours:
        query = f"?{before.query}" if before.query else ""
        yield Way("Back to the page before", before.path.removeprefix(prefix) + query)
    for place in (place_of(path), _PLACES["home"]):
        yield Way(f"To {place.name}", place.path)
