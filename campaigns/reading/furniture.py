"""What belongs to the page around an article, by what holds it: menus, sign-up boxes, comments."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from campaigns.article import BlockKind
from campaigns.reading import boilerplate
from campaigns.reading.blocks import Leaf

_FURNITURE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|sharedaddy|social|related|relatedposts|recommend\w*|comments?|respond"
    r"|sidebar|(?<!elementor-)widget\w*|newsletter|subscribe"
    r"|signup|sign-up|promo|advert\w*|ads?|banner|sponsor|author|authorbox|bio|byline|breadcrumbs?|nav"
    r"|navbar|navigation|menu|pagination|pager|footer"
    r"|masthead|cookie|popup|modal|tags?|tagcloud|meta|postmeta|categories|toc|jump|print|login|paywall"
    r"|metered|donat\w*|teaser|kicker|cta|call-to-action)(?:$|[\s_-])",
    re.I,
)
# Boxes that themes set into the running text, where trafilatura takes them for a part of it.
_BOX_CLASS = re.compile(
    r"(?:^|[\s_-])(?:newsletter|subscribe|subscription|signup|sign-up|sharedaddy|share|sharing|related|relatedposts"
    r"|recommended|comments?|respond|author-?box|author-?bio|toc|table-?of-?contents|cookie|breadcrumbs?|pagination"
    r"|paywall|most-?read|cta|call-to-action)(?:$|[\s_-])",
    re.I,
)
_LARGEST_BOX = 0.2
_FURNITURE_TAGS = frozenset({"aside", "footer", "nav", "header", "form"})


def furniture(leaf: Leaf, holders: Set[Any] = frozenset()) -> str:
    """Why an unmarked block is the page's; "" where it may be the article's, as it may in all that is one of
    the `holders` of its text."""
    for element in leaf.around():
        if element in holders:
            break
        names = f"{element.get('class') or ''} {element.get('id') or ''}"
        if element.tag in _FURNITURE_TAGS:
            return f"stands in the page's <{element.tag}>"
        if element.tag in ("body", "html"):
            break
        if match := _FURNITURE_CLASS.search(names):
            return f"stands in a part of the page called “{match[0].strip(' _-')}”"
    if leaf.block.kind in (BlockKind.LIST, BlockKind.PARAGRAPH, BlockKind.TABLE) and leaf.links > 0.8:
        return "is nothing but links"
    return ""


def opens_or_ends_page(leaf: Leaf) -> bool:
    found = boilerplate.recognise(leaf.block.text)
    return found is not None


def leads_away(heading: Any) -> bool:
    """Whether a heading is, or stands in, a link to another page."""
    links = (*heading.iterancestors("a"), *heading.iter("a"))
    leads = [len(link.text_content()) for link in links if not (link.get("href") or "#").startswith("#")]
    return sum(leads) * 2 > len(heading.text_content())


class Boxes:
    """The small parts of an article's element that are none of it: sign-up boxes, shares, other articles."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._most = _LARGEST_BOX * len(container.text_content())
        self._known: dict[Any, str] = {}

    def around(self, leaf: Leaf) -> str:
        """Why the leaf goes; "" where no box holds it."""
        for element in leaf.around():
            if element is self._container:
                return ""
            if element not in self._known:
                self._known[element] = self._verdict(element)
            if self._known[element]:
                return self._known[element]
        return ""

    def _verdict(self, element: Any) -> str:
        if len(element.text_content()) > self._most:
            return ""
        if element.tag == "article" and any(map(leads_away, element.xpath("(.//h2|.//h3|.//h4)[1]"))):
            return "is another article"
        match = _BOX_CLASS.search(f"{element.get('class') or ''} {element.get('id') or ''}")
        return f"stands in a part of the page called “{match[0].strip(' _-')}”" if match else ""
