"""How the checks see colours and styles: WCAG's formulas, the cascade, light and dark."""

import pytest
from lxml.html import document_fromstring

from campaigns.checking.colour import BLACK, WHITE, Colour, contrast, parse, readable
from campaigns.checking.styles import Scheme, Style, computed, ruled
from campaigns.checking.stylesheet import applies


def colour(text: str) -> Colour:
    found = parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000", "#fff", 21.0),
        ("#fff", "#fff", 1.0),
        ("#767676", "white", 4.54),  # the lightest grey that WCAG lets stand on white
        ("#777777", "white", 4.48),
        ("#17604f", "#ffffff", 7.44),
        ("hsl(0 100% 50%)", "#fff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(colour(one), colour(other)) == pytest.approx(ratio, abs=0.01)
    assert contrast(colour(other), colour(one)) == contrast(colour(one), colour(other))


@pytest.mark.parametrize("text", ["currentcolor", "no colour", "", "oklch(50% 0.1 30)", "#12345"])
def test_what_is_no_colour_of_mail_is_none(text: str) -> None:
    assert parse(text) is None


def test_what_is_seen_through_mixes_with_its_ground() -> None:
    assert str(colour("rgba(0, 0, 0, .5)").over(WHITE)) == "#808080"
    assert str(colour("transparent").over(BLACK)) == "#000000"


@pytest.mark.parametrize(("text", "ground"), [("#999", "#fff"), ("#17604f", "#121716"), ("#777", "#888")])
def test_the_shade_that_is_named_as_the_mend_is_enough_and_near(text: str, ground: str) -> None:
    shade = readable(colour(text), colour(ground), 4.5)
    assert 4.5 <= contrast(shade, colour(ground)) < 4.7


def look(html: str, scheme: Scheme = "light") -> Style:
    """The style of the element #it."""
    root = document_fromstring(html)
    return computed(root, ruled(root), scheme)[root.get_element_by_id("it")]


@pytest.mark.parametrize(
    ("css", "attributes", "expected"),
    [
        ("p { color: red }", "", "#ff0000"),
        ("p { color: red } .a { color: lime }", 'class="a"', "#00ff00"),
        (".a { color: lime } p { color: red }", 'class="a"', "#00ff00"),
        ("#it { color: red } p { color: lime !important }", "", "#00ff00"),
        ("p { color: red }", 'style="color: lime"', "#00ff00"),
        ("p { color: red !important }", 'style="color: lime"', "#ff0000"),
        ("p { color: red !important }", 'style="color: lime !important"', "#00ff00"),
        ("div > p { color: lime } p::before { color: red } ]{ p { color: red }", "", "#00ff00"),
        ("@media (max-width: 480px) { p { color: red } }", "", "#000000"),
        ("@media screen and (min-width: 480px) { p { color: lime } }", "", "#00ff00"),
        ("@media print { p { color: red } }", "", "#000000"),
        ("@media (prefers-color-scheme: dark) { p { color: red } }", "", "#000000"),
        ("div { color: lime }", "", "#00ff00"),
        ("", 'style="color: nothing"', "#000000"),
    ],
)
def test_the_cascade(css: str, attributes: str, expected: str) -> None:
    assert str(look(f"<style>{css}</style><div><p id=it {attributes}>x</p></div>").colour) == expected


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("background: #fff", "", "#ffffff"),
        ("background: #000", "background-color: rgba(255, 255, 255, .5)", "#808080"),
        ("background: url(a.png)", "", None),
        ("background: url(a.png) #123456", "", "#123456"),
        ("background: url(a.png)", "background: #123456", "#123456"),
        ("background: linear-gradient(red, blue)", "", None),
        ("background: #123456", "background: none", "#123456"),
    ],
)
def test_the_ground_is_what_lies_nearest_behind(outer: str, inner: str, expected: str | None) -> None:
    ground = look(f'<div style="{outer}"><p><span id=it style="{inner}">x</span></p></div>').ground
    assert (ground and str(ground)) == expected


def test_attributes_count_for_less_than_styles() -> None:
    cell = '<td id=it bgcolor="#222222" style="background:#333333">x</td>'
    table = f'<table bgcolor="#111111"><tr>{cell}</tr></table>'
    assert str(look(table).ground) == "#333333"
    assert str(look(table.replace("style", "data-was")).ground) == "#222222"
    assert str(look('<font color="#444444"><i id=it>x</i></font>').colour) == "#444444"


@pytest.mark.parametrize(
    ("style", "size", "weight", "height"),
    [
        ("font-size: 12pt", 16, 400, 19.2),
        ("font-size: 1.5em; line-height: 2", 24, 400, 48),
        ("font-size: 150%; line-height: 30px", 24, 400, 30),
        ("font: bold 14px/1.5 Georgia", 14, 700, 21),
        ("font-size: x-small; font-weight: 600", 10, 600, 12),
        ("font-size: smaller", 13.33, 400, 16),
        ("font-size: calc(1px + 1em)", 16, 400, 19.2),
        ("font-weight: 1e999", 16, 1000, 19.2),
    ],
)
def test_sizes(style: str, size: float, weight: int, height: float) -> None:
    found = look(f'<p id=it style="{style}">x</p>')
    assert (found.size, found.weight, found.line_height) == (
        pytest.approx(size, abs=0.01),
        weight,
        pytest.approx(height, abs=0.01),
    )


@pytest.mark.parametrize(
    ("style", "sides"),
    [
        ("padding: 1px", (1, 1, 1, 1)),
        ("padding: 1px 2px", (1, 2, 1, 2)),
        ("padding: 1px 2px 3px", (1, 2, 3, 2)),
        ("padding: 1px 2px 3px 4px", (1, 2, 3, 4)),
        ("padding: 1px; padding-left: 1em", (1, 1, 1, 16)),
    ],
)
def test_the_room_around(style: str, sides: tuple[float, ...]) -> None:
    assert look(f'<p id=it style="{style}">x</p>').padding == sides


@pytest.mark.parametrize("hidden", ["display:none", "visibility:hidden", "max-height:0"])
def test_what_is_hidden_hides_what_is_in_it(hidden: str) -> None:
    assert not look(f'<div style="{hidden}"><p><b id=it>x</b></p></div>').shown


def test_a_dark_client_applies_dark_rules_and_paints_its_own_ground_where_the_mail_knows_of_it() -> None:
    css = "<style>@media (prefers-color-scheme: dark) { p { color: #eeeeee } }</style>"
    knows = '<meta name="color-scheme" content="light dark">'
    page = "<head>{}</head><body><p id=it>x</p></body>"
    dark = look(page.format(css + knows), "dark")
    assert (str(dark.colour), str(dark.ground)) == ("#eeeeee", "#121212")
    unknowing = look(page.format(css), "dark")
    assert (str(unknowing.colour), str(unknowing.ground)) == ("#eeeeee", "#ffffff")
    assert str(look(page.format(css + knows)).colour) == "#000000"


@pytest.mark.parametrize(
    ("media", "where"),
    [
        ("", ""),
        ("all", ""),
        ("only screen and (min-width:480px)", ""),
        ("(min-width:900px)", None),
        ("print, screen", ""),
        ("(prefers-color-scheme: dark)", "dark"),
        ("screen and (prefers-color-scheme:light)", "light"),
        ("not screen", None),
        ("(hover)", None),
    ],
)
def test_where_a_media_query_holds(media: str, where: str | None) -> None:
    assert applies(media) == where
