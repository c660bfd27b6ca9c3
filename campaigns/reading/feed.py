"""An RSS or Atom feed to its entries, the newest first."""

from __future__ import annotations

from calendar import timegm
from datetime import UTC, datetime
from typing import Any

from campaigns.reading.posts import Post
from campaigns.reading.xml import refuse_entities
from courseletter.errors import InvalidInput


def posts(text: str, name: str) -> list[Post]:
    """In the order of the feed. Raises InvalidInput where it has none."""
    import feedparser

    data = text.encode("utf-8")
    refuse_entities(data, name)
    parsed = feedparser.parse(
        data,
        sanitize_html=False,
        resolve_relative_uris=False,
        response_headers={"content-type": "text/xml; charset=utf-8"},
    )
    if not parsed.entries:
        raise InvalidInput(
            f"{name} is a feed without entries: give a feed with an article in it, or the article's page."
        )
    return [_post(entry, parsed.feed) for entry in parsed.entries]


def _post(entry: Any, feed: Any) -> Post:
    content = entry.get("content") or []
    html = max((str(part.get("value", "")) for part in content), key=len, default="") or str(
        entry.get("summary", "")
    )
    language = (content[0].get("language") if content else None) or feed.get("language")
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    return Post(
        title=plain_title(str(entry.get("title", ""))),
        html=html,
        keys=tuple(str(entry[name]) for name in ("id", "link") if entry.get(name)),
        base=str(entry.get("link") or feed.get("link") or ""),
        language=str(language) if language else None,
        published_at=datetime.fromtimestamp(timegm(moment), UTC) if moment else None,
    )


def plain_title(title: str) -> str:
    """Titles in feeds may hold markup and entities."""
    import lxml.html

    if "<" not in title and "&" not in title:
        return title
    text = lxml.html.fromstring(f"<p>{title}</p>").xpath("string()")
    return " ".join(str(text).split())
