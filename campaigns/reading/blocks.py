"""An lxml tree to a row of blocks in the lesson dialect: what the HTML, feed, WordPress, Markdown and DOCX
readers share. It keeps structure and decides nothing about what belongs to the article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from campaigns.article import Block, BlockKind, Piece, Role
from campaigns.reading import marking
from campaigns.reading.marking import Run

# lxml's stubs leave the element type generic; every tree here is an HTML one.
Element = Any

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "form",
        "button",
        "input",
        "select",
        "option",
        "textarea",
        "nav",
        "iframe",
        "svg",
        "canvas",
        "object",
        "embed",
        "audio",
        "video",
        "map",
        "head",
        "title",
        "link",
        "meta",
        "dialog",
        "label",
        "progress",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "menu",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_STRONG, _EMPHASIS = frozenset({"b", "strong"}), frozenset({"em", "i", "cite", "dfn", "var"})
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_HIDDEN_CLASS = re.compile(
    r"(?:^|[\s_-])(?:screen-reader(?:-text)?|sr-only|visually-?hidden|a11y-hidden)(?:$|[\s_-])", re.I
)
_ANCHOR_CLASS = re.compile(r"anchor|headerlink|permalink|header-link|mw-editsection|octicon", re.I)
_ANCHOR_TEXT = re.compile(r"^\s*(?:[#¶§🔗∞]|\[edit\]|)\s*$")
_LONGEST_HEADING = 200  # characters
# Struck out is what no longer holds: a mail cannot strike, and without the line it would say the contrary.
_STRUCK = frozenset({"del", "s", "strike"})
_IMAGE_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-orig-file", "src")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A block with where it came from. `level` is that of a heading, else 0; `links` the share of its
    characters that are links."""

    block: Block
    element: Element
    level: int = 0
    links: float = 0.0

    def as_piece(self, reason: str) -> Piece:
        """Body text, or a heading where it is one, for the `reason` given."""
        if self.block.kind is BlockKind.HEADING:
            return Piece(self.block, Role.HEADING, 0.98, reason, self.level)
        return Piece(self.block, Role.BODY)

    def around(self) -> Iterator[Element]:
        """The element and those that hold it, from the inside."""
        return chain((self.element,), self.element.iterancestors())


def leaves(root: Element, base: str = "") -> list[Leaf]:
    """All blocks below `root` in reading order. Addresses are resolved against `base` (may be empty)."""
    return list(_Walker(base).below(root))


def is_hidden(element: Element) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return (
        element.get("hidden") is not None
        or "display:none" in style
        or "visibility:hidden" in style
        or bool(_HIDDEN_CLASS.search(element.get("class") or ""))
    )


class _Walker:
    def __init__(self, base: str) -> None:
        self.base = base

    def below(self, element: Element) -> Iterator[Leaf]:
        """The blocks of an element that may hold both text and blocks: loose text becomes paragraphs."""
        loose: list[Run] = self._text(element.text)
        for child in element:
            if not isinstance(child.tag, str):
                loose += self._text(child.tail)
                continue
            if child.tag in _SKIPPED or is_hidden(child):
                loose += self._rescued(child)
            elif child.tag in _BLOCKS or self._holds_blocks(child):
                yield from self._paragraphs(loose, element)
                loose = []
                yield from self._block(child)
            else:
                loose += self._inline(child, Run(""))
            loose += self._text(child.tail)
        yield from self._paragraphs(loose, element)

    def _block(self, element: Element) -> Iterator[Leaf]:
        tag = element.tag
        if tag in _HEADINGS or (element.get("role") == "heading" and element.get("aria-level", "").isdigit()):
            yield from self._heading(element)
        elif tag == "pre":
            yield from self._code(element)
        elif tag in ("ul", "ol", "menu"):
            yield from self._list(element)
        elif tag == "blockquote":
            yield from self._quote(element)
        elif tag == "table":
            yield from self._table(element)
        elif tag == "figcaption" or "caption-text" in (element.get("class") or ""):
            yield from self._caption(element)
        elif tag in ("dt", "summary"):
            runs = [replace(run, strong=True) for run in self._inline_children(element, Run(""))]
            yield from self._paragraphs(runs, element)
        elif tag != "hr":
            yield from self.below(element)

    def _heading(self, element: Element) -> Iterator[Leaf]:
        runs = [run for run in self._inline_children(element, Run("")) if not run.image]
        text = re.sub(r"\s*(?:[#¶]|\[edit\])+$", "", marking.plain(runs))
        level = _HEADINGS.get(element.tag) or int(element.get("aria-level", "2"))
        for child in element.iter("img"):
            yield from self._image(child)
        if len(text) > _LONGEST_HEADING or _is_subtitle(element):
            yield from self._paragraphs(runs, element)  # credits or a notice, set large
        elif text:
            linked = [replace(run, strong=False, emphasis=False, link=self._elsewhere(run)) for run in runs]
            markdown = marking.inline(linked) if any(run.link for run in linked) else marking.paragraph(text)
            block = Block(BlockKind.HEADING, markdown, text)
            yield Leaf(block, element, min(level, 6), _link_share(runs))

    def _code(self, element: Element) -> Iterator[Leaf]:
        for line_break in element.iter("br"):
            line_break.tail = "\n" + (line_break.tail or "")
        text = marking.clean(element.text_content()).strip("\n")
        if text.strip():
            classes = " ".join(
                filter(None, [element.get("class"), *(c.get("class") for c in element.iter("code"))])
            )
            named = re.search(r"(?:language|lang|brush)[-:]\s*([\w+#.-]+)", classes)
            markdown = marking.code_block(text, named[1] if named else "")
            yield Leaf(Block(BlockKind.CODE, markdown, text.rstrip()), element)

    def _list(self, element: Element) -> Iterator[Leaf]:
        items = [
            child
            for child in element
            if isinstance(child.tag, str) and child.tag == "li" and not is_hidden(child)
        ]
        if any(item.find(f".//{tag}") is not None for item in items for tag in _HEADINGS):
            # Cards or numbered chapters: the list is only their frame.
            for item in items:
                yield from self.below(item)
            return
        start = int(element.get("start") or "1") if (element.get("start") or "1").isdigit() else 1
        lines: list[str] = []
        texts: list[str] = []
        pictures: list[Leaf] = []
        linked = total = 0.0
        for number, item in enumerate(items, start):
            inner = list(self.below(item))
            pictures += [leaf for leaf in inner if leaf.block.kind is BlockKind.IMAGE]
            inner = [leaf for leaf in inner if leaf.block.kind is not BlockKind.IMAGE]
            if not inner:
                continue
            mark = f"{number}. " if element.tag == "ol" else "- "
            body = ("\n\n" if _loose(inner) else "\n").join(leaf.block.markdown for leaf in inner)
            lines.append(mark + body.replace("\n", "\n" + " " * len(mark)))
            texts += [leaf.block.text for leaf in inner]
            total += sum(len(leaf.block.text) for leaf in inner)
            linked += sum(len(leaf.block.text) * leaf.links for leaf in inner)
        # Blank padding inside a list would read as trailing spaces.
        markdown = re.sub(r"\n +(?=\n)", "\n", "\n".join(lines))
        if lines:
            block = Block(BlockKind.LIST, markdown, "\n".join(texts))
            yield Leaf(block, element, 0, linked / total if total else 0.0)
        yield from pictures

    def _quote(self, element: Element) -> Iterator[Leaf]:
        inner = list(self.below(element))
        if not inner:
            return
        if any(leaf.level for leaf in inner) and len(inner) > 6:
            yield from inner  # a whole article indented, not a quotation
            return
        markdown = "\n\n".join(leaf.block.markdown for leaf in inner)
        quoted = "\n".join(f"> {line}".rstrip() for line in markdown.split("\n"))
        text = "\n".join(leaf.block.text for leaf in inner if leaf.block.text)
        yield Leaf(Block(BlockKind.QUOTE, quoted, text), element, 0, max(leaf.links for leaf in inner))

    def _table(self, element: Element) -> Iterator[Leaf]:
        rows = [
            [cell for cell in row if isinstance(cell.tag, str) and cell.tag in ("td", "th")]
            for row in element.iter("tr")
            if next(row.iterancestors("table")) is element and not is_hidden(row)
        ]
        rows = [row for row in rows if row]
        width = max((len(row) for row in rows), default=0)
        if (
            width < 2
            or element.find(".//table") is not None
            or any(element.find(f".//{h}") is not None for h in _HEADINGS)
        ):
            yield from self.below(element)  # tables for layout
            return
        runs = [[self._inline_children(cell, Run("")) for cell in row] for row in rows]
        texts = [[marking.plain(cell) for cell in row] for row in runs]
        if not any(any(row) for row in texts):
            yield from self.below(element)
            return
        cells = [
            [marking.inline(cell, in_table=True) or " " for cell in row] + [" "] * (width - len(row))
            for row in runs
        ]
        lines = [f"| {' | '.join(row)} |" for row in cells]
        lines.insert(1, "|" + " --- |" * width)
        text = "\n".join(" ".join(filter(None, row)) for row in texts)
        caption = element.find("caption")
        if caption is not None:
            yield from self._caption(caption)
        share = _link_share([run for row in runs for cell in row for run in cell])
        yield Leaf(Block(BlockKind.TABLE, "\n".join(lines), text), element, 0, share)

    def _caption(self, element: Element) -> Iterator[Leaf]:
        runs = self._inline_children(element, Run(""))
        for run in runs:
            if run.image:
                yield from self._picture(run, element)
        runs = [replace(run, emphasis=not run.image) for run in runs if not run.image]
        text = marking.plain(runs)
        if text:
            yield Leaf(Block(BlockKind.CAPTION, marking.inline(runs), text), element, 0, _link_share(runs))

    def _image(self, element: Element) -> Iterator[Leaf]:
        for run in self._picture_run(element):
            yield from self._picture(run, element)

    def _picture(self, run: Run, element: Element) -> Iterator[Leaf]:
        yield Leaf(
            Block(BlockKind.IMAGE, marking.image(run.text, run.image), marking.squeeze(run.text)), element
        )

    def _paragraphs(self, runs: list[Run], element: Element) -> Iterator[Leaf]:
        """Paragraphs of loose runs: two line breaks in a row part them, pictures stand alone."""
        group: list[Run] = []
        breaks = 0
        for run in [*runs, Run("", image="end")]:
            blank = not run.image and not run.is_break and not run.text.strip()
            breaks = breaks + 1 if run.is_break else breaks if blank else 0
            if run.image or breaks == 2:
                text = marking.plain(group)
                if text:
                    markdown = marking.inline(group)
                    yield Leaf(Block(BlockKind.PARAGRAPH, markdown, text), element, 0, _link_share(group))
                group = []
                if run.image and run.image != "end":
                    yield from self._picture(run, element)
            else:
                group.append(run)

    def _inline_children(self, element: Element, style: Run) -> list[Run]:
        runs = self._text(element.text, style)
        for child in element:
            if isinstance(child.tag, str) and child.tag not in _SKIPPED and not is_hidden(child):
                runs += self._inline(child, style)
            elif isinstance(child.tag, str):
                runs += self._rescued(child)
            runs += self._text(child.tail, style)
        return runs

    def _inline(self, element: Element, style: Run) -> list[Run]:
        tag = element.tag
        if tag == "br":
            return [Run("", is_break=True)]
        if tag == "img":
            return self._picture_run(element)
        if tag in _STRUCK:
            return []
        if tag == "sup" and any((link.get("href") or "").startswith("#") for link in element.iter("a")):
            return []  # the mark of a footnote that does not travel along
        if _ANCHOR_CLASS.search(element.get("class") or "") and _ANCHOR_TEXT.match(element.text_content()):
            return []
        if tag in _STRONG:
            style = replace(style, strong=True)
        elif tag in _EMPHASIS:
            style = replace(style, emphasis=True)
        elif tag in _CODE:
            style = replace(style, code=True)
        elif tag == "a":
            style = replace(style, link=self._link(element.get("href")))
        runs = self._inline_children(element, style)
        if tag == "q":
            return [replace(style, text="“"), *runs, replace(style, text="”")]
        if tag in _BLOCKS:
            return [*runs, Run(" ")]
        return runs

    def _picture_run(self, element: Element) -> list[Run]:
        size = [element.get(name, "").strip().removesuffix("px") for name in ("width", "height")]
        if any(value in ("0", "1") for value in size):
            return []  # a counting pixel
        sources = [element.get(name) or "" for name in _IMAGE_SOURCES]
        srcset = element.get("data-srcset") or element.get("srcset") or ""
        sources.append(srcset.split(",")[0].strip().split(" ")[0])
        for source in sources:
            if not source.strip() or source.startswith("data:"):
                continue
            resolved = self._resolve(source)
            if resolved is not None:
                alt = marking.squeeze(element.get("alt") or "")
                return [Run(alt, image=resolved)]
        return []

    def _rescued(self, element: Element) -> list[Run]:
        """A lazily loaded picture keeps its real address in <noscript>; everything else skipped stays
        skipped."""
        if element.tag != "noscript":
            return []
        beside = (element.getprevious(), element.getnext())
        if any(other is not None and other.tag == "img" and self._picture_run(other) for other in beside):
            return []
        return [run for picture in element.iter("img") for run in self._picture_run(picture)]

    def _link(self, href: str | None) -> str:
        """The absolute address of a link, or "" where a mail could not follow it."""
        target = (href or "").strip()
        if not target or target.startswith("#"):
            return ""
        try:
            resolved = urljoin(self.base, target)
            parts = urlsplit(resolved)
        except ValueError:
            return ""
        if parts.scheme in ("http", "https") and parts.netloc:
            return resolved
        return resolved if parts.scheme == "mailto" else ""

    def _elsewhere(self, run: Run) -> str:
        """A heading's link, "" where it leads to the page itself."""
        return "" if urldefrag(run.link).url == urldefrag(self.base).url else run.link

    def _resolve(self, source: str) -> str | None:
        """A picture's address. Without a base a relative path stays: the course folder may carry the file."""
        try:
            resolved = urljoin(self.base, source.strip())
            scheme = urlsplit(resolved).scheme
        except ValueError:
            return None
        return resolved if scheme in ("http", "https", "") else None

    @staticmethod
    def _text(text: str | None, style: Run | None = None) -> list[Run]:
        return [replace(style or Run(""), text=text)] if text else []

    @staticmethod
    def _holds_blocks(element: Element) -> bool:
        return any(isinstance(child.tag, str) and child.tag in _BLOCKS for child in element.iterdescendants())


def _is_subtitle(heading: Element) -> bool:
    """Whether a heading says more of the title right above it, and names no section."""
    above = heading.getprevious()
    return above is not None and above.tag == "h1" and "subtitle" in (heading.get("class") or "").lower()


def _loose(inner: list[Leaf]) -> bool:
    """Whether an item needs blank lines between its blocks; text with a nested list does not."""
    return len(inner) > 1 and not all(leaf.block.kind is BlockKind.LIST for leaf in inner[1:])


def _link_share(runs: list[Run]) -> float:
    total = sum(len(run.text.strip()) for run in runs if not run.image)
    return sum(len(run.text.strip()) for run in runs if run.link and not run.image) / total if total else 0.0
