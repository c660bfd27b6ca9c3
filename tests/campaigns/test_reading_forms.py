"""Markdown, DOCX, feeds and WordPress exports, and how the form of a source is told."""

import io

import pytest
from documents import docx, paragraph, picture, post, wxr

from campaigns.article import Article, Role
from campaigns.reading import read, read_bytes
from campaigns.splitting import split

WORDS = "Every morning begins with the same ten minutes, and that is the whole secret of it all. "
MARKDOWN = f"""---
title: "Small habits: a beginning"
lang: en-GB
tags: [a, b]
---

{WORDS}

## Start small

{WORDS} See [the study](https://example.org/s "Title") or [a local page](other.md).

1. First
2. Second

![A desk](images/desk.jpg)

{{% include share.html %}}

### Smaller still

| a | b |
|---|---|
| 1 | 2 |

```sh
{{% raw %}}
```

<aside markdown="1">An aside with <b>bold</b> words.</aside>
"""


def headings(article: Article) -> list[str]:
    return [section.heading for section in article.sections if section.heading]


def body(article: Article) -> str:
    return "\n\n".join(piece.block.markdown for piece in article.pieces if piece.role is Role.BODY)


def test_markdown_with_front_matter() -> None:
    article = read_bytes(MARKDOWN.encode(), "habits.md")
    assert (article.title, article.language, article.form) == ("Small habits: a beginning", "en", "markdown")
    assert headings(article) == ["Start small", "Smaller still"]
    assert [section.level for section in article.sections] == [1, 2, 3]
    text = body(article)
    assert "[the study](https://example.org/s)" in text
    assert "or a local page." in text
    assert "1. First\n2. Second" in text
    assert "![A desk](images/desk.jpg)" in text
    assert "| a | b |\n| --- | --- |\n| 1 | 2 |" in text
    assert "```sh\n{% raw %}\n```" in text
    assert "An aside with **bold** words." in text
    assert "include share" not in text
    assert "markdown=" not in text
    assert "tags" not in text


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"# The title\n\n{WORDS}\n\n## A part\n\n{WORDS}", "The title"),
        (f"{WORDS}\n\n## A part\n\n{WORDS}", "My walk"),
        (f"+++\ntitle = 'From TOML'\n+++\n{WORDS}\n\n## A\n\n{WORDS}", "From TOML"),
        (f"---\ntitle: [broken\n---\n\n# Fallback\n\n{WORDS}", "Fallback"),
    ],
)
def test_where_the_title_of_markdown_comes_from(text: str, title: str) -> None:
    article = read_bytes(text.encode(), "2024-05-01-my-walk.md")
    assert article.title == title
    assert title not in headings(article)


STYLES = {"berschrift1": "Überschrift 1", "berschrift2": "Überschrift 2", "Titel": "Titel", "Zitat": "Zitat"}


def test_docx_with_localised_styles() -> None:
    german = (
        "Wer jeden Tag eine halbe Stunde geht, der schläft besser und ist am nächsten Morgen nicht so müde. "
        * 3
    )
    data = docx(
        paragraph("Der tägliche Gang", "Titel"),
        paragraph(german),
        paragraph("Der Anfang", "berschrift1"),
        paragraph(german),
        paragraph("Im Kleinen", "berschrift2"),
        paragraph("Ein Satz.", "Zitat"),
        picture("Ein Weg im Wald"),
        paragraph(german),
        paragraph("Fett gesetzt", bold=True),
        paragraph(german),
        styles=STYLES,
    )
    article = read_bytes(data, "gang.docx")
    assert (article.title, article.language, article.form) == ("Der tägliche Gang", "de", "docx")
    assert headings(article) == ["Der Anfang", "Im Kleinen", "Fett gesetzt"]
    assert [section.level for section in article.sections] == [1, 1, 2, 3]
    assert "> Ein Satz." in body(article)
    (kept,) = article.pictures
    assert kept.media_type == "image/png"
    assert f"![Ein Weg im Wald]({kept.name})" in body(article)


def test_docx_with_nothing_but_bold_lines() -> None:
    data = docx(
        paragraph(WORDS),
        paragraph("Get up", bold=True),
        paragraph(WORDS * 2),
        paragraph("Go out", bold=True),
        paragraph(WORDS * 2),
        title="Mornings",
    )
    article = read_bytes(data, "mornings.docx")
    assert article.title == "Mornings"
    assert headings(article) == ["Get up", "Go out"]
    assert all(section.score < 0.9 for section in article.sections if section.heading)


def test_the_bold_line_at_the_top_of_a_docx_is_its_title_where_nothing_else_is() -> None:
    bold = [paragraph("Mornings", bold=True), paragraph(WORDS)]
    for part in ("Get up", "Go out"):
        bold += [paragraph(part, bold=True), paragraph(WORDS * 2)]
    article = read_bytes(docx(*bold), "file-17.docx")
    assert (article.title, headings(article)) == ("Mornings", ["Get up", "Go out"])


def test_a_picture_that_does_not_come_along_is_a_decision_and_a_note() -> None:
    text = f"# Mornings\n\n{WORDS}\n\n![A path](img/a.jpg)\n\n![A hill](https://example.org/b.jpg)\n"
    article = read_bytes(text.encode(), "a.md")
    (found,) = [one for one in article.decisions if one.role is Role.BODY]
    assert (found.text, found.reason) == (
        "A path",
        "img/a.jpg does not come along: mails show its description alone",
    )
    assert article.notes == (
        "A picture is named by a path, not by an address, and mails show the description alone.",
    )


def test_what_is_struck_out_goes_with_its_marks() -> None:
    article = read_bytes(f"# Mornings\n\nIt costs ~~50~~ 40 pounds. {WORDS}".encode(), "a.md")
    assert article.sections[0].blocks[0].text.startswith("It costs 40 pounds.")


def test_links_in_headings_travel_along() -> None:
    text = (
        f"# Books\n\n{WORDS}\n\n## [Atomic Habits](https://example.org/a)\n\n{WORDS * 6}\n\n"
        f"### On [cues](https://example.org/b)\n\n{WORDS}"
    )
    article = read_bytes(text.encode(), "a.md")
    (_, lesson) = split(article)
    assert lesson.title == "Atomic Habits"
    assert lesson.body.startswith("[Atomic Habits](https://example.org/a)\n\n")
    assert "## On [cues](https://example.org/b)\n\n" in lesson.body


def test_a_heading_that_leads_to_its_own_page_is_no_link() -> None:
    part = "<h2><a href='https://example.org/p{}'>Get up</a></h2><p>" + WORDS * 4 + "</p>"
    page = f"<article><h1>Mornings</h1><p>{WORDS * 4}</p>{part.format('#up')}{part.format('/q')}</article>"
    article = read_bytes(page.encode(), "a.html", base="https://example.org/p")
    assert [section.markdown for section in article.sections[1:]] == [
        "Get up",
        "[Get up](https://example.org/p/q)",
    ]


def test_what_an_authors_file_ends_with_about_the_author_goes() -> None:
    text = f"# Mornings\n\n## Get up\n\n{WORDS * 9}\n\n## About the author\n\nJane Doe walks a lot.\n"
    article = read_bytes(text.encode(), "a.md")
    assert headings(article) == ["Get up"]
    assert "Jane Doe" in " ".join(one.text for one in article.decisions if one.role is Role.DROPPED)


def test_markdown_loses_the_marks_of_site_generators_but_not_in_code() -> None:
    text = f"""import Tabs from '@theme/Tabs';

{WORDS}[^1] See [[Other page|the other page]] and `[[ -f x ]]`.

{{{{< figure src="/a.jpg" alt="A path" caption="In May." >}}}}

{{{{% toc %}}}}

## Start small {{#start}}

:::note

{WORDS}

:::

> [!tip] Bread
> {WORDS}

```
import x from "y";
{{{{< kept >}}}}
```

[^1]: Said by somebody.
"""
    article = read_bytes(text.encode(), "a.md")
    assert headings(article) == ["Start small"]
    shown = body(article)
    assert "See the other page and `[[ -f x ]]`." in shown
    assert "![A path](/a.jpg)\n\n*In May.*" in shown
    assert '```\nimport x from "y";\n\\{{< kept >}}\n```' in shown.replace("{{< kept", "\\{{< kept")
    assert "> Bread" in shown
    for gone in ("Tabs", "toc", ":::", "[!", "[^", "Said by", "#start"):
        assert gone not in shown


RSS = f"""<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Blog</title><link>https://example.org</link><language>en</language>
<item><title>Newest &amp; best</title><link>https://example.org/2</link><guid>g2</guid><description>short</description>
<content:encoded><![CDATA[<p>{WORDS}</p><h2>Part</h2><p>{WORDS}<a href="x">link</a></p>]]></content:encoded>
</item>
<item><title>Older</title><link>https://example.org/1</link><guid>g1</guid><description>{WORDS}</description></item>
</channel></rss>"""


def test_a_feed_gives_its_newest_entry() -> None:
    article = read_bytes(RSS.encode(), "feed.xml")
    assert (article.title, article.form, article.language) == ("Newest & best", "feed", "en")
    assert headings(article) == ["Part"]
    assert "[link](https://example.org/x)" in body(article)
    assert "Older" not in body(article)


@pytest.mark.parametrize("entry", ["2", "g1", "https://example.org/1", "older"])
def test_or_the_entry_asked_for(entry: str) -> None:
    assert read_bytes(RSS.encode(), "feed.xml", entry=entry).title == "Older"


def test_an_atom_feed() -> None:
    atom = (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        "<title>B</title><entry><id>i</id>"
        '<title>Atomic</title><link href="https://example.org/a"/>'
        f'<content type="html">&lt;p&gt;{WORDS}&lt;/p&gt;</content>'
        "</entry></feed>"
    )
    article = read_bytes(atom.encode(), "x")
    assert (article.title, article.form) == ("Atomic", "feed")
    assert WORDS.strip() in body(article)


def test_a_wordpress_export() -> None:
    classic = (
        f'{WORDS}\n\n<h2>First part</h2>\n{WORDS}\n\n[caption id="a" width="300"]'
        '<a href="/big.jpg"><img src="/p.jpg" '
        'alt="A path" /></a> The path in May[/caption]\n\n[gallery ids="1,2"]\n\n'
        '[contact-form-7 id="3" title="x"]\n\n'
        f"<!--more-->\n\n<ul>\n<li>one [sic]</li>\n</ul>\n\n{WORDS}"
    )
    export = wxr(
        post("A draft", "<p>not yet</p>", number=1, status="draft"),
        post("About", f"<p>{WORDS}</p>", number=2, kind="page"),
        post("A picture", "<p>x</p>", number=3, kind="attachment"),
        post("The walk", classic, number=4, comment="Great post, visit my site"),
    )
    article = read_bytes(export.encode(), "export.xml")
    assert (article.title, article.form) == ("The walk", "wxr")
    assert headings(article) == ["First part"]
    text = body(article)
    assert "![A path](https://example.org/p.jpg)\n\n*The path in May*" in text
    assert "- one \\[sic\\]" in text
    for gone in ("gallery", "contact-form", "Great post", "not yet", "caption"):
        assert gone not in text
    assert read_bytes(export.encode(), "export.xml", entry="About").title == "About"


def test_boxes_that_a_plugin_adds_to_posts_go() -> None:
    related = '<div class="jp-relatedposts"><h3>Another walk</h3><p>Short, and by the sea.</p></div>'
    author = "<div class='author-box'><h3>Jo Field</h3><p>Jo walks before breakfast.</p></div>"
    parts = f"<p>{WORDS * 5}</p>{related}<h2>First part</h2><p>{WORDS * 5}</p>{author}<p>{WORDS * 5}</p>"
    article = read_bytes(wxr(post("The walk", parts)).encode(), "export.xml")
    assert headings(article) == ["First part"]
    assert "Jo walks" not in body(article)


def test_a_builders_shortcodes_go_and_leave_their_text_and_pictures() -> None:
    built = (
        f'[et_pb_section fb_built="1"][et_pb_row][et_pb_column type="4_4"][et_pb_text]<p>{WORDS}</p>'
        f"<h2>First part</h2><p>{WORDS}</p>[/et_pb_text]"
        '[et_pb_image src="https://example.org/p.jpg" alt="A path" _builder_version="4.9"][/et_pb_image]'
        f"[et_pb_text]<h2>Second part</h2><p>{WORDS}</p>[/et_pb_text]"
        "[/et_pb_column][/et_pb_row][/et_pb_section]"
    )
    article = read_bytes(wxr(post("The walk", built)).encode(), "export.xml")
    assert headings(article) == ["First part", "Second part"]
    assert "![A path](https://example.org/p.jpg)" in body(article)
    assert "et_pb" not in body(article)


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("a.html", "<p>x</p>", "html"),
        ("a", "<!DOCTYPE html><title>x</title>", "html"),
        ("a", "<html><body>x</body></html>", "html"),
        ("a", "<div><p>x</p><p>y</p></div>", "html"),
        ("a.md", "plain words", "markdown"),
        ("a.txt", "# One\n\ntext\n\n## Two\n\ntext", "markdown"),
        ("a", "---\ntitle: x\n---\ntext", "markdown"),
        ("a.txt", "One\n\ntext of one paragraph.", "text"),
        ("a.txt", "a < b and c > d\n\n2 * 3 * 4", "text"),
        ("a.txt", "# One\n\ntext\n\n# Two\n\ntext", "markdown"),
        ("a.txt", "text\n## One\ntext\n## Two\ntext", "markdown"),
        (
            "a.txt",
            "Type\n\n# mount /srv\n\nand\n\n# umount /srv\n\n# Where it is\nroot = /srv\n\n# Who may\nroot",
            "text",
        ),
        ("a.xml", RSS, "feed"),
        ("a.txt", RSS, "feed"),
        ("a.xml", wxr(post("A", "<p>b</p>")), "wxr"),
    ],
)
def test_the_form_is_detected(name: str, text: str, form: str) -> None:
    from campaigns.reading.forms import detect
    from campaigns.reading.sources import Source

    suffix = name.partition(".")[2]
    assert detect(Source(name, text.encode(), suffix), text) == form


def test_the_form_can_be_overruled_and_standard_input_read() -> None:
    article = read("-", "markdown", standard_input=io.BytesIO(f"{WORDS}\n\n# A part\n\n{WORDS}".encode()))
    assert article.form == "markdown"
    assert "# A part" in body(
        read("-", "text", standard_input=io.BytesIO(f"Title\n\n{WORDS}\n\n\\# A part\n".encode()))
    )


def test_an_article_survives_its_way_through_json() -> None:
    import json

    article = read_bytes(
        docx(paragraph(WORDS), paragraph("Bold", bold=True), picture("A"), paragraph(WORDS)), "a.docx"
    )
    assert article.pictures
    assert Article.from_dict(json.loads(json.dumps(article.to_dict()))) == article
