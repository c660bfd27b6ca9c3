"""The text of a digest's issue, as Markdown of the lesson dialect (pure).

A feed's words are a stranger's: they are escaped, so that they stay text, and only web addresses are linked.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from campaigns.reading import marking
from campaigns.reading.posts import Post
from campaigns.reading.sentences import sentences
from campaigns.reading.tree import parse
from campaigns.wording import clip

# What subject and introduction may name of an issue, beside a reader's own fields.
FIELDS: Final = {
    "digest.title": "the newest entry’s title",
    "digest.count": "how many entries it has",
    "digest.date": "the day on which it is made",
}
LONGEST_TITLE: Final = 200  # characters
LONGEST_SUMMARY: Final = 320
LONGEST_PREHEADER: Final = 110
LONGEST_ADDRESS: Final = 2_000
_READ: Final = 40_000  # characters of an entry's HTML that its summary is looked for in
_TINY: Final = 100  # pixels: what is narrower is no picture, but counts who looks
_WIDTH: Final = 480
_FIELD: Final = re.compile(r"\{\{ *(digest\.[a-z]+) *\}\}")
_BRACES: Final = re.compile(r"(?:\{|%7B){2}", re.I)  # would be taken for a merge field that is broken
_SILENT: Final = ("script", "style", "template", "noscript", "iframe", "object", "svg")

Dated = Callable[[datetime], str]  # the day of a moment, in the newsletter's language and zone


def body(posts: Sequence[Post], introduction: str, now: datetime, dated: Dated, *, pictures: bool) -> str:
    """Introduction and entries, a heading each."""
    first = filled(introduction, posts, now, dated, marking.escape).strip()
    return "\n\n".join(filter(None, [first, *(_entry(post, dated, pictures) for post in posts)])) + "\n"


def subject(text: str, posts: Sequence[Post], now: datetime, dated: Dated) -> str:
    """A subject's own fields filled; those of readers stay for each of them."""
    return filled(text, posts, now, dated, plain_line)


def preheader(posts: Sequence[Post]) -> str:
    """The titles after the first one; where it is alone, what it is about."""
    others = " · ".join(filter(None, (headline_of(post) for post in posts[1:])))
    return plain_line(clip(others or summary_of(posts[0]), LONGEST_PREHEADER))


def plain_line(text: str) -> str:
    """A stranger's text as subject or preheader, where neither braces nor anything else means something."""
    return text.replace("{{", r"\{{").replace("=?", "= ?")  # the latter would begin encoded text (RFC 2047)


def filled(
    text: str, posts: Sequence[Post], now: datetime, dated: Dated, escape: Callable[[str], str]
) -> str:
    values = {
        "digest.title": headline_of(posts[0]),
        "digest.count": str(len(posts)),
        "digest.date": dated(now),
    }
    return _FIELD.sub(lambda found: escape(values[found[1]]) if found[1] in values else found[0], text)


def with_sample(text: str) -> str:
    """As it would be with an entry, to be checked."""
    return _FIELD.sub(lambda found: "x" if found[1] in FIELDS else found[0], text)


def headline_of(post: Post) -> str:
    """What an entry is called in a line; one without a title, as short notes are, by how it begins."""
    return title_of(post) or clip(summary_of(post), LONGEST_PREHEADER)


def title_of(post: Post) -> str:
    """On one line, and not for ever; "" where an entry has none."""
    return clip(_line(post.title), LONGEST_TITLE)


def summary_of(post: Post) -> str:
    """What its author says of it, else how it begins: whole sentences, as far as they fit."""
    text = _text(post.summary) or _text(post.html)
    found = ""
    for sentence in sentences(text):
        longer = f"{found} {sentence}".strip()
        if len(longer) > LONGEST_SUMMARY:
            break
        found = longer
    return found or clip(text, LONGEST_SUMMARY)


def link_of(post: Post) -> str:
    """Where it can be read; "" for what is no web address (`javascript:`, `data:` ...)."""
    return post.link if _is_web(post.link, ("http", "https")) else ""


def picture_of(post: Post) -> str:
    """The address of its picture: the feed's own, else the first in its text; "" without one that mail can
    show."""
    if _is_web(post.picture, ("https",)):
        return post.picture
    for one in _tree(post.html).iter("img"):
        width = (one.get("width") or "").strip()
        if _is_web(one.get("src") or "", ("https",)) and not (width.isdecimal() and int(width) < _TINY):
            return str(one.get("src"))
    return ""


def _entry(post: Post, dated: Dated, pictures: bool) -> str:
    """Without a title it is headed by its day."""
    title, link = title_of(post), link_of(post)
    date = dated(post.published_at) if post.published_at else ""
    day = f"*{marking.escape(date)}*" if date and title else ""
    picture = picture_of(post) if pictures else ""
    image = f"![]({marking.address(picture)}){{decorative width={_WIDTH}}}" if picture else ""
    parts = [_heading(title or date or link, link), day, image, marking.paragraph(summary_of(post))]
    return "\n\n".join(filter(None, parts))


def _heading(text: str, link: str) -> str:
    if link:
        return f"## [{marking.escape(text)}]({marking.address(link)})"
    return marking.heading(text, 2) if text else ""


def _text(html: str) -> str:
    tree = _tree(html)
    for one in [*tree.iter(*_SILENT)]:
        one.drop_tree()
    return _line(" ".join(tree.itertext()))


def _line(text: str) -> str:
    """On one line, without halves of a character, which no database takes."""
    return marking.squeeze(text.encode("utf-8", "replace").decode())


def _tree(html: str) -> Any:
    return parse(html[:_READ])


def _is_web(address: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    is_whole = bool(parts.hostname) and len(address) <= LONGEST_ADDRESS and address.isprintable()
    return parts.scheme in schemes and is_whole and not _BRACES.search(address)
