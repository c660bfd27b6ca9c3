"""A WordPress export (WXR) to its published posts, and then its pages."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from campaigns.reading.moments import moment_of
from campaigns.reading.posts import Post
from campaigns.reading.xml import refuse_entities
from courseletter.errors import InvalidInput

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CAPTION = re.compile(r"\[caption[^\]]*\](.*?)\[/caption\]", re.S)
_PICTURE = re.compile(r"\[et_pb_image\b([^\]]*)\]")  # Divi's
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
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


def posts(text: str, name: str) -> list[Post]:
    """In the order of the export; drafts, attachments and comments are left out. Raises InvalidInput where
    nothing is published."""
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
    items = [item for item in channel.iter("item") if _is_published(item)] if channel is not None else []
    if channel is None or not items:
        raise InvalidInput(f"{name} holds no published post or page: export it again with “All content”.")
    items.sort(key=_is_page)  # "About" and its like often come first; an article is a post
    home, language = channel.findtext("link") or "", channel.findtext("language")
    return [_post(item, home, language) for item in items]


def _post(item: Any, home: str, language: str | None) -> Post:
    link = item.findtext("link") or ""
    keys = (link, _field(item, "post_id"), _field(item, "post_name"))
    return Post(
        title=item.findtext("title") or "",
        html=_with_paragraphs(_without_shortcodes(item.findtext(_CONTENT) or "")),
        keys=tuple(filter(None, keys)),
        base=link or home,
        language=language,
        published_at=moment_of(_field(item, "post_date_gmt")),
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


def _is_page(item: Any) -> bool:
    return _field(item, "post_type") == "page"


def _without_shortcodes(html: str) -> str:
    html = re.sub(r"<!--.*?-->", "", html, flags=re.S)
    return _SHORTCODE.sub("", _PICTURE.sub(_image, _CAPTION.sub(_figure, html)))


def _image(match: re.Match[str]) -> str:
    given = dict(_ATTRIBUTE.findall(match[1]))
    return (
        f'<img src="{escape(given["src"])}" alt="{escape(given.get("alt", ""))}">' if "src" in given else ""
    )


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
