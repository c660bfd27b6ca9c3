"""Lines for the checks: carried to each element of the mail, and gone when they are taken out."""

import re
from dataclasses import replace

import pytest
from mail_samples import ARABIC, BRAND, MIDDLE, PLAIN, WELCOME

from templates.compiling import LessonSource, compile_lesson
from templates.tracing import trace_html, trace_mjml, untraced

HTML_IN_MARKDOWN = """\
<div>
<p title="a <b c">In HTML
<img src="https://example.org/a.png">
</div>

- one <b>two</b>
  [three](https://example.org/3)

    code

| a |
|---|
| [x](https://example.org/x) |

> :::takeaway
> Deep
> :::
"""
EXPERT = """\
<mj-section css-class="own">
  <mj-column>
    {% if subscriber.plan %}
    <mj-text css-class='a b'><p class="x">Two
      <a href="https://example.org/{{ subscriber.id }}">links</a></p></mj-text>
    {% endif %}
    <mj-image src="https://example.org/a.png" /><mj-image src="https://example.org/b.png" alt="B" />
    <mj-button href="https://example.org/c">Press</mj-button>
    <mj-divider /><mj-spacer height="8px" />
    <mj-table><tr><td>cell</td></tr></mj-table>
  </mj-column>
</mj-section>
"""


@pytest.mark.parametrize(
    "source",
    [
        MIDDLE,
        PLAIN,
        WELCOME,
        ARABIC,
        replace(PLAIN, body=HTML_IN_MARKDOWN),
        replace(PLAIN, format="mjml", body=EXPERT),
    ],
)
def test_without_its_lines_a_mail_is_the_one_that_is_sent(source: LessonSource) -> None:
    plain, traced = compile_lesson(source, BRAND), compile_lesson(source, BRAND, traced=True)
    assert "line-" in traced.html or "data-line" in traced.html
    assert untraced(traced.html) == plain.html
    assert (traced.text, traced.subject, traced.needs) == (plain.text, plain.subject, plain.needs)


@pytest.mark.parametrize(
    ("address", "line"),
    [("https://example.org/a.png", 3), ("https://example.org/3", 7), ("https://example.org/x", 13)],
)
def test_an_element_of_markdown_has_the_line_it_was_written_on(address: str, line: int) -> None:
    html = compile_lesson(replace(PLAIN, body=HTML_IN_MARKDOWN), BRAND, traced=True).html
    tag = re.search(rf"<[^>]*{re.escape(address)}[^>]*>", html)
    assert tag is not None
    assert f'data-line="{line}"' in tag[0]


def test_components_have_their_line_as_a_class_and_html_as_an_attribute() -> None:
    traced = trace_mjml(EXPERT)
    for expected in (
        '<mj-section css-class="line-1 own">',
        "<mj-text css-class='line-4 a b'>",
        '<p data-line="4" class="x">',
        '<a data-line="5" href=',
        '<mj-image css-class="line-7 picture-without-alt" src="https://example.org/a.png" />',
        '<mj-image css-class="line-7" src="https://example.org/b.png" alt="B" />',
        '<td data-line="10">',
    ):
        assert expected in traced


def test_comments_and_quoted_brackets_are_no_tags() -> None:
    html = '<!-- <p> --><p title="<b>">x</p><!-- <p>'
    assert trace_html(html, 5) == '<!-- <p> --><p data-line="5" title="<b>">x</p><!-- <p>'
