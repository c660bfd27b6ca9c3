"""The first step of an article's life: a file, an address or standard input becomes an Article.

A module for each form; `sources` and `fetching` get the bytes, `decoding` the characters, `assembling` the
decisions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

from campaigns.article import Article
from campaigns.reading import forms
from campaigns.reading.assembling import Reading, assemble
from campaigns.reading.decoding import decode
from campaigns.reading.fetching import Fetcher
from campaigns.reading.sources import Source, open_source
from courseletter.errors import InvalidInput

FORMS = forms.FORMS

__all__ = ["FORMS", "Fetcher", "read", "read_bytes"]


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
    return _read(open_source(source, fetcher, standard_input), source, form, entry)


def read_bytes(
    data: bytes, name: str, form: str | None = None, *, entry: str | None = None, base: str = ""
) -> Article:
    """The article in `data`, an upload called `name`. `base` is the address relative links start from."""
    if not data.strip():
        raise InvalidInput(f"{name} is empty: give a file with an article in it.")
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    return _read(Source(name, data, suffix, base), name, form, entry)


def _read(source: Source, name: str, form: str | None, entry: str | None) -> Article:
    if form is not None and form not in FORMS:
        raise InvalidInput(f"{form} is no form of article: choose one of {', '.join(FORMS)}.", field="form")
    decoded = None
    if form == forms.DOCX or (form is None and forms.is_zip(source.data)):
        form = forms.DOCX
    else:
        _refuse_known_formats(source)
        decoded = decode(source.data, source.name, source.charset)
    form = form or forms.detect(source, decoded.text if decoded else None)
    if entry is not None and form not in (forms.FEED, forms.WXR):
        raise InvalidInput(
            f"{source.name} was read as {form}, and only a feed or a WordPress export has entries: "
            "leave --entry out.",
            field="entry",
        )
    reading = _reading(source, decoded.text if decoded else "", form, entry)
    article = assemble(reading, source=name, name=source.name, form=form)
    if decoded and decoded.guess:
        note = f"{source.name} does not say how its letters are encoded: they were read as {decoded.guess}."
        return replace(article, notes=(*article.notes, note))
    return article


def _reading(source: Source, text: str, form: str, entry: str | None) -> Reading:
    # Each reader brings its own libraries, so only the one that is needed is imported.
    if form == forms.DOCX:
        from campaigns.reading import docx

        return docx.read(source.data, source.name)
    if form == forms.HTML:
        from campaigns.reading import html

        return html.read(text, source.name, source.base)
    if form == forms.MARKDOWN:
        from campaigns.reading import markdown

        return markdown.read(text, source.name, source.base)
    if form == forms.FEED:
        from campaigns.reading import feed

        return feed.read(text, source.name, entry)
    if form == forms.WXR:
        from campaigns.reading import wordpress

        return wordpress.read(text, source.name, entry)
    from campaigns.reading import text as plain

    return plain.read(text, source.name)


def _refuse_known_formats(source: Source) -> None:
    known = ((b"%PDF", "a PDF"), (b"\xd0\xcf\x11\xe0", "an old Word file (.doc)"), (b"{\\rtf", "an RTF file"))
    for mark, called in known:
        if source.data.startswith(mark):
            raise InvalidInput(
                f"{source.name} is {called}, which is not read: save it as .docx, HTML or text."
            )
