"""The lesson dialect as the product uses it: a body's HTML, its plain text, its problems, and escaping.

CommonMark and tables with containers, placeholders, attributes and merge fields (docs/lesson-format.md). What
readers get by mail is made by compiling; this is the view on the web and in JSON, addressed to nobody.
"""

import re
from collections.abc import Sequence
from html import escape as escape_html

from templates import plain, prose
from templates.blocks import Block, Box, Branch, Button, Picture, Placeholder, Prose, blocks, choose
from templates.problems import Problem, problems
from templates.prose import Nobody
from templates.syntax import parse

__all__ = ["Problem", "escape", "problems", "render_html", "render_text"]

_NOBODY = Nobody()


def render_html(body: str) -> str:
    """Safe HTML of a body: merge fields as their fallback, conditions as they fall with no field set."""
    return _html(_for_nobody(body))


def render_text(body: str) -> str:
    """Plain text of the same, paragraphs apart by an empty line, lines not wrapped."""
    text = plain.of_blocks(_for_nobody(body), _NOBODY).strip("\n")
    return f"{text}\n" if text else ""


def _for_nobody(body: str) -> list[Block]:
    return blocks(choose(parse(body), {}))


def _html(found: Sequence[Block]) -> str:
    return "".join(_block_html(block) for block in found)


def _block_html(block: Block) -> str:
    match block:
        case Prose(tokens):
            return prose.render(tokens, _NOBODY)
        case Picture(image):
            return f"<p>{prose.render([image], _NOBODY)}</p>\n"
        case Button(tokens):
            return f"<p>{prose.render(tokens, _NOBODY)}</p>\n"
        case Box("quote", attributes, inside):
            return f"{prose.QUOTE_OPEN}\n{_html(inside)}{prose.quote_close(attributes)}\n"
        case Box(kind, _, inside):
            return f'<aside class="{escape_html(kind)}">\n{_html(inside)}</aside>\n'
        case Branch() | Placeholder():
            return ""


_EVERYWHERE = re.compile(r"[\\`*\[\]{]|<(?=[A-Za-z/!?])|&(?=#?[A-Za-z0-9]+;)|(?<![^\W_])_|_(?![^\W_])")
_LINE_START = re.compile(r"[#+\-=>~|:]|[0-9]{1,9}(?=[.)])")
_WHITE_LINE = re.compile(r"\n(?=[^\S\n]*\n)")


def escape(text: str) -> str:
    """Plain text as one paragraph of the dialect that reads exactly so, escaping only what needs it.

    Line breaks stay soft breaks. Where the text is joined to other markup, keep a space between: a `!`
    directly before a link makes it an image.
    """
    lines = (_escape_line(line) for line in re.split(r"\r\n?|\n", text))
    return _edges(_WHITE_LINE.sub("&#10;", "\n".join(lines)))


def _escape_line(line: str) -> str:
    escaped = _EVERYWHERE.sub(lambda m: "\\" + m[0], line)
    start = _LINE_START.match(escaped)
    if start:
        digits = start[0] if start[0].isdigit() else ""
        escaped = f"{digits}\\{escaped[len(digits) :]}"
    return _edges(escaped)


def _edges(text: str) -> str:
    """White space (and a byte order mark) at both ends as entities: paragraphs and lines are trimmed."""
    bare = text.lstrip().lstrip("\ufeff")
    return _entities(text[: len(text) - len(bare)]) + bare.rstrip() + _entities(bare[len(bare.rstrip()) :])


def _entities(white: str) -> str:
    return "".join(f"&#{ord(char)};" for char in white)
