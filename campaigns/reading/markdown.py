"""Markdown, with or without front matter, to a Reading. Rendered to HTML first, so that raw HTML inside it
is read like any other and all text ends up escaped for the lesson dialect."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from campaigns.reading.assembling import Reading, title_from_name
from campaigns.reading.blocks import leaves
from campaigns.reading.tree import parse

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_TOML_FRONT_MATTER = re.compile(r"\A\+\+\+[ \t]*\n(.*?\n)\+\+\+[ \t]*(?:\n|\Z)", re.S)
_INLINE = re.compile(
    r"(?P<code>(`+)(?!`)[^\n]+?(?<!`)\2(?!`))|(?P<note>\[\^[^\[\]\s]{1,60}\])"
    r"|(?<!!)\[\[(?:[^\[\]|\n]+\|)?(?P<page>[^\[\]|\n]+)\]\]"
    r"|\{\{[<%]\s*(?P<shortcode>/?[\w-]+)(?P<given>[^{}]{0,2000}?)/?\s*[%>]\}\}"
)
_PARAMETER = re.compile(r"([\w-]+)=(?:\"([^\"]*)\"|'([^']*)'|`([^`]*)`|(\S+))")
_FOOTNOTE = re.compile(r"^\[\^[^\[\]\s]{1,60}\]:.*(?:\n(?:[ \t]+\S.*|[ \t]*(?=\n[ \t]+\S)))*", re.M)
_CALLOUT = re.compile(r"^((?:[ \t]*>)+[ \t]*)\[![\w-]+\][+-]?[ \t]*", re.M)
_HEADING_ID = re.compile(r"^(#{1,6} .*?)[ \t]*\{[#.:][^{}\n]*\}[ \t]*$", re.M)
_DIRECTIVE = re.compile(
    r"^:{3,}.*$|^import\s(?:.*\sfrom\s+)?['\"][^'\"\n]+['\"];?\s*$|^export (?:const|default|function|\{"
    r"|\*).*$",
    re.M,
)
_LIQUID = re.compile(r"^\{%.*?%\}[ \t]*$|^\{:[^}\n]*\}[ \t]*$|^<!--.*?-->[ \t]*$", re.M | re.S)


def read(text: str, name: str, base: str = "") -> Reading:
    """`text` is the whole file. The title is the front matter's, else that of a lone first heading, else
    the file's."""
    from markdown_it import MarkdownIt

    meta, body = _split(text)
    body = _without_generators_marks(body)
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(body)
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
        pieces=tuple(leaf.as_piece("marked as a heading") for leaf in found),
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


def _without_generators_marks(body: str) -> str:
    """`body` without what only a site generator understands (Jekyll, Hugo, Docusaurus, Obsidian), outside of
    code: shortcodes, directives, imports, notes, ids. A figure's shortcode becomes its picture."""
    return "".join(part if is_code else _plain(part) for is_code, part in _parted_at_code(body))


def _plain(text: str) -> str:
    text = _LIQUID.sub("", _DIRECTIVE.sub("", _FOOTNOTE.sub("", text)))
    return _INLINE.sub(_understood, _HEADING_ID.sub(r"\1", _CALLOUT.sub(r"\1", text)))


def _understood(match: re.Match[str]) -> str:
    if match["code"] or match["page"]:
        return match["code"] or match["page"]
    given = {name: "".join(values) for name, *values in _PARAMETER.findall(match["given"] or "")}
    if match["shortcode"] not in ("figure", "img", "image") or not given.get("src"):
        return ""
    caption = given.get("caption") or given.get("title") or ""
    told = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure><img src="{escape(given["src"])}" alt="{escape(given.get("alt", ""))}">{told}</figure>'


def _parted_at_code(body: str) -> list[tuple[bool, str]]:
    """The text in stretches outside and inside of fenced code, line ends kept."""
    parts: list[tuple[bool, list[str]]] = [(False, [])]
    fence = ""
    for line in body.splitlines(keepends=True):
        mark = re.match(r"\s{0,3}(`{3,}|~{3,})", line)
        if mark and not fence:
            fence = mark[1]
            parts.append((True, [line]))
            continue
        parts[-1][1].append(line)
        if mark and fence and mark[1].startswith(fence):
            fence = ""
            parts.append((False, []))
    return [(is_code, "".join(lines)) for is_code, lines in parts]
