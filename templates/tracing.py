"""Lines of the author's source, carried into a mail that is compiled to be checked; no reader gets them.

An element written on line 12 bears data-line="12"; an MJML component, which takes no foreign attributes, has
the class line-12, and picture-without-alt where compiling would quietly give it an empty alternative text.
"""

import re
from collections.abc import Sequence

from markdown_it.token import Token

from templates.mjml import TAG

ATTRIBUTE = "data-line"
LINE_CLASS = re.compile(r"\bline-([0-9]+)\b")
UNNAMED = "picture-without-alt"

_DRAWN = frozenset({
    "mj-section", "mj-column", "mj-group", "mj-wrapper", "mj-hero", "mj-text", "mj-image", "mj-button",
    "mj-divider", "mj-spacer", "mj-table", "mj-social", "mj-social-element", "mj-navbar", "mj-navbar-link",
    "mj-accordion", "mj-accordion-element", "mj-carousel", "mj-carousel-image",
})  # fmt: skip
_PICTURES = frozenset({"mj-image", "mj-carousel-image"})
_CLASS = re.compile(r"(\scss-class\s*=\s*[\"'])")
_CLASSES = rf"(?:line-[0-9]+|{UNNAMED})(?:-outlook)?"
_TRACES = re.compile(
    rf' {ATTRIBUTE}="[0-9]+"| class="{_CLASSES}(?: {_CLASSES})*"|(?<=class="){_CLASSES} (?:{_CLASSES} )*'
    rf'| {_CLASSES}(?=")|/\*line [0-9]+\*/'
)


def trace_tokens(tokens: Sequence[Token]) -> None:
    """Give every block, link and picture of a Markdown lesson its line."""
    for token in tokens:
        if not token.map:
            continue
        line = token.map[0] + 1
        if token.type == "inline":
            _trace_inline(token.children or [], line)
        elif token.type == "html_block":
            token.content = trace_html(token.content, line)
        elif token.nesting == 1 or token.type in ("fence", "hr"):
            token.attrSet(ATTRIBUTE, str(line))


def _trace_inline(children: Sequence[Token], line: int) -> None:
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type in ("link_open", "image"):
            child.attrSet(ATTRIBUTE, str(line))
        elif child.type == "html_inline":
            child.content = trace_html(child.content, line)
            line += child.content.count("\n")


def class_of(token: Token) -> str:
    """A traced token's line as one more class of the component that it becomes, or ''."""
    line = token.attrGet(ATTRIBUTE)
    return "" if line is None else f" line-{line}"


def attribute_of(token: Token) -> str:
    """A traced token's line as an attribute of the element that it becomes, or ''."""
    line = token.attrGet(ATTRIBUTE)
    return "" if line is None else f' {ATTRIBUTE}="{line}"'


def trace_html(html: str, line: int) -> str:
    """HTML whose first line is the author's `line`, each opening tag with its own."""
    return _traced(html, line, components=False)


def trace_mjml(mjml: str) -> str:
    """An author's MJML, each component and each element of HTML within with its line."""
    return _traced(mjml, 1, components=True)


def _traced(source: str, line: int, *, components: bool) -> str:
    out: list[str] = []
    at = 0
    for tag in TAG.finditer(source):
        line += source.count("\n", at, tag.start())
        out += source[at : tag.start()], _tag(tag, line, components)
        line += tag[0].count("\n")
        at = tag.end()
    return "".join([*out, source[at:]])


def _tag(tag: re.Match[str], line: int, components: bool) -> str:
    closing, name, rest = tag[1], tag[2], tag[3]
    if name is None or closing or name == "mjml":
        return tag[0]
    if components and name == "mj-style":
        # Closed before its lines end, so counted from the line its first one stands on.
        return f"{tag[0]}/*line {line + tag[0].count(chr(10))}*/"
    if not components or not name.startswith("mj-"):
        return f'<{name} {ATTRIBUTE}="{line}"{rest}>'
    return f"<{name}{_with_class(name, rest, line)}>" if name in _DRAWN else tag[0]


def _with_class(name: str, rest: str, line: int) -> str:
    unnamed = name in _PICTURES and not re.search(r"\salt\s*=", rest)
    classes = f"line-{line} {UNNAMED}" if unnamed else f"line-{line}"
    written, found = _CLASS.subn(rf"\g<1>{classes} ", rest, count=1)
    return written if found else f' css-class="{classes}"{rest}'


def untraced(html: str) -> str:
    """The same mail as a reader gets it."""
    return _TRACES.sub("", html)
