"""The same article as usual site builders set it: all of it is read, and nothing of what stands around it."""

import pytest
from page_themes import AROUND, HEADINGS, OPENING, SENTENCES, THEMES, TITLE

from campaigns.article import Role
from campaigns.reading import read_bytes


@pytest.mark.parametrize("theme", THEMES)
def test_an_article_is_read_whole_and_alone(theme: str) -> None:
    head = f"<title>{TITLE} - Quiet Path</title><meta property='og:site_name' content='Quiet Path'>"
    page = f"<!doctype html><html lang='en'><head>{head}</head><body>{THEMES[theme]}</body></html>"
    article = read_bytes(page.encode(), "page.html")
    kept = "\n".join(piece.block.text for piece in article.pieces if piece.role in (Role.BODY, Role.HEADING))
    assert article.title == TITLE
    assert [section.heading for section in article.sections if section.heading] == list(HEADINGS)
    assert [text for text in (OPENING, *SENTENCES) if text not in kept] == []
    assert [text for text in (TITLE, *AROUND) if text in kept] == []
