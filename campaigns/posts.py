"""Posts that came out of another program: kept as they were published, and read as articles when wanted."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from campaigns import drafting, reading
from campaigns.models import Article, Post
from campaigns.splitting import minutes_to_read
from courseletter.errors import InvalidInput, NotFound
from courseletter.upserting import insert

MOST: Final = 20_000  # of one file
_TAG: Final = re.compile(r"<[^>]*>")


class Brought(NamedTuple):
    """How many posts of a file are new here, and how many were here before and say what it says now."""

    new: int
    known: int


def bring(session: Session, found: Sequence[reading.Post], source: str, form: str, now: datetime) -> Brought:
    """Keep the posts of a file called `source`; who brings it again brings nothing twice.

    Raises InvalidInput where they are more than anybody publishes.
    """
    if len(found) > MOST:
        raise InvalidInput(f"{source} holds more than {MOST:,} posts. Export fewer at once.", field="file")
    before = _count(session)
    rows = {_key(post): _row(post, source[:200], form, now) for post in found}
    statement = insert(session, Post)
    changed = {name: statement.excluded[name] for name in _SAID}
    if rows:
        session.execute(
            statement.on_conflict_do_update(index_elements=["form", "key"], set_=changed), list(rows.values())
        )
    new = _count(session) - before
    return Brought(new, len(rows) - new)


_SAID: Final = ("source", "title", "html", "base", "language", "minutes", "published_at")


def _row(post: reading.Post, source: str, form: str, now: datetime) -> dict[str, object]:
    return {
        "form": form,
        "key": _key(post),
        "source": source,
        "title": _storable(post.title).strip() or "Untitled",
        "html": _storable(post.html),
        "base": _storable(post.base),
        "language": post.language[:35] if post.language else None,
        "minutes": minutes_to_read(_TAG.sub(" ", post.html)),
        "published_at": post.published_at,
        "created_at": now,
    }


def _storable(text: str) -> str:
    """Without what no database takes: NUL, and halves of a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _key(post: reading.Post) -> str:
    """What names the post at every export; one without any name goes by its title."""
    key = _storable(post.keys[0] if post.keys else f"title:{post.title}")
    return key if len(key) <= 300 else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def _count(session: Session) -> int:
    return session.scalar(select(func.count(Post.id))) or 0


def named(text: str) -> ColumnElement[bool]:
    """The posts whose title has these words, in any order and case."""
    return and_(true(), *(Post.title.icontains(word, autoescape=True) for word in text.split()))


def to_article(session: Session, post_id: int, now: datetime) -> Article:
    """The article that a post is read as: the one that was begun, or a new one.

    Raises NotFound, and InvalidInput where there is no text in it.
    """
    post = session.get(Post, post_id)
    if post is None:
        raise NotFound("There is no such post.")
    begun = session.get(Article, post.article_id) if post.article_id else None
    if begun is not None:
        return begun
    told = reading.Post(post.title, post.html, base=post.base, language=post.language)
    article = drafting.add_article(session, reading.read_post(told, post.source, post.form), now)
    post.article_id = article.id
    return article
