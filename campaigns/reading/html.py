"""An HTML page to a Reading: trafilatura says what belongs to the article, the tree keeps its structure.

A leaf block is marked when its text occurs in trafilatura's output; the smallest element that holds nearly
all of the marked text is the article; unmarked blocks at its ends and inside page furniture go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from operator import and_
from typing import Any

from campaigns.article import BlockKind, Piece, Role
from campaigns.language import columns
from campaigns.reading import boilerplate
from campaigns.reading.assembling import Reading, fold
from campaigns.reading.blocks import Leaf, is_hidden, leaves
from courseletter.errors import InvalidInput

_SHARE_OF_MARKED = 0.9
_FALLBACK_BELOW = 0.6
_SEEN_AT_LEAST = 0.35
_MOST_AROUND = 120

_FURNITURE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|sharedaddy|social|related|relatedposts|recommend\w*|comments?|respond"
    r"|sidebar|widget\w*|newsletter|subscribe"
    r"|signup|sign-up|promo|advert\w*|ads?|banner|sponsor|author|authorbox|bio|byline|breadcrumbs?|nav"
    r"|navbar|navigation|menu|pagination|pager|footer"
    r"|masthead|cookie|popup|modal|tags?|tagcloud|meta|postmeta|categories|toc|jump|print|login|paywall"
    r"|metered|donat\w*|teaser|kicker)(?:$|[\s_-])",
    re.I,
)
# Boxes that themes set into the running text, where trafilatura takes them for a part of it.
_BOX_CLASS = re.compile(
    r"(?:^|[\s_-])(?:newsletter|subscribe|subscription|signup|sign-up|sharedaddy|share|sharing|related|relatedposts"
    r"|recommended|comments?|respond|author-?box|author-?bio|toc|table-?of-?contents|cookie|breadcrumbs?|pagination"
    r"|paywall|most-?read)(?:$|[\s_-])",
    re.I,
)
_LARGEST_BOX = 0.2
_MOST_ABOVE_TITLE = 0.1
_OPENING_PARAGRAPH = 240  # columns: about forty words, where a caption or a summary is shorter
_FURNITURE_TAGS = frozenset({"aside", "footer", "nav", "header", "form"})


@dataclass(frozen=True, slots=True)
class _Page:
    tree: Any
    html: str
    base: str


def parse(html: str) -> Any:
    """The tree of `html`, with <html> as its root; an empty one where it has no element."""
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(
        encoding="utf-8", remove_pis=True, remove_comments=True, no_network=True, huge_tree=False
    )
    data = re.sub(r"\A\s*<\?xml[^>]*\?>", "", html).encode("utf-8", "replace")
    try:
        return lxml.html.document_fromstring(data, parser=parser)
    except lxml.etree.ParserError:  # it is blank, or a comment that never ends
        return lxml.html.document_fromstring(b"<p></p>", parser=parser)


def as_piece(leaf: Leaf, reason: str) -> Piece:
    """A leaf as body text, or as a heading where it is one."""
    if leaf.block.kind is BlockKind.HEADING:
        return Piece(leaf.block, Role.HEADING, 0.98, reason, leaf.level)
    return Piece(leaf.block, Role.BODY)


def read(html: str, name: str, base: str = "") -> Reading:
    """The article of a whole page. `base` is the address it came from, if it came from one."""
    page = _Page(parse(html), html, base)
    _refuse_depth(page.tree, name)
    page = replace(page, base=_base(page))
    every = leaves(page.tree, page.base)
    wanted = _wanted_text(html)
    marked = _marked(every, wanted)
    title = _title(page.tree, every)
    _refuse_login(page.tree, wanted, name)
    chosen = _article(every, marked, title)
    if chosen is None or _kept_length(chosen) < _FALLBACK_BELOW * len(wanted.joined):
        own = leaves(parse(wanted.html()), page.base)
        pieces = [as_piece(leaf, "marked as a heading") for leaf in own]
        inside = {fold(leaf.block.text) for leaf in own}
        around = [leaf for leaf in every if fold(leaf.block.text) not in inside]
    else:
        pieces = [piece for _, piece in chosen]
        inside_leaves = {id(leaf) for leaf, _ in chosen}
        around = [leaf for leaf in every if id(leaf) not in inside_leaves]
    return Reading(title, tuple(pieces), _language(page.tree), tuple(_around(around)))


def _refuse_depth(tree: Any, name: str) -> None:
    """libxml2 stops at the 256th level, and what comes after it would be lost unseen."""
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in tree.getroottree().parser.error_log):
        raise InvalidInput(
            f"{name} nests its elements more than 256 deep, and the text in there would be lost: "
            "save the article as text, and read that file."
        )


def read_fragment(html: str, base: str = "") -> tuple[Piece, ...]:
    """The blocks of HTML that holds nothing but an article: a feed's entry, a WordPress post."""
    return tuple(as_piece(leaf, "marked as a heading") for leaf in leaves(parse(html), base))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """trafilatura's opinion: its lines folded, and all of them as one string."""

    source: str
    lines: frozenset[str]
    joined: str

    def html(self) -> str:
        return (
            _trafilatura().extract(
                self.source,
                output_format="html",
                include_comments=False,
                include_tables=True,
                include_images=True,
                include_links=True,
                include_formatting=True,
            )
            or ""
        )


def _trafilatura() -> Any:
    """trafilatura, which takes a while to load, without its warnings: what goes wrong is told by our own
    errors."""
    import logging

    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return trafilatura


def _wanted_text(html: str) -> _Wanted:
    text = (
        _trafilatura().extract(html, output_format="txt", include_comments=False, include_tables=True) or ""
    )
    lines = [fold(line) for line in text.split("\n")]
    return _Wanted(html, frozenset(filter(None, lines)), "".join(lines))


def _marked(every: Sequence[Leaf], wanted: _Wanted) -> list[bool]:
    """Which leaves belong to the article. Where trafilatura saw only a small part of the page's running
    text, all running text outside the page's furniture counts."""
    marked = [_is_marked(leaf, wanted) for leaf in every]
    prose = [_is_running_text(leaf) for leaf in every]
    if not any(prose):  # an old text may be laid out as one <pre>
        prose = [leaf.block.kind is BlockKind.CODE for leaf in every]
    lengths = [len(leaf.block.text) for leaf in every]
    total = sum(compress(lengths, prose))
    seen = sum(compress(lengths, map(and_, marked, prose)))
    if seen >= _SEEN_AT_LEAST * total:
        return marked
    heads = [leaf.level > 0 and not _furniture(leaf, None) for leaf in every]
    return [
        here or (head and after) for here, head, after in zip(prose, heads, [*prose[1:], False], strict=True)
    ]


def _is_running_text(leaf: Leaf) -> bool:
    return (
        leaf.block.kind not in (BlockKind.HEADING, BlockKind.CODE)
        and len(leaf.block.text) >= 80
        and leaf.links < 0.5
        and not _furniture(leaf, None)
    )


def _is_marked(leaf: Leaf, wanted: _Wanted) -> bool:
    if leaf.block.kind in (BlockKind.LIST, BlockKind.TABLE, BlockKind.CODE):
        parts = [folded for line in leaf.block.text.split("\n") if (folded := fold(line))]
        return bool(parts) and sum(_occurs(part, wanted) for part in parts) * 2 > len(parts)
    return _occurs(fold(leaf.block.text), wanted)


def _occurs(folded: str, wanted: _Wanted) -> bool:
    if not folded:
        return False
    if folded in wanted.lines:
        return True
    return len(folded) >= 25 and (
        folded in wanted.joined or (len(folded) > 200 and folded[:120] in wanted.joined)
    )


def _article(every: Sequence[Leaf], marked: Sequence[bool], title: str) -> list[tuple[Leaf, Piece]] | None:
    """The leaves of the article's element with what becomes of each; None where nothing is marked."""
    container = _container(every, marked)
    if container is None:
        return None
    inside = [
        i
        for i, leaf in enumerate(every)
        if leaf.element is container or container in leaf.element.iterancestors()
    ]
    hits = [i for i in inside if marked[i] and not _opens_or_ends_page(every[i])]
    if not hits:
        return None
    boxes = _Boxes(container)
    top, first, last = _title_at(every, inside, title), hits[0], hits[-1]
    opening = (i for i in inside if top < i < first and _could_open(every[i], container, boxes))
    first = _with_what_is_above(every, inside, max(top, next(opening, first)), container)
    pieces = []
    for i in inside:
        leaf = every[i]
        piece = as_piece(leaf, "marked as a heading")
        if i < first or i > last:
            where = "before the article begins" if i < first else "after the article ends"
            piece = replace(piece, role=Role.DROPPED, reason=f"stands {where}", score=0.9)
        elif why := boxes.around(leaf) or ("" if marked[i] else _furniture(leaf, container)):
            piece = replace(piece, role=Role.DROPPED, reason=why, score=0.88)
        pieces.append((leaf, piece))
    return pieces


def _could_open(leaf: Leaf, container: Any, boxes: _Boxes) -> bool:
    """Whether an unmarked block above the marked ones is the article's first paragraph."""
    return (
        leaf.block.kind is BlockKind.PARAGRAPH
        and columns(leaf.block.text) >= _OPENING_PARAGRAPH
        and leaf.links < 0.3
        and not _opens_or_ends_page(leaf)
        and not boxes.around(leaf)
        and not _furniture(leaf, container)
    )


def _opens_or_ends_page(leaf: Leaf) -> bool:
    found = boilerplate.recognise(leaf.block.text)
    return found is not None


def _container(every: Sequence[Leaf], marked: Sequence[bool]) -> Any:
    """The smallest element with at least nine tenths of the marked text below it, or one above that adds
    little else: an article in sections may have its tenth in another section."""
    weights: dict[Any, int] = {}
    lengths: dict[Any, int] = {}
    total = 0
    for leaf, is_marked in zip(every, marked, strict=True):
        length = len(leaf.block.text)
        total += length if is_marked else 0
        for element in (leaf.element, *leaf.element.iterancestors()):
            lengths[element] = lengths.get(element, 0) + length
            if is_marked:
                weights[element] = weights.get(element, 0) + length
    enough = [element for element, weight in weights.items() if weight >= _SHARE_OF_MARKED * total]
    if not enough:
        return None
    best = max(enough, key=lambda element: sum(1 for _ in element.iterancestors()))
    for above in best.iterancestors():
        gained = weights[above] - weights[best]
        taken_along = lengths[above] - lengths[best] - gained
        if gained and taken_along <= gained / 2:
            best = above
    return best


def _title_at(every: Sequence[Leaf], inside: Sequence[int], title: str) -> int:
    """Where the title stands inside the article's element if only little stands above it: a menu, a name."""
    above = 0
    most = _MOST_ABOVE_TITLE * sum(len(every[i].block.text) for i in inside)
    for i in inside:
        if every[i].level and fold(every[i].block.text) == fold(title):
            return i
        above += len(every[i].block.text)
        if above > most:
            break
    return -1


class _Boxes:
    """The small parts of an article's element that by their class are none of it: sign-up boxes, shares."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._most = _LARGEST_BOX * len(container.text_content())
        self._known: dict[Any, str] = {}

    def around(self, leaf: Leaf) -> str:
        """Why the leaf goes; "" where no box holds it."""
        for element in (leaf.element, *leaf.element.iterancestors()):
            if element is self._container:
                return ""
            if element not in self._known:
                self._known[element] = self._verdict(element)
            if self._known[element]:
                return self._known[element]
        return ""

    def _verdict(self, element: Any) -> str:
        match = _BOX_CLASS.search(f"{element.get('class') or ''} {element.get('id') or ''}")
        if match is None or len(element.text_content()) > self._most:
            return ""
        return f"stands in a part of the page called “{match[0].strip(' _-')}”"


def _with_what_is_above(every: Sequence[Leaf], inside: Sequence[int], first: int, container: Any) -> int:
    """The heading, picture and caption right above the first text open the article, unless furniture holds
    them."""
    start = first
    for i in reversed([i for i in inside if i < first]):
        leaf = every[i]
        heads = leaf.level > 1 and not _opens_or_ends_page(leaf)
        shows = leaf.block.kind in (BlockKind.IMAGE, BlockKind.CAPTION)
        if not (heads or shows) or _furniture(leaf, container):
            break
        start = i
    return start


def _furniture(leaf: Leaf, container: Any) -> str:
    """Why an unmarked block is the page's; "" where it may be the article's."""
    for element in (leaf.element, *leaf.element.iterancestors()):
        if element is container:
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


def _kept_length(chosen: Sequence[tuple[Leaf, Piece]]) -> int:
    return sum(len(fold(piece.block.text)) for _, piece in chosen if piece.role is not Role.DROPPED)


def _around(outside: Sequence[Leaf]) -> list[Piece]:
    """Blocks outside the article that a person may want back, or that hold a notice."""
    pieces = [
        Piece(leaf.block, Role.DROPPED, 0.9, "stands outside the article")
        for leaf in outside
        if leaf.block.kind is not BlockKind.HEADING and len(leaf.block.text.split()) >= 6 and leaf.links < 0.8
    ]
    return pieces[:_MOST_AROUND]


def _base(page: _Page) -> str:
    """What relative addresses start from: the page's own <base>, its address, or the one it names as
    canonical."""
    from urllib.parse import urljoin

    declared = page.tree.xpath("string(//base/@href)")
    if declared:
        return urljoin(page.base, str(declared))
    if page.base:
        return page.base
    canonical = page.tree.xpath("string(//link[@rel='canonical']/@href)") or _meta(page.tree, "og:url")
    return str(canonical) if str(canonical).startswith(("http://", "https://")) else ""


def _meta(tree: Any, name: str) -> str:
    found = tree.xpath("//meta[@property=$name or @name=$name]/@content", name=name)
    return " ".join(str(found[0]).split()) if found else ""


def _language(tree: Any) -> str | None:
    root = tree.getroottree().getroot()
    return (
        root.get("lang")
        or root.get("{http://www.w3.org/XML/1998/namespace}lang")
        or _meta(tree, "og:locale")
        or None
    )


def _title(tree: Any, every: Sequence[Leaf]) -> str:
    """The <h1> that the page's own title confirms; else that title without the site's name."""
    page_title = " ".join((tree.findtext(".//title") or "").split())
    shared = _meta(tree, "og:title") or _meta(tree, "twitter:title")
    site = _meta(tree, "og:site_name")
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


def _refuse_login(tree: Any, wanted: _Wanted, name: str) -> None:
    if len(wanted.joined) < 600 and tree.xpath("//input[@type='password']"):
        raise InvalidInput(
            f"{name} is a login page, not an article: log in with your browser, save the article, and "
            f"read that file."
        )
