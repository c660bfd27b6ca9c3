"""A WordPress export (WXR) to the Reading of one published post: the first, or the one asked for."""

from __future__ import annotations

import re
from typing import Any

from campaigns.reading.assembling import Reading, fold
from campaigns.reading.feed import one_of
from campaigns.reading.html import read_fragment
from campaigns.reading.xml import refuse_entities
from courseletter.errors import InvalidInput

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CAPTION = re.compile(r"\[caption[^\]]*\](.*?)\[/caption\]", re.S)
_KNOWN_SHORTCODE = (
    r"gallery|audio|video|playlist|embed|contact-form(?:-7)?|contact-field|wpforms|gravityform|ninja_form"
    r"|mc4wp_form|"
    r"vc_\w+|et_pb_\w+|fusion_\w+|elementor-template|su_\w+|toc|rev_slider|sc|button|row|column\w*"
    r"|divider|spacer|tabs?|"
    r"accordion\w*|social\w*|share\w*|jetpack\w*|subscribe2?|products?|woocommerce\w*|ad\w*|adsense"
    r"|instagram\w*|youtube|vimeo|"
    r"twitter|tweet|soundcloud|gist|code|sourcecode|php|html|css|js|python|bash|footnotes?|one_\w+"
    r"|two_\w+|dropcap|quote|pullquote"
)
_SHORTCODE = re.compile(
    rf"\[/?(?:{_KNOWN_SHORTCODE}|\w+(?:[_-]\w+)+)(?:\s+[^\]]*)?/?\]|\[/?\w+(?:\s+[\w-]+=(?:\"[^\"]*\""
    rf"|'[^']*'|\S+))+\s*/?\]",
    re.I,
)
_BLOCK_TAG = re.compile(
    r"^\s*</?(?:p|div|h[1-6]|ul|ol|li|table|t[rdh]|thead|tbody|blockquote|pre|figure|figcaption|section"
    r"|hr|!--)\b",
    re.I,
)


def read(text: str, name: str, entry: str | None = None) -> Reading:
    """`entry` is a post's id, slug, link, title or number from 1. Drafts, attachments and comments are
    left out."""
    import lxml.etree

    data = text.encode("utf-8")
    refuse_entities(data, name)
    data = re.sub(rb"\A\s*<\?xml[^>]*\?>", b"", data)
    parser = lxml.etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
    )
    root = lxml.etree.fromstring(data.strip(), parser)
    channel = root.find("channel") if root is not None else None
    posts = [item for item in channel.iter("item") if _is_published(item)] if channel is not None else []
    if channel is None or not posts:
        raise InvalidInput(f"{name} holds no published post or page: export it again with “All content”.")
    post = _chosen(posts, entry, name)
    html = _with_paragraphs(_without_shortcodes(post.findtext(_CONTENT) or ""))
    return Reading(
        title=" ".join((post.findtext("title") or "").split()),
        pieces=read_fragment(html, post.findtext("link") or channel.findtext("link") or ""),
        language=channel.findtext("language"),
        notes=() if entry else one_of(len(posts), name),
    )


def _field(item: Any, name: str) -> str:
    """A `wp:` field; its namespace carries the version of the export."""
    for child in item:
        if (
            isinstance(child.tag, str)
            and child.tag.endswith(f"}}{name}")
            and "wordpress.org/export" in child.tag
        ):
            return (child.text or "").strip()
    return ""


def _is_published(item: Any) -> bool:
    has_text = bool((item.findtext(_CONTENT) or "").strip())
    return (
        has_text
        and _field(item, "status") in ("publish", "")
        and _field(item, "post_type") in ("post", "page", "")
    )


def _chosen(posts: list[Any], wanted: str | None, name: str) -> Any:
    if wanted is None:
        # Pages like "About" often come first; an article is a post.
        return next((post for post in posts if _field(post, "post_type") != "page"), posts[0])
    for post in posts:
        keys = (_field(post, "post_id"), _field(post, "post_name"), post.findtext("link"))
        if wanted in keys or fold(wanted) == fold(post.findtext("title") or ""):
            return post
    if wanted.isdigit() and 1 <= int(wanted) <= len(posts):
        return posts[int(wanted) - 1]
    raise InvalidInput(
        f"{name} has no published post {wanted!r}: name one of its {len(posts)} by title, id, slug or link."
    )


def _without_shortcodes(html: str) -> str:
    html = re.sub(r"<!--.*?-->", "", html, flags=re.S)
    return _SHORTCODE.sub("", _CAPTION.sub(_figure, html))


def _figure(match: re.Match[str]) -> str:
    """`[caption]<img/> words[/caption]` as the <figure> that WordPress makes of it."""
    inner = match[1].strip()
    picture = re.match(r"(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", inner, re.I)
    if not picture:
        return inner
    words = inner[picture.end() :].strip()
    return f"<figure>{picture[0]}<figcaption>{words}</figcaption></figure>" if words else picture[0]


def _with_paragraphs(html: str) -> str:
    """Posts of the classic editor part paragraphs by blank lines alone (WordPress: wpautop)."""
    if re.search(r"<p\b", html, re.I) and not re.search(r"\n\s*\n\s*[^<\s]", html):
        return html
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\n\n<!--kept{len(kept) - 1}-->\n\n"

    html = re.sub(
        r"<(pre|table|ul|ol|figure|blockquote)\b.*?</\1>", keep, html.replace("\r\n", "\n"), flags=re.S | re.I
    )
    parts = []
    for part in re.split(r"\n\s*\n", html):
        part = part.strip()
        if placed := re.fullmatch(r"<!--kept(\d+)-->", part):
            parts.append(kept[int(placed[1])])
        elif part:
            whole = _BLOCK_TAG.match(part) is not None
            parts.append(part if whole else "<p>" + part.replace("\n", "<br>") + "</p>")
    return "\n".join(parts)
