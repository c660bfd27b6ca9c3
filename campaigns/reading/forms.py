"""Which form a source has, by its name, its type and its first bytes."""

from __future__ import annotations

import io
import re

from campaigns.reading import substack
from campaigns.reading.sources import Source

FORMS = ("text", "html", "markdown", "docx", "feed", "wxr", "substack", "ghost")
TEXT, HTML, MARKDOWN, DOCX, FEED, WXR, SUBSTACK, GHOST = FORMS
ZIPPED = (DOCX, SUBSTACK)
SEVERAL = (FEED, WXR, SUBSTACK, GHOST)  # posts in one file

_BY_SUFFIX = {
    "html": HTML,
    "htm": HTML,
    "xhtml": HTML,
    "md": MARKDOWN,
    "markdown": MARKDOWN,
    "mdown": MARKDOWN,
    "docx": DOCX,
    "rss": FEED,
    "atom": FEED,
}
_BY_TYPE = {
    "text/html": HTML,
    "application/xhtml+xml": HTML,
    "text/markdown": MARKDOWN,
    "application/rss+xml": FEED,
    "application/atom+xml": FEED,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": DOCX,
}
_GHOST = re.compile(r'\{\s*"(?:db"\s*:\s*\[|meta"\s*:\s*\{[^}]*\}\s*,\s*"data"\s*:)')
_HTML_TAG = re.compile(
    r"<(?:!doctype html|html|head|body|article|main|div|p|h[1-6]|ul|ol|table|blockquote|section)\b", re.I
)


def is_zip(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04")


def detect(source: Source, text: str | None) -> str:
    """The form of `source`; `text` is its decoded text, None for a zip file."""
    if text is None:
        return SUBSTACK if substack.is_export(io.BytesIO(source.data)) else DOCX
    head = text[:20_000].lstrip("\ufeff \t\n")
    if _GHOST.match(head):
        return GHOST
    opening = _first_tag(head)
    if opening in ("rss", "feed", "rdf:rdf"):
        return WXR if "wordpress.org/export" in text[:5000] or "<wp:wxr_version" in text[:20_000] else FEED
    named = _BY_SUFFIX.get(source.suffix) or _BY_TYPE.get(source.content_type)
    if named and named not in (DOCX, FEED):
        return named
    if opening in ("!doctype", "html", "head", "body") or (
        len(_HTML_TAG.findall(head)) >= 3 and head.startswith("<")
    ):
        return HTML
    return MARKDOWN if _looks_like_markdown(text) else TEXT


def _first_tag(head: str) -> str:
    """The name of the first element (or doctype) after the XML declaration, comments and instructions."""
    rest = re.sub(r"\A(?:\s*(?:<\?.*?\?>|<!--.*?-->))*\s*", "", head, flags=re.S)
    if re.match(r"<!doctype\s+html", rest, re.I):
        return "!doctype"
    rest = re.sub(r"\A<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>\s*", "", rest, flags=re.S | re.I)
    match = re.match(r"<([A-Za-z][\w:-]*)", rest)
    return match[1].lower() if match else ""


def _looks_like_markdown(text: str) -> bool:
    if re.match(r"---\n(?:[\w-]+:.*\n)", text):
        return True
    # A shell's prompt and a comment in code begin with a hash mark as well, and seldom stand alone.
    headings = len(re.findall(r"^#{2,6} \S|(?:\A|\n[ \t]*\n)# (?![a-z])\S.*\n[ \t]*$", text, re.M))
    links = len(re.findall(r"\[[^\]\n]+\]\((?:https?:|mailto:|/)[^)\s]*\)", text))
    setext = len(re.findall(r"^\S.{2,80}\n(?:={3,}|-{3,})\s*$", text, re.M))
    emphasis = len(re.findall(r"(?<!\w)\*\*\w[^*\n]+\*\*(?!\w)", text))
    return headings >= 2 or setext >= 2 or links >= 2 or (headings + links + setext >= 1 and emphasis >= 1)
