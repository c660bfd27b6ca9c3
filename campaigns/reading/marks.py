"""Which blocks of a page are the article's: those that trafilatura wants, and what it overlooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress, islice, takewhile
from operator import and_, ne
from typing import Any

from campaigns.article import BlockKind
from campaigns.reading.assembling import fold
from campaigns.reading.blocks import Leaf
from campaigns.reading.furniture import furniture, leads_away
from campaigns.reading.tree import count_blocks

_SHARE_OF_MARKED = 0.9
_SEEN_AT_LEAST = 0.35
# Of a page with more, trafilatura asks nobody else: jusText, whom it asks, takes minutes for 60,000.
_MANY_BLOCKS = 4_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """trafilatura's opinion: its lines folded, and all of them as one string."""

    source: str
    lines: frozenset[str]
    joined: str

    @classmethod
    def of(cls, html: str) -> Wanted:
        many = count_blocks(html) > _MANY_BLOCKS
        text = _trafilatura().extract(
            html, output_format="txt", include_comments=False, include_tables=True, fast=many
        )
        lines = [fold(line) for line in (text or "").split("\n")]
        return cls(html, frozenset(filter(None, lines)), "".join(lines))

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


def marked(every: Sequence[Leaf], wanted: Wanted) -> list[bool]:
    """Which leaves belong to the article."""
    return _with_boxes_alike(every, _wanted(every, wanted))


def _wanted(every: Sequence[Leaf], wanted: Wanted) -> list[bool]:
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
    heads = [leaf.level > 0 and not furniture(leaf) for leaf in every]
    return [
        here or (head and after) for here, head, after in zip(prose, heads, [*prose[1:], False], strict=True)
    ]


def _is_running_text(leaf: Leaf) -> bool:
    return (
        leaf.block.kind not in (BlockKind.HEADING, BlockKind.CODE)
        and len(leaf.block.text) >= 80
        and leaf.links < 0.5
        and not furniture(leaf)
    )


def _is_marked(leaf: Leaf, wanted: Wanted) -> bool:
    if leaf.block.kind in (BlockKind.LIST, BlockKind.TABLE, BlockKind.CODE):
        parts = [folded for line in leaf.block.text.split("\n") if (folded := fold(line))]
        return bool(parts) and sum(_occurs(part, wanted) for part in parts) * 2 > len(parts)
    return _occurs(fold(leaf.block.text), wanted)


def _occurs(folded: str, wanted: Wanted) -> bool:
    if not folded:
        return False
    if folded in wanted.lines:
        return True
    return len(folded) >= 25 and (
        folded in wanted.joined or (len(folded) > 200 and folded[:120] in wanted.joined)
    )


def holders(every: Sequence[Leaf], marks: Sequence[bool]) -> set[Any]:
    """The elements that hold marked text."""
    return {each for leaf in compress(every, marks) for each in leaf.around()}


def _with_boxes_alike(every: Sequence[Leaf], marked: list[bool]) -> list[bool]:
    """An article may lie in several boxes of one class, with pictures or advertisements between them, and
    trafilatura takes the first of them. Those behind it count too, up to the title of another article."""
    holder = container(every, marked)
    if holder is None:
        return marked
    taken = holders(every, marked)
    shapes = {_shape(box) for box in _boxes_of(holder) if box in taken}
    own = _article_around(holder)

    @cache
    def is_alike(element: Any) -> bool:
        return element not in taken and _shape(element) in shapes

    alike = list(marked)
    for i in range(max(compress(range(len(every)), marked)) + 1, len(every)):
        leaf = every[i]
        if _begins_another(leaf, own):
            break
        if not furniture(leaf):
            alike[i] = any(map(is_alike, leaf.around()))
    gained = any(map(_is_running_text, compress(every, map(ne, alike, marked))))
    return alike if gained else marked


def _begins_another(leaf: Leaf, own: Any) -> bool:
    """Whether here stands another article: an element of its own, or a heading that leads to its page."""
    if _article_around(leaf.element) is not own:
        return True
    return leaf.level > 0 and leads_away(leaf.element)


def _article_around(element: Any) -> Any:
    """The <article> that an element is or stands in; None where there is none."""
    return element if element.tag == "article" else next(element.iterancestors("article"), None)


def _boxes_of(holder: Any) -> list[Any]:
    """The elements with a class that an article may have several of: what holds nothing but the marked text,
    and the sections within it."""
    most = 1.5 * len(holder.text_content())
    around = takewhile(
        lambda each: each.tag != "body" and len(each.text_content()) <= most,
        (holder, *holder.iterancestors()),
    )
    sections = (child for child in holder if child.xpath("boolean(.//h2|.//h3|.//h4)"))
    return [each for each in (*around, *sections) if each.get("class")]


def container(every: Sequence[Leaf], marked: Sequence[bool]) -> Any:
    """The smallest element with at least nine tenths of the marked text below it, or one above that adds
    little else: an article in sections may have its tenth in another section."""
    if not any(marked):
        return None
    lengths: Counter[Any] = Counter()
    weights: Counter[Any] = Counter()
    for leaf, is_marked in zip(every, marked, strict=True):
        lengths[leaf.element] += len(leaf.block.text)
        weights[leaf.element] += len(leaf.block.text) * is_marked
    root = every[0].element.getroottree().getroot()
    for element in reversed(list(root.iter())):  # so that what is inside is known before
        if (above := element.getparent()) is not None:
            lengths[above] += lengths[element]
            weights[above] += weights[element]
    enough = [element for element in weights if weights[element] >= _SHARE_OF_MARKED * weights[root]]
    best = max(enough, key=lambda element: sum(1 for _ in element.iterancestors()))
    for above in best.iterancestors():
        gained = weights[above] - weights[best]
        taken_along = lengths[above] - lengths[best] - gained
        if gained and taken_along <= gained / 2:
            best = above
    return best


def _shape(element: Any) -> tuple[str, ...]:
    """How an element is set: its own tag and classes and those of what holds it."""
    around = (element, *islice(element.iterancestors(), 2))
    return tuple(f"{each.tag}.{each.get('class') or ''}" for each in around)
