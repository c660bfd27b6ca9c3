"""Ghost's content export, one JSON document, to its published posts and then its pages."""

from __future__ import annotations

import json
from typing import Any

from campaigns.reading.moments import moment_of
from campaigns.reading.posts import Post
from courseletter.errors import InvalidInput

_HERE = "__GHOST_URL__"  # stands for the site's own address, which an export does not name
_DONE = ("published", "sent")  # "sent" went out by mail alone


def posts(text: str, name: str) -> list[Post]:
    """The newest first. Raises InvalidInput where it is no such export, or nothing in it is published."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput(f"{name} is no JSON that can be read: export it again.") from None
    rows = [row for row in _rows(document) if isinstance(row, dict) and _is_readable(row)]
    if not rows:
        raise InvalidInput(f"{name} holds no published post: give Ghost's export of content, with posts.")
    rows.sort(key=_date, reverse=True)
    rows.sort(key=_is_page)
    return [_post(row) for row in rows]


def _rows(document: Any) -> list[Any]:
    """The posts, wherever the version of the export has them."""
    if isinstance(document, dict):
        parts = document.get("db", document)
        first = parts[0] if isinstance(parts, list) and parts else parts
        data = first.get("data") if isinstance(first, dict) else None
        found = data.get("posts") if isinstance(data, dict) else None
        if isinstance(found, list):
            return found
    return []


def _is_readable(row: dict[str, Any]) -> bool:
    return row.get("status") in _DONE and isinstance(row.get("html"), str) and bool(row["html"].strip())


def _is_page(row: dict[str, Any]) -> bool:
    return row.get("type") == "page" or bool(row.get("page"))


def _date(row: dict[str, Any]) -> str:
    return str(row.get("published_at") or "")


def _post(row: dict[str, Any]) -> Post:
    names = (str(row.get(name) or "") for name in ("uuid", "id", "slug"))
    language = row.get("locale")
    return Post(
        title=str(row.get("title") or ""),
        html=row["html"].replace(_HERE, ""),
        keys=tuple(filter(None, names)),
        language=language if isinstance(language, str) else None,
        published_at=moment_of(_date(row)),
    )
