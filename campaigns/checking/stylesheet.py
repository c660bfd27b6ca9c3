"""A mail's style sheets, ready to be matched: which rules a desktop client applies, in light and in dark."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import cssselect2
import tinycss2

from campaigns.checking.declarations import Declared, declared

DESKTOP = 600  # px, the width of our mails
_WIDTH = re.compile(r"\(\s*(min|max)-width\s*:\s*([0-9.]+)px\s*\)")
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")
_DEEPEST = 5  # conditions within conditions


class Rule(NamedTuple):
    """`scheme` is dark or light where the rule holds only there, else ''."""

    scheme: str
    declarations: tuple[Declared, ...]


class At(NamedTuple):
    """A node of a style sheet and the scheme it holds in."""

    node: Any
    scheme: str


@lru_cache(maxsize=64)
def matcher(sheets: tuple[tuple[str, str], ...]) -> Any:
    """A cssselect2.Matcher of (media, css) with a Rule as each selector's payload."""
    made = cssselect2.Matcher()
    for at in rules(sheets):
        declarations = tuple(declared(_contents(at.node)))
        if not declarations:
            continue
        try:
            for selector in cssselect2.compile_selector_list(at.node.prelude):
                if selector.pseudo_element is None:
                    made.add_selector(selector, Rule(at.scheme, declarations))
        except cssselect2.SelectorError:
            continue  # as clients do: a rule they cannot read holds nowhere
    return made


def rules(sheets: Sequence[tuple[str, str]]) -> Iterator[At]:
    """The qualified rules that a desktop client applies."""
    for media, css in sheets:
        scheme = applies(media)
        if scheme is not None:
            nodes = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
            yield from _within(nodes, scheme, _DEEPEST)


def _within(nodes: Sequence[Any], scheme: str, deepest: int) -> Iterator[At]:
    for node in nodes:
        if node.type == "qualified-rule":
            yield At(node, scheme)
        elif node.type == "at-rule" and node.content is not None and deepest:
            inner = applies(tinycss2.serialize(node.prelude)) if node.lower_at_keyword == "media" else None
            if node.lower_at_keyword == "supports":
                inner = ""
            if inner is not None:
                inside = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                yield from _within(inside, inner or scheme, deepest - 1)


def _contents(rule: Any) -> Any:
    return tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)


def applies(media: str) -> str | None:
    """Where a media query holds on a desktop screen: '' always, dark or light only there, None never."""
    found = [_query(query) for query in media.lower().split(",")] if media.strip() else [""]
    held = [scheme for scheme in found if scheme is not None]
    return min(held, key=len) if held else None


def _query(query: str) -> str | None:
    scheme = _SCHEME.search(query)
    for edge, width in _WIDTH.findall(query):
        if (edge == "min") != (float(width) <= DESKTOP):
            return None
    rest = _WIDTH.sub("", _SCHEME.sub("", query))
    if set(re.findall(r"[a-z-]+|\(", rest)) - {"only", "screen", "all", "and"}:
        return None
    return scheme[1] if scheme else ""
