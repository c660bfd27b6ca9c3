"""The title of a page: the heading that its own title confirms, without the site's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from campaigns.reading.assembling import fold
from campaigns.reading.blocks import Leaf, is_hidden
from campaigns.reading.tree import meta


def page_title(tree: Any, every: Sequence[Leaf]) -> str:
    """The <h1> that the page's own title confirms; else that title without the site's name."""
    page_title = " ".join((tree.findtext(".//title") or "").split())
    shared = meta(tree, "og:title") or meta(tree, "twitter:title")
    site = meta(tree, "og:site_name")
    tops = [leaf.block.text for leaf in every if leaf.level == 1 and not is_hidden(leaf.element)]
    tops = [top for top in tops if fold(top) != fold(site)]
    # Where the page's title is the shared one with the site's name around it, the shared one decides.
    told = [shared] if shared and fold(shared) in fold(page_title) else [shared, page_title]
    for text in filter(None, told):
        confirmed = [top for top in tops if _confirms(fold(text), fold(top))]
        if confirmed:
            return max(confirmed, key=len)
    if not page_title and not shared and tops:
        return tops[0]
    for candidate in (shared, page_title):
        if candidate:
            return _without_site(candidate, site)
    return ""


def _confirms(told: str, top: str) -> bool:
    return top in told or (len(told) > 15 and told in top)


def _without_site(title: str, site: str) -> str:
    """ "How to sleep | The Blog" is "How to sleep": the part that names the site, else the shorter one at
    an edge."""
    if site and fold(title) != fold(site):
        for pattern in (
            rf"\s*[|–—·•»«:-]+\s*{re.escape(site)}\s*$",
            rf"^\s*{re.escape(site)}\s*[|–—·•»«:-]+\s*",
        ):
            shorter = re.sub(pattern, "", title, flags=re.I)
            if shorter != title and shorter:
                return shorter
    parts = [part for part in re.split(r"\s+[|–—·•»«]\s+|\s+-\s+", title) if part]
    if len(parts) > 1 and len(parts[0]) >= len(parts[-1]):
        return title[: title.rindex(parts[-1])].rstrip(" |–—·•»«-")
    return title
