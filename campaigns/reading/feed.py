"""An RSS or Atom feed to its entries, in its own order."""

from __future__ import annotations

from calendar import timegm
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any

from campaigns.reading.posts import Post
from campaigns.reading.xml import refuse_entities
from courseletter.errors import InvalidInput


def posts(text: str, name: str) -> list[Post]:
    """In the order of the feed. Raises InvalidInput where it has none."""
    found = entries(text, name)
    if not found:
        raise InvalidInput(
            f"{name} is a feed without entries: give a feed with an article in it, or the article's page."
        )
    return found


def entries(text: str, name: str) -> list[Post]:
    """In the order of the feed, which may have none. Raises InvalidInput for what is no feed."""
    import feedparser

    data = text.encode("utf-8")
    refuse_entities(data, name)
    try:
        parsed = feedparser.parse(
            data,
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers={"content-type": "text/xml; charset=utf-8"},
        )
    except Exception as error:  # whatever a stranger's text makes of the parser, as half a character does
        raise InvalidInput(f"{name} is damaged and cannot be read: {_short(error)}.") from error
    if not parsed.entries and not parsed.get("version"):
        raise InvalidInput(f"{name} is no feed: give the address of the RSS or Atom feed itself.")
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
        published_at=_moment(moment),
        link=str(entry.get("link") or ""),
        summary=str(entry.get("summary") or ""),
        picture=_picture(entry),
    )


def _moment(moment: Any) -> datetime | None:
    try:
        found = datetime.fromtimestamp(timegm(moment), UTC) if moment else None
    except (ValueError, OverflowError):  # a year that no calendar has
        return None
    # On the first and the last days of all there is a zone in which it is no day at all.
    return found if found and MINYEAR < found.year < MAXYEAR else None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _picture(entry: Any) -> str:
    """The address of the picture that goes with an entry, by Media RSS or as an enclosure; "" without one."""
    media = [one for one in entry.get("media_content") or [] if _is_picture(one)]
    enclosed = [one for one in entry.get("enclosures") or [] if _is_picture(one)]
    thumbnails = entry.get("media_thumbnail") or []
    found = (one.get("url") or one.get("href") for one in (*media, *enclosed, *thumbnails))
    return next((str(address) for address in found if address), "")


def _is_picture(one: Any) -> bool:
    return one.get("medium") == "image" or str(one.get("type", "")).startswith("image/")


def plain_title(title: str) -> str:
    """Titles in feeds may hold markup and entities."""
    import lxml.html

    if "<" not in title and "&" not in title:
        return title
    text = lxml.html.fromstring(f"<p>{title}</p>").xpath("string()")
    return " ".join(str(text).split())
