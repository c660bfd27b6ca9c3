"""Which entries of a feed are new: each has names, and one that is known by any of them is not (pure).

An entry goes by its id, else by its link. Beside it, it goes by link and title together: some programs give
their entries new ids at each look.
"""

import hashlib
from collections.abc import Container, Iterable
from datetime import UTC, datetime

from campaigns.reading.posts import Post

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def names_of(post: Post) -> tuple[str, ...]:
    """What an entry is remembered by, as hashes of one length; none of one that says nothing at all."""
    title = " ".join(post.title.split())
    said = []
    if post.keys:
        said.append(f"id\n{post.keys[0]}")
    if post.link and title:
        said.append(f"link\n{post.link}\n{title}")
    elif title and not post.keys:
        said.append(f"title\n{title}")
    return tuple(hashlib.sha256(one.encode("utf-8", "replace")).hexdigest() for one in said)


def fresh(posts: Iterable[Post], used: Container[str]) -> list[Post]:
    """Those that no name of is used, each once, the newest first; those without a date last, in order."""
    found, seen = [], set[str]()
    for post in posts:
        names = names_of(post)
        if names and not any(name in used or name in seen for name in names):
            found.append(post)
        seen.update(names)
    return sorted(found, key=lambda post: post.published_at or _LONG_AGO, reverse=True)
