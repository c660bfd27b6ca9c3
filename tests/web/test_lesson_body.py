"""A lesson's body on its page: the same HTML as everywhere, fitted into a page."""

from courseletter.web.lesson_body import page_html

TABLE = "| Cup | Left |\n|---|--:|\n| Noon | 1,234 |\n"
REGION = '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>'


def test_the_takeaway_is_headed_in_the_language_of_the_course() -> None:
    body = ":::takeaway\nWeniger.\n:::\n"
    assert '<aside class="takeaway">\n<p class="key">Das Wichtigste</p>' in page_html(body, "de-AT")
    assert "Key takeaway" in page_html(body, "sv")


def test_no_title_competes_with_the_pages_own() -> None:
    assert page_html("# One\n\n<h1 lang='fr'>Deux</h1>\n", "en") == '<h2>One</h2>\n<h2 lang="fr">Deux</h2>\n'


def test_each_table_scrolls_in_a_region_that_the_keyboard_reaches() -> None:
    html = page_html(f"{TABLE}\nText.\n\n{TABLE}", "en")
    assert html.count(REGION) == html.count("</table></div>") == 2
    nested = page_html("<table><tr><td><table><tr><td>a</td></tr></table></td></tr></table>", "en")
    assert nested.count("<div") == nested.count("</div>") == 1


def test_what_only_looks_like_markup_is_left_alone() -> None:
    assert page_html("`<h1>` and \\<table>", "en") == "<p><code>&lt;h1&gt;</code> and &lt;table&gt;</p>\n"
