"""A lesson's body as its page shows it: the dialect's HTML, fitted into a page with an h1 of its own."""

import re
from html import escape

from templates.dialect import render_html
from templates.words import words

_TAKEAWAY = '<aside class="takeaway">'
_TITLE = re.compile(r"<(/?)h1\b")
_TABLE = re.compile(r"<table\b(?:(?!<table\b).)*?</table>", re.S)


def page_html(body: str, language: str) -> str:
    """Takeaways are headed in the lesson's language, no title competes with the page's, wide tables scroll.

    A table scrolls in a region that the keyboard reaches, so that the page itself never moves sideways.
    """
    html = _TITLE.sub(r"<\1h2", render_html(body))
    html = html.replace(_TAKEAWAY, f'{_TAKEAWAY}\n<p class="key">{escape(words(language)["takeaway"])}</p>')
    return _TABLE.sub(r'<div class="scroll" role="region" aria-label="Table" tabindex="0">\g<0></div>', html)
