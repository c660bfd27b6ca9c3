"""The first step of an article's life: a file, an address or standard input becomes an Article.

A module for each form; `sources` and `fetching` get the bytes, `decoding` the characters, `assembling` the
decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from campaigns.article import Article
from campaigns.reading import forms, posts
from campaigns.reading.assembling import Reading, assemble
from campaigns.reading.decoding import Decoded, decode
from campaigns.reading.fetching import MOST_BYTES, Fetcher
from campaigns.reading.posts import Post
from campaigns.reading.sources import MOST_READ, Source, check_size, named, open_source
from courseletter.errors import InvalidInput

FORMS = forms.FORMS

__all__ = ["FORMS", "Fetcher", "Post", "posts_in", "read", "read_bytes", "read_post", "read_source"]


def read(
    source: str,
    form: str | None = None,
    *,
    entry: str | None = None,
    fetcher: Fetcher | None = None,
    standard_input: BinaryIO | None = None,
) -> Article:
    """The article at `source`: a path, an http(s) address, or "-" for standard input.

    `form` (one of FORMS) is detected where it is None. `entry` names one entry of a feed or WordPress export.
    Raises InvalidInput, in one line that says what to do, for anything that is no readable article.
    """
    return read_source(open_source(source, fetcher, standard_input), form, entry)


def read_bytes(
    data: bytes, name: str, form: str | None = None, *, entry: str | None = None, base: str = ""
) -> Article:
    """The article in `data`, an upload called `name`. `base` is the address relative links start from."""
    return read_source(named(data, name, base), form, entry)


def posts_in(source: Source, form: str | None = None) -> tuple[str, Sequence[Post]]:
    """The posts of a feed or an export, and its form; of a single article none. Raises InvalidInput."""
    form, decoded = _form_of(source, form)
    return form, _posts(source, decoded.text, form) if form in forms.SEVERAL else ()


def read_post(post: Post, source: str, form: str) -> Article:
    """The article that a post of such a file is. Raises InvalidInput where there is no text in it."""
    return assemble(posts.read([post], None, source), source=source, name=f"“{post.title}”", form=form)


def read_source(source: Source, form: str | None = None, entry: str | None = None) -> Article:
    """The article that a source is, or the one of its posts that `entry` names. Raises InvalidInput."""
    form, decoded = _form_of(source, form)
    if form in forms.SEVERAL:
        reading = posts.read(_posts(source, decoded.text, form), entry, source.name)
    elif entry is not None:
        raise InvalidInput(
            f"{source.name} was read as {form}, and only a feed or an export of posts has entries: "
            "leave --entry out.",
            field="entry",
        )
    else:
        reading = _reading(source, decoded.text, form)
    article = assemble(reading, source=source.name, name=source.name, form=form)
    if decoded.guess:
        note = f"{source.name} does not say how its letters are encoded: they were read as {decoded.guess}."
        return replace(article, notes=(*article.notes, note))
    return article


def _form_of(source: Source, form: str | None) -> tuple[str, Decoded]:
    """What a source is, and its text; a zip's text is ""."""
    if form is not None and form not in FORMS:
        raise InvalidInput(f"{form} is no form of article: choose one of {', '.join(FORMS)}.", field="form")
    decoded = Decoded("")
    if form in forms.ZIPPED or (form is None and forms.is_zip(source.data)):
        form = form or forms.detect(source, None)
    else:
        _refuse_known_formats(source)
        decoded = decode(source.data, source.name, source.charset)
        form = form or forms.detect(source, decoded.text)
    check_size(source, MOST_READ if form in forms.SEVERAL else MOST_BYTES)
    return form, decoded


# Each reader brings its own libraries, so only the one that is needed is imported.
def _posts(source: Source, text: str, form: str) -> Sequence[Post]:
    if form == forms.FEED:
        from campaigns.reading import feed

        return feed.posts(text, source.name)
    if form == forms.WXR:
        from campaigns.reading import wordpress

        return wordpress.posts(text, source.name)
    if form == forms.GHOST:
        from campaigns.reading import ghost

        return ghost.posts(text, source.name)
    from campaigns.reading import substack

    return substack.posts(source.data, source.name)


def _reading(source: Source, text: str, form: str) -> Reading:
    if form == forms.DOCX:
        from campaigns.reading import docx

        return docx.read(source.data, source.name)
    if form == forms.HTML:
        from campaigns.reading import html

        return html.read(text, source.name, source.base)
    if form == forms.MARKDOWN:
        from campaigns.reading import markdown

        return markdown.read(text, source.name, source.base)
    from campaigns.reading import text as plain

    return plain.read(text, source.name)


def _refuse_known_formats(source: Source) -> None:
    known = ((b"%PDF", "a PDF"), (b"\xd0\xcf\x11\xe0", "an old Word file (.doc)"), (b"{\\rtf", "an RTF file"))
    for mark, called in known:
        if source.data.startswith(mark):
            raise InvalidInput(
                f"{source.name} is {called}, which is not read: save it as .docx, HTML or text."
            )
