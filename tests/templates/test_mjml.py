"""MJML: every measured trap of the compiler is mended or refused, and attributes are checked by type."""

import socket

import pytest

from courseletter.errors import InvalidInput
from templates import mjml
from templates.mjml_check import check, fits


def column(inner: str, head: str = "") -> str:
    body = f"<mj-body><mj-section><mj-column>{inner}</mj-column></mj-section></mj-body>"
    return f"<mjml><mj-head>{head}</mj-head>{body}</mjml>"


@pytest.mark.parametrize(
    "value",
    ["He said 'ä'", "a\\b", "x 👩‍👩‍👧 y", "non\u00a0breaking", "हिन्दी", "ไทย", "a &amp; b &quot;c&quot;"],
)
def test_attribute_values_come_out_as_they_went_in(value):
    from lxml.html import document_fromstring

    html = mjml.compile(column(f'<mj-image src="https://e.org/a.png" alt="{value}" />'))
    image = document_fromstring(html).xpath("//img")[0]
    assert image.get("alt") == value.replace("&amp;", "&").replace("&quot;", '"')


def test_a_line_break_in_an_attribute_becomes_a_space():
    assert 'alt="a b"' in mjml.compile(column('<mj-image src="https://e.org/a.png" alt="a\n b" />')).replace(
        "  ", " "
    )


def test_double_quotes_in_single_quoted_attributes_stay_inside():
    html = mjml.compile(column("""<mj-text><a href="https://e.org" title='say "x"'>y</a></mj-text>"""))
    assert 'title="say &#34;x&#34;"' in html


def test_a_zero_without_unit_keeps_the_padding_beside_it():
    assert "padding:0px 32px" in mjml.compile(column('<mj-text padding="0 32px">x</mj-text>'))
    assert 'cellpadding="0"' in mjml.compile(
        column('<mj-table cellpadding="0"><tr><td>x</td></tr></mj-table>')
    )


def test_the_last_class_wins():
    classes = '<mj-class name="a" color="#aa0000" /><mj-class name="b" color="#00bb00" />'
    text = '<mj-text mj-class="a b">x</mj-text>'
    html = mjml.compile(column(text, f"<mj-attributes>{classes}</mj-attributes>"))
    assert "color:#00bb00" in html
    assert "#aa0000" not in html


def test_no_font_is_fetched():
    html = mjml.compile(column('<mj-text font-family="Roboto, Lato, Open Sans">x</mj-text>'))
    assert "googleapis" not in html


def test_inline_styles_are_inlined_and_nothing_is_fetched():
    style = (
        '<mj-style inline="inline">.a { color: #123456 }</mj-style><mj-style>.b { color: #654321 }</mj-style>'
    )
    html = mjml.compile(column('<mj-text><p class="a b">x</p></mj-text>', style))
    assert "color: #123456" in html.partition("<body")[2].replace("color:#", "color: #")
    assert ".b { color: #654321 }" in html
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.css"
        linked = f'<mj-raw><link rel="stylesheet" href="{address}" /></mj-raw>{style}'
        mjml.compile(column("<mj-text>x</mj-text>", linked))
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_images_get_an_empty_alt_and_keep_theirs():
    assert 'alt=""' in mjml.compile(column('<mj-image src="https://e.org/a.png" />'))
    assert 'alt="A"' in mjml.compile(column('<mj-image src="https://e.org/a.png" alt="A"/>'))


def test_what_would_crash_the_compiler_is_refused():
    with pytest.raises(InvalidInput, match="more than 200 deep"):
        mjml.compile(column("<mj-text>" + "<b>" * 20_000 + "</b>" * 20_000 + "</mj-text>"))
    with pytest.raises(InvalidInput, match="over 512 KB"):
        mjml.compile(column("<mj-text>" + "x" * 600_000 + "</mj-text>"))
    with pytest.raises(InvalidInput, match="cannot be compiled"):
        mjml.compile("<mjml><mj-body>")


@pytest.mark.parametrize(
    ("value", "kind", "right"),
    [
        ("10px 20%", "unit(px,%){1,4}", True),
        ("0", "unit(px,%){1,4}", True),
        ("1px 2px 3px 4px 5px", "unit(px,%){1,4}", False),
        ("10em", "unit(px)", False),
        ("-1px", "unit(px)", False),
        ("-1px", "unitWithNegative(px,em)", True),
        ("1.5", "unit(px,%,)", True),
        ("auto", "unit(px,auto)", True),
        ("#fff", "color", True),
        ("#ffff1", "color", False),
        ("rgba(1, 2, 3, .5)", "color", True),
        ("red; x", "color", False),
        ("left", "enum(left,right)", True),
        ("middle", "enum(left,right)", False),
        ("true", "boolean", True),
        ("yes", "boolean", False),
        ("12", "integer", True),
        ("1.2", "integer", False),
        ("anything", "string", True),
    ],
)
def test_values_are_checked_by_type(value, kind, right):
    assert fits(value, kind) is right


def test_sound_mjml_has_no_problems():
    head = "<mj-attributes><mj-all color='red' /><mj-class name='x' padding='0' /></mj-attributes>"
    body = "<mj-text css-class='a' mj-class='x'>a<br>b<img src='x'> &amp; <!-- c --></mj-text>"
    body += "<mj-divider /><mj-spacer height='20px'/>"
    assert check(column(body, head)) == []


def test_problems_name_the_line_through_comments_and_tags_over_lines():
    head = "<mjml>\n<!-- a\nb -->\n<mj-body\n  width='600px'>\n"
    document = f"{head}<mj-sektion>\n</mj-sektion>\n</mj-body>\n</mjml>\nx"
    assert [(one.line, one.message[:29]) for one in check(document)] == [
        (6, "There is no component <mj-sek"),
        (9, "Text after the end of the doc"),
    ]
