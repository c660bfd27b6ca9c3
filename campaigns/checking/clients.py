"""What an author's own HTML and CSS asks of mail clients that they do not know, by caniemail's data.

Only what experts write: of Markdown, the theme makes HTML that reads well without what a client lacks. A
feature that Gmail or Apple Mail lacks is a warning, since most people read there; one that others lack, or
that only decorates, is a hint.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import tinycss2

from campaigns.checking.caniemail import CLIENTS
from campaigns.checking.finding import Finding, hint, warning
from campaigns.checking.mail import Mail
from templates.tracing import ATTRIBUTE

_MATTER = ("apple-mail/", "gmail/")
# Without these a mail looks plainer and reads the same.
_DECORATION = re.compile(
    r"border-radius|box-shadow|text-shadow|color-scheme|hyph|text-(?:decoration|underline|emphasis|wrap).*"
    r"|transition|animation|cursor|outline.*|overflow-wrap|word-.*|orphans|widows|tab-size|user-select|@media.*"
    r"|@keyframes|@supports|:hover|:focus.*|:active|:visited|:link|filter|font-kerning|@font-face"
)
_MARK = re.compile(r"/\*line ([0-9]+)\*/")
_IMAGES = {"heic": "heif", "heif": "heif", "tif": "tiff", "m4v": "mp4"}
_DEEPEST = 5
_OWN_FINDING = frozenset(("form", "select", "textarea", "link", "object"))  # structure.elements


class Use(NamedTuple):
    """A feature that a mail uses, and the author's line."""

    kind: str
    name: str
    line: int


@cache
def _data() -> dict[str, dict[str, list[str]]]:
    found: dict[str, Any] = json.loads((files("campaigns.checking") / "clients.json").read_text("utf-8"))
    return {kind: names for kind, names in found.items() if isinstance(names, dict)}


def image_support(kind: str) -> str:
    """The clients that show no pictures of a type (`svg`, `base64`), in words; '' where all do."""
    return in_words(_data()["images"].get(_IMAGES.get(kind, kind), []))


def in_words(clients: Sequence[str]) -> str:
    names = [CLIENTS[client] for client in clients]
    families = {name.partition(" on ")[0] for name in names}
    for family in sorted(families):
        kin = [client for client in CLIENTS.values() if client.partition(" on ")[0] == family]
        if len(kin) > 1 and set(kin) <= set(names):
            names = [name for name in names if name not in kin]
            names.insert(0, family)
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def support(mail: Mail) -> Iterator[Finding]:
    if not mail.expected.expert:
        return
    seen = set()
    for use in _uses(mail):
        lacking = _data()[use.kind].get(use.name)
        if not lacking or (use.kind, use.name) in seen:
            continue
        seen.add((use.kind, use.name))
        shown = f"<{use.name}>" if use.kind == "elements" else use.name
        verb = "does" if len(lacking) == 1 else "do"
        message = f"{in_words(lacking)} {verb} not know {shown}."
        matters = any(client.startswith(_MATTER) for client in lacking)
        if matters and not _DECORATION.fullmatch(use.name):
            mend = "Do without it, or write beside it what those readers get instead."
            yield warning("client-support", message, mend, use.line)
        else:
            yield hint("client-support", message, "See that the mail reads well without it.", use.line)


def _uses(mail: Mail) -> Iterator[Use]:
    for element in mail.elements:
        said = element.get(ATTRIBUTE, "")
        line = int(said) if said.isdecimal() and len(said) < 9 else None
        if element.tag == "style":
            yield from _of_sheet(element.text or "", line)
        elif line is not None:
            if element.tag not in _OWN_FINDING:
                yield Use("elements", element.tag, line)
            yield from _of_declarations(_contents(element.get("style", "")), line - 1)


def _of_sheet(css: str, line: int | None) -> Iterator[Use]:
    """The author's parts of a style sheet: each begins with the mark of its line."""
    parts = _MARK.split(css)
    if line is not None:
        yield from _of_rules(_rules(parts[0]), line - 1, _DEEPEST)
    for number, part in zip(parts[1::2], parts[2::2], strict=True):
        yield from _of_rules(_rules(part), int(number[:8]) - 1, _DEEPEST)


def _rules(css: str) -> list[Any]:
    return list(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))


def _contents(css: Any) -> list[Any]:
    return list(tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True))


def _of_rules(nodes: Sequence[Any], before: int, deepest: int) -> Iterator[Use]:
    """`before` is how many of the author's lines stand above the first of the style sheet."""
    for node in nodes:
        line = before + node.source_line
        if node.type == "qualified-rule":
            selector = tinycss2.serialize(node.prelude)
            yield from (
                Use("selectors", name.lower(), line) for name in re.findall(r"::?[a-zA-Z-]+", selector)
            )
            yield from _of_declarations(_contents(node.content), before)
        elif node.type == "at-rule":
            name = f"@{node.lower_at_keyword}"
            yield Use("at_rules", name, line)
            for feature in re.findall(r"\(\s*([a-z-]+)", tinycss2.serialize(node.prelude)):
                yield Use("at_rules", f"{name} ({feature})", line)
            if node.content is not None and name in ("@media", "@supports") and deepest:
                inside = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                yield from _of_rules(inside, before, deepest - 1)


def _of_declarations(nodes: Sequence[Any], before: int) -> Iterator[Use]:
    for node in nodes:
        if node.type != "declaration":
            continue
        line, value = before + node.source_line, tinycss2.serialize(node.value).strip().lower()
        yield Use("properties", node.lower_name, line)
        yield Use("values", f"{node.lower_name}:{value}", line)
        yield from (Use("functions", name, line) for name in re.findall(r"([a-z-]+)\(", value))
        yield from (Use("units", unit, line) for unit in re.findall(r"\d(ch|rem|vh|vw|vmin|vmax)\b", value))
