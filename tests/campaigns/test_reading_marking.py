"""Text of a source stays text: nothing in it becomes markup, a merge field or a directive of the lesson
dialect."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.reading import marking
from campaigns.reading.marking import Run
from templates.dialect import problems, render_html

HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("{}:*_`[]()<>!#&|\\~-+=.1 a\n\"'")),
        st.characters(blacklist_categories=["Cs", "Cc", "Cn", "Co"]),
    ),
    max_size=60,
)


def seen(markdown: str) -> str:
    """What a reader sees of Markdown, white space squeezed."""
    return marking.squeeze(html.unescape(re.sub(r"<[^>]+>", "", render_html(markdown))))


@given(HOSTILE)
def test_any_text_stays_the_text_it_was(text: str) -> None:
    wanted = marking.squeeze(text)
    assert seen(marking.paragraph(text)).split() == wanted.split()


@given(st.lists(HOSTILE, min_size=1, max_size=4), st.lists(st.integers(0, 7), min_size=4, max_size=4))
def test_styled_runs_lose_no_character(texts: list[str], styles: list[int]) -> None:
    runs = [
        Run(
            text,
            strong=bool(style & 1),
            emphasis=bool(style & 2),
            link="https://example.org/a" if style & 4 else "",
        )
        for text, style in zip(texts, styles, strict=False)
    ]
    wanted = marking.plain(runs)
    assert seen(marking.inline(runs)).replace(" ", "") == wanted.replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "{{ subscriber.email }}",
        "a {{{ b }}} c",
        "::: quote",
        ":::takeaway",
        "::recap",
        "1. not a list",
        "- not a list",
        "# not a heading",
        "> not a quote",
        "--- | ---",
        "===",
        "*not* _emphasised_ `code` <b>tag</b> &amp; [link](x) ![image](y)",
        "~~~",
    ],
)
def test_source_characters_with_a_meaning_are_escaped(text: str) -> None:
    markdown = marking.paragraph(text)
    assert problems(markdown) == []
    assert seen(markdown) == text
    assert render_html(markdown).startswith("<p>")


def test_a_link_address_holds_no_merge_field_and_no_bracket() -> None:
    markdown = marking.inline([Run("here", link="https://example.org/a(b)?q={{ subscriber.id }}|x y")])
    assert markdown == "[here](https://example.org/a%28b%29?q=%7B%7B%20subscriber.id%20%7D%7D%7Cx%20y)"


def test_bold_beside_letters_is_given_up_rather_than_shown_as_stars() -> None:
    assert seen(marking.inline([Run("a"), Run("(b)", strong=True), Run("c")])) == "a(b)c"
    assert marking.inline([Run("so "), Run(" bold ", strong=True), Run("it is")]) == "so **bold** it is"


def test_bars_in_a_table_cell_are_escaped_also_in_code() -> None:
    assert marking.inline([Run("a|b "), Run("c|d", code=True)], in_table=True) == "a\\|b `c\\|d`"


def test_a_picture_without_alternative_text_is_decoration() -> None:
    assert marking.image("", "https://example.org/x.png") == "![](https://example.org/x.png){decorative}"
    assert problems(marking.image("", "https://example.org/x.png")) == []
