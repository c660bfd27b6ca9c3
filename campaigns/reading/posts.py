"""What a file of several posts holds: a feed, or what WordPress, Substack or Ghost export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.reading.assembling import Reading, fold
from campaigns.reading.html import read_fragment
from courseletter.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Post:
    """One of them. `keys` are what it can be asked for by beside its title, the lasting one first; `base` is
    the address that relative links start from ("" if unknown). `link`, `summary` (HTML) and `picture` are a
    feed's: where it can be read, what its author says of it, and the address of what illustrates it."""

    title: str
    html: str
    keys: tuple[str, ...] = ()
    base: str = ""
    language: str | None = None
    published_at: datetime | None = None
    link: str = ""
    summary: str = ""
    picture: str = ""


def read(posts: Sequence[Post], entry: str | None, name: str) -> Reading:
    """The first post, or the one that `entry` names by id, link, title or number from 1."""
    post = _chosen(posts, entry, name) if entry else posts[0]
    return Reading(
        title=" ".join(post.title.split()),
        pieces=read_fragment(post.html, post.base),
        language=post.language,
        notes=_one_of(len(posts), name) if entry is None and len(posts) > 1 else (),
    )


def _chosen(posts: Sequence[Post], wanted: str, name: str) -> Post:
    for post in posts:
        if wanted in post.keys or fold(wanted) == fold(post.title):
            return post
    if wanted.isdigit() and 1 <= int(wanted) <= len(posts):
        return posts[int(wanted) - 1]
    raise InvalidInput(
        f"{name} has no published post {wanted!r}: name one of its {len(posts)} by number, title, id or link."
    )


def _one_of(count: int, name: str) -> tuple[str, ...]:
    return (
        f"{name} holds {count} entries and this is one: --entry chooses another by number, title or link.",
    )
