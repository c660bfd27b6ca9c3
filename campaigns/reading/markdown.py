"""Markdown, with or without front matter, to a Reading. Rendered to HTML first, so that raw HTML inside it
is read like any other and all text ends up escaped for the lesson dialect."""

from __future__ import annotations

import re
from typing import Any

from campaigns.reading.assembling import Reading, title_from_name
from campaigns.reading.blocks import leaves
from campaigns.reading.html import as_piece, parse

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_TOML_FRONT_MATTER = re.compile(r"\A\+\+\+[ \t]*\n(.*?\n)\+\+\+[ \t]*(?:\n|\Z)", re.S)
_LIQUID = re.compile(r"^\{%.*?%\}[ \t]*$|^\{:[^}\n]*\}[ \t]*$|^<!--.*?-->[ \t]*$", re.M | re.S)


def read(text: str, name: str, base: str = "") -> Reading:
    """`text` is the whole file. The title is the front matter's, else that of a lone first heading, else
    the file's."""
    from markdown_it import MarkdownIt

    meta, body = _split(text)
    # Template instructions of site generators alone on their line are no text; inside code they stay.
    body = "\n".join(_outside_code(body))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    base = base or str(meta.get("canonical_url") or meta.get("canonical") or "")
    found = leaves(parse(html), base)
    title = str(meta.get("title") or "").strip()
    tops = [leaf for leaf in found if leaf.level == 1]
    if not title and tops and (len(tops) == 1 or found[0] is tops[0]):
        title = tops[0].block.text
    title = title or title_from_name(name)
    language = meta.get("lang") or meta.get("language") or meta.get("locale")
    return Reading(
        title=title,
        pieces=tuple(as_piece(leaf, "marked as a heading") for leaf in found),
        language=str(language) if language else None,
        authored=True,
    )


def _split(text: str) -> tuple[dict[str, Any], str]:
    """Front matter and the rest. Front matter that cannot be read is left out, not shown as text."""
    import tomllib

    import yaml

    if match := _FRONT_MATTER.match(text):
        try:
            meta = yaml.load(match[1], Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes strings only
        except yaml.YAMLError:
            meta = {}
        return (meta if isinstance(meta, dict) else {}), text[match.end() :]
    if match := _TOML_FRONT_MATTER.match(text):
        try:
            return tomllib.loads(match[1]), text[match.end() :]
        except tomllib.TOMLDecodeError:
            return {}, text[match.end() :]
    return {}, text


def _outside_code(body: str) -> list[str]:
    lines: list[str] = []
    fence = ""
    for line in body.split("\n"):
        mark = re.match(r"\s{0,3}(`{3,}|~{3,})", line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        if fence or not _LIQUID.fullmatch(line):
            lines.append(line)
    return lines
