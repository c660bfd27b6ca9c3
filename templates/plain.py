"""Plain text: of a lesson's blocks (web view and the mail's text part) and of an expert's finished HTML.

Lines are never wrapped. Each block ends in an empty line, so that a branch cut out leaves no hole.
"""

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import cast

import nh3
from markdown_it.token import Token

from templates.blocks import Block, Box, Branch, Button, Picture, Placeholder, Prose, blocks
from templates.prose import Fill, address, credit, words
from templates.syntax import attributes_of, field_of, top_level

_HIDDEN = (
    "//head | //style | //*[@aria-hidden='true'] | //*[contains(translate(@style, ' ', ''), 'display:none')]"
)
_MEANINGLESS = ("", "#")


class PlainText:
    """Writes blocks for one purpose: who is addressed, what boxes are headed, what the placeholders hold."""

    def __init__(self, fill: Fill, labels: Mapping[str, str], inserts: Mapping[str, str]) -> None:
        self.fill = fill
        self.labels = labels
        self.inserts = inserts

    def write(self, found: Sequence[Block]) -> str:
        return "".join(self._block(block) for block in found)

    def _block(self, block: Block) -> str:
        match block:
            case Prose(tokens):
                return "".join(self._group(group) for group in top_level(tokens))
            case Picture(image):
                return _paragraph(self._image(image))
            case Button(tokens):
                return _paragraph(f"{words(tokens, self.fill)}: {address(tokens[0], 'href', self.fill)}")
            case Box(kind, attributes, inside):
                return self._box(kind, attributes, self.write(inside))
            case Branch(condition, then, otherwise):
                other = self.fill.otherwise() + self.write(otherwise) if otherwise else ""
                return self.fill.opening(condition) + self.write(then) + other + self.fill.closing()
            case Placeholder(name):
                return self.inserts.get(name, "")

    def _box(self, kind: str, attributes: Mapping[str, str], text: str) -> str:
        if kind == "quote":
            return _prefixed(text + _paragraph(credit(attributes)), "> ")
        label = self.labels.get(kind)
        return f"{label}:\n{text}" if label else text

    def _group(self, group: Sequence[Token]) -> str:
        first, inside = group[0], group[1:-1]
        match first.type:
            case "paragraph_open":
                return _paragraph(self._inline(inside[0]))
            case "heading_open":
                return _paragraph(f"{'#' * max(2, int(first.tag[1]))} {self._inline(inside[0])}")
            case "bullet_list_open" | "ordered_list_open":
                return self._list(first, inside)
            case "blockquote_open":
                return _prefixed(self._groups(inside), "> ")
            case "table_open":
                return _paragraph(self._table(inside))
            case "fence" | "code_block":
                return _prefixed(_paragraph(first.content.rstrip("\n")), "    ")
            case "hr":
                return _paragraph("* * *")
            case "html_block":
                return _paragraph(_without_tags(first.content))
            case "directive_open":
                return "".join(self._block(block) for block in blocks(group))
            case _:
                return self._groups(inside)

    def _groups(self, tokens: Sequence[Token]) -> str:
        return "".join(self._group(group) for group in top_level(tokens))

    def _list(self, opening: Token, inside: Sequence[Token]) -> str:
        start = int(opening.attrGet("start") or 1)
        lines = []
        for i, item in enumerate(top_level(inside)):
            marker = "- " if opening.type == "bullet_list_open" else f"{start + i}. "
            tight = len(item) > 2 and item[1].hidden
            text = self._groups(item[1:-1]).rstrip("\n")
            if tight:
                text = text.replace("\n\n", "\n")
            lines.append(marker + _indented(text, " " * len(marker)) + ("\n" if tight else "\n\n"))
        return "".join(lines).rstrip("\n") + "\n\n"

    def _table(self, inside: Sequence[Token]) -> str:
        rows: list[list[str]] = []
        for token in inside:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(self._inline(token))
        return "\n".join(" | ".join(row) for row in rows)

    def _inline(self, inline: Token) -> str:
        out: list[str] = []
        links: list[tuple[int, Token]] = []
        for token in inline.children or []:
            match token.type:
                case "link_open":
                    links.append((len(out), token))
                case "link_close":
                    start, link = links.pop()
                    out[start:] = [_link("".join(out[start:]), address(link, "href", self.fill))]
                case "image":
                    out.append(self._image(token))
                case "merge_field":
                    out.append(self.fill.text(field_of(token)))
                case "softbreak" | "hardbreak":
                    out.append("\n")
                case "html_inline":
                    out.append("\n" if token.content.lower().startswith("<br") else "")
                case _:
                    out.append(token.content)
        return "".join(out)

    def _image(self, image: Token) -> str:
        alt = words(image.children, self.fill)
        return f"[{alt}]" if alt and "decorative" not in attributes_of(image) else ""


def of_blocks(
    found: Sequence[Block],
    fill: Fill,
    labels: Mapping[str, str] | None = None,
    inserts: Mapping[str, str] | None = None,
) -> str:
    """Plain text of blocks; every block ends in an empty line."""
    return PlainText(fill, labels or {}, inserts or {}).write(found)


def of_html(html: str) -> str:
    """Plain text of finished HTML: hidden parts gone, layout tables as blocks, lines not wrapped."""
    import html2text
    from lxml.html import HtmlElement, document_fromstring, tostring

    # Comments that hold a slot are the recipient's branches; all others are for mail clients.
    html = re.sub(r"<!--(cl[0-9a-f]{8}x[0-9]+x)-->", r"\1", html)
    html = re.sub(r"<!--.*?-->", "", html, flags=re.S)
    html = re.sub(r"<(/?)(?:table|tbody|thead|tfoot|tr|td|th)\b", r"<\1div", html)
    document = document_fromstring(html)
    for element in cast(list[HtmlElement], document.xpath(_HIDDEN)):
        element.drop_tree()
    writer = html2text.HTML2Text(bodywidth=0)
    text = writer.handle(tostring(document, encoding="unicode"))
    lines = (line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n\n"


def _paragraph(text: str) -> str:
    return f"{text}\n\n" if text.strip() else ""


def _prefixed(text: str, prefix: str) -> str:
    if not text.strip():
        return ""
    return "\n".join(f"{prefix}{line}".rstrip() for line in text.rstrip("\n").split("\n")) + "\n\n"


def _indented(text: str, indent: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(indent + line if line else "" for line in rest)])


def _link(label: str, url: str) -> str:
    if url in _MEANINGLESS or url.removeprefix("mailto:") == label.strip():
        return label
    return f"{label} ({url})" if label.strip() else url


def _without_tags(html: str) -> str:
    return unescape(nh3.clean(html, tags=set(), clean_content_tags={"script", "style", "title"})).strip()
