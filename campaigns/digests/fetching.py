"""A digest's feed as it is now, however its server behaves: one line says what stands in the way."""

from typing import Final, NamedTuple

from campaigns.reading import feed
from campaigns.reading.decoding import decode
from campaigns.reading.fetching import Fetcher, NotFetched, Version
from campaigns.reading.posts import Post
from courseletter.errors import InvalidInput

# What keeps a feed from being read for seconds, or from filling the memory: no real one has as many.
MOST_OCTETS: Final = 3_000_000
MOST_TAGS: Final = 100_000


class Found(NamedTuple):
    posts: list[Post]
    version: Version


def look(fetcher: Fetcher, url: str, known: Version = Version()) -> Found | None:
    """The feed's entries; None where it is still the version that is known. Raises InvalidInput."""
    page = fetcher.fetch_changed(url, known, MOST_OCTETS)
    if page is None:
        return None
    text = decode(page.data, url, page.charset).text
    if text.count("<") > MOST_TAGS:
        raise NotFetched(f"{url} has more than {MOST_TAGS:,} tags", "give a feed of the newest entries.")
    return Found(feed.entries(text, url), page.version)


def look_anew(fetcher: Fetcher, url: str) -> Found:
    """For somebody who waits for it. Raises InvalidInput, naming the field `url`."""
    try:
        found = look(fetcher, url)
    except InvalidInput as error:
        raise InvalidInput(reason_of(error), field="url") from error
    if found is None:  # a server that says “not modified” to who never was there
        raise InvalidInput(f"{url} sends no entries.", field="url")
    return found


def reason_of(error: InvalidInput) -> str:
    """What stands in the way in one line, for somebody who need not act: it is tried again."""
    what = error.what if isinstance(error, NotFetched) else str(error)
    return f"{' '.join(what.split()).rstrip('.')}."
