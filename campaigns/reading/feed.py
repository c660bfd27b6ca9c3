"""An RSS or Atom feed to the Reading of one entry: the newest, or the one asked for."""

from __future__ import annotations

from typing import Any

from campaigns.reading.assembling import Reading, fold
from campaigns.reading.html import read_fragment
from campaigns.reading.xml import refuse_entities
from courseletter.errors import InvalidInput


def read(text: str, name: str, entry: str | None = None) -> Reading:
    """`entry` is an id, a link, a title or a number from 1. Raises InvalidInput where there is no such
    entry."""
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
    chosen = _chosen(parsed.entries, entry, name)
    content = chosen.get("content") or []
    html = max((str(part.get("value", "")) for part in content), key=len, default="") or str(
        chosen.get("summary", "")
    )
    base = str(chosen.get("link") or parsed.feed.get("link") or "")
    language = (content[0].get("language") if content else None) or parsed.feed.get("language")
    return Reading(
        title=plain_title(str(chosen.get("title", ""))),
        pieces=read_fragment(html, base),
        language=str(language) if language else None,
        notes=() if entry else one_of(len(parsed.entries), name),
    )


def one_of(count: int, name: str) -> tuple[str, ...]:
    """The article's note that it was one of several; none where it is the only one."""
    if count == 1:
        return ()
    return (
        f"{name} holds {count} entries and this is one: --entry chooses another by number, title or link.",
    )


def plain_title(title: str) -> str:
    """Titles in feeds may hold markup and entities."""
    import lxml.html

    if "<" not in title and "&" not in title:
        return title
    text = lxml.html.fromstring(f"<p>{title}</p>").xpath("string()")
    return " ".join(str(text).split())


def _chosen(entries: list[Any], wanted: str | None, name: str) -> Any:
    if wanted is None:
        return entries[0]
    if wanted.isdigit() and 1 <= int(wanted) <= len(entries):
        return entries[int(wanted) - 1]
    for found in entries:
        if wanted in (found.get("id"), found.get("link")) or fold(wanted) == fold(
            str(found.get("title", ""))
        ):
            return found
    raise InvalidInput(
        f"{name} has no entry {wanted!r}: name one of its {len(entries)} by number, title, id or link."
    )
