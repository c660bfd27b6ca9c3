"""An HTML page to a Reading: trafilatura says what belongs to the article, the tree keeps its structure.

A leaf block is marked when its text occurs in trafilatura's output; the smallest element that holds nearly
all of the marked text is the article; unmarked blocks at its ends and inside page furniture go.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from campaigns.article import BlockKind, Piece, Role
from campaigns.language import columns
from campaigns.reading.assembling import Reading, fold
from campaigns.reading.blocks import Leaf, leaves
from campaigns.reading.furniture import Boxes, furniture, opens_or_ends_page
from campaigns.reading.marks import Wanted, container, holders, marked
from campaigns.reading.titles import page_title
from campaigns.reading.tree import count_blocks, meta, parse
from courseletter.errors import InvalidInput

_FALLBACK_BELOW = 0.6
_MOST_AROUND = 120
_MOST_ABOVE_TITLE = 0.1
_MOST_BLOCKS = 30_000  # a book of 600 pages has 12,000
_OPENING_PARAGRAPH = 240  # columns: about forty words, where a caption or a summary is shorter


@dataclass(frozen=True, slots=True)
class _Page:
    tree: Any
    html: str
    base: str


def read(html: str, name: str, base: str = "") -> Reading:
    """The article of a whole page. `base` is the address it came from, if it came from one."""
    _refuse_length(html, name)
    page = _Page(parse(html), html, base)
    _refuse_depth(page.tree, name)
    page = replace(page, base=_base(page))
    every = leaves(page.tree, page.base)
    wanted = Wanted.of(html)
    title = page_title(page.tree, every)
    _refuse_login(page.tree, wanted, name)
    chosen = _article(every, marked(every, wanted), title)
    if chosen is None or _kept_length(chosen) < _FALLBACK_BELOW * len(wanted.joined):
        own = leaves(parse(wanted.html()), page.base)
        pieces = [leaf.as_piece("marked as a heading") for leaf in own]
        inside = {fold(leaf.block.text) for leaf in own}
        around = [leaf for leaf in every if fold(leaf.block.text) not in inside]
    else:
        pieces = [piece for _, piece in chosen]
        inside_leaves = {id(leaf) for leaf, _ in chosen}
        around = [leaf for leaf in every if id(leaf) not in inside_leaves]
    return Reading(title, tuple(pieces), _language(page.tree), tuple(_outside(around)))


def _refuse_length(html: str, name: str) -> None:
    if count_blocks(html) > _MOST_BLOCKS:
        raise InvalidInput(
            f"{name} has more than {_MOST_BLOCKS:,} paragraphs, which is no article: save the part that you "
            "want as text, and read that file."
        )


def _refuse_depth(tree: Any, name: str) -> None:
    """libxml2 stops at the 256th level, and what comes after it would be lost unseen."""
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in tree.getroottree().parser.error_log):
        raise InvalidInput(
            f"{name} nests its elements more than 256 deep, and the text in there would be lost: "
            "save the article as text, and read that file."
        )


def read_fragment(html: str, base: str = "") -> tuple[Piece, ...]:
    """The blocks of HTML that holds an article and little else: a feed's entry, a WordPress post."""
    tree = parse(html)
    boxes = Boxes(tree)
    return tuple(_piece(leaf, boxes.around(leaf)) for leaf in leaves(tree, base))


def _piece(leaf: Leaf, why_dropped: str, score: float = 0.88) -> Piece:
    piece = leaf.as_piece("marked as a heading")
    return replace(piece, role=Role.DROPPED, reason=why_dropped, score=score) if why_dropped else piece


def _article(every: Sequence[Leaf], marks: Sequence[bool], title: str) -> list[tuple[Leaf, Piece]] | None:
    """The leaves of the article's element with what becomes of each; None where nothing is marked."""
    holder = container(every, marks)
    if holder is None:
        return None
    within = set(holder.iter())
    inside = [i for i, leaf in enumerate(every) if leaf.element in within]
    hits = [i for i in inside if marks[i] and not opens_or_ends_page(every[i])]
    if not hits:
        return None
    boxes, taken = Boxes(holder), holders(every, marks)
    top, first, last = _title_at(every, inside, title), hits[0], hits[-1]
    opening = (i for i in inside if top < i < first and _could_open(every[i], taken, boxes))
    first = _with_what_is_above(every, inside, max(top, next(opening, first)), taken)
    pieces = []
    for i in inside:
        leaf = every[i]
        if i < first or i > last:
            where = "before the article begins" if i < first else "after the article ends"
            piece = _piece(leaf, f"stands {where}", 0.9)
        else:
            piece = _piece(leaf, boxes.around(leaf) or ("" if marks[i] else furniture(leaf, taken)))
        pieces.append((leaf, piece))
    return pieces


def _could_open(leaf: Leaf, taken: Set[Any], boxes: Boxes) -> bool:
    """Whether an unmarked block above the marked ones is the article's first paragraph."""
    return (
        leaf.block.kind is BlockKind.PARAGRAPH
        and columns(leaf.block.text) >= _OPENING_PARAGRAPH
        and leaf.links < 0.3
        and not opens_or_ends_page(leaf)
        and not boxes.around(leaf)
        and not furniture(leaf, taken)
    )


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


def _with_what_is_above(every: Sequence[Leaf], inside: Sequence[int], first: int, taken: Set[Any]) -> int:
    """The heading, picture and caption right above the first text open the article, unless furniture holds
    them."""
    start = first
    for i in reversed([i for i in inside if i < first]):
        leaf = every[i]
        heads = leaf.level > 1 and not opens_or_ends_page(leaf)
        shows = leaf.block.kind in (BlockKind.IMAGE, BlockKind.CAPTION)
        if not (heads or shows) or furniture(leaf, taken):
            break
        start = i
    return start


def _kept_length(chosen: Sequence[tuple[Leaf, Piece]]) -> int:
    return sum(len(fold(piece.block.text)) for _, piece in chosen if piece.role is not Role.DROPPED)


def _outside(outside: Sequence[Leaf]) -> list[Piece]:
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
    canonical = page.tree.xpath("string(//link[@rel='canonical']/@href)") or meta(page.tree, "og:url")
    return str(canonical) if str(canonical).startswith(("http://", "https://")) else ""


def _language(tree: Any) -> str | None:
    root = tree.getroottree().getroot()
    return (
        root.get("lang")
        or root.get("{http://www.w3.org/XML/1998/namespace}lang")
        or meta(tree, "og:locale")
        or None
    )


def _refuse_login(tree: Any, wanted: Wanted, name: str) -> None:
    if len(wanted.joined) < 600 and tree.xpath("//input[@type='password']"):
        raise InvalidInput(
            f"{name} is a login page, not an article: log in with your browser, save the article, and "
            f"read that file."
        )
