"""A whole web page: the article stays with its structure, the page around it goes."""

from pathlib import Path

import pytest

from campaigns.article import Article, BlockKind, Role
from campaigns.reading import read, read_bytes

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="module")
def walking() -> Article:
    return read(str(FIXTURES / "walking.html"))


def body(article: Article) -> str:
    return "\n\n".join(
        piece.block.markdown for piece in article.pieces if piece.role in (Role.BODY, Role.HEADING)
    )


def test_the_title_is_the_pages_without_the_sites_name(walking: Article) -> None:
    assert walking.title == "Why a Daily Walk Works"
    assert walking.language == "en"
    assert walking.form == "html"


def test_the_headings_are_the_articles_own(walking: Article) -> None:
    headings = [section.heading for section in walking.sections]
    assert headings == [None, "The mood lifts first", "Sleep follows", "Then the habit carries itself"]


@pytest.mark.parametrize(
    "gone",
    [
        "Posted on",
        "Facebook",
        "Tweet",
        "Subscribe",
        "one short letter",
        "About the author",
        "since it began",
        "also like",
        "How to start small",
        "thoughts on",
        "Lovely piece",
        "Leave a Reply",
        "Required fields",
        "Popular",
        "Home",
        "Filed under",
        "All rights reserved",
        "affiliate",
        "not a substitute",
        "Why a Daily Walk Works",
    ],
)
def test_nothing_of_the_page_around_it_stays(walking: Article, gone: str) -> None:
    assert gone not in body(walking)


def test_structure_is_kept(walking: Article) -> None:
    text = body(walking)
    assert (
        "- **Daylight**, even under clouds\n- A pace that still allows talking\n  - about 100 steps" in text
    )
    assert "| Week | Minutes to fall asleep |\n| --- | --- |\n| 1 | 31 |\n| 2 | 24 \\| 25 |" in text
    assert "> I stopped counting sheep" in text
    assert '```python\ndays = [d for d in diary if "walk" in d]\nprint(f"{len(days)} of {{30}}")\n```' in text


def test_links_are_absolute_and_only_those_a_mail_can_follow(walking: Article) -> None:
    text = body(walking)
    assert "[study of 1,200 office workers](https://quietpath.example.org/studies/mood?ref=a&b=c)" in text
    assert "[write to us](mailto:walk@example.org)" in text
    assert "Click or" in text
    assert "javascript" not in text


def test_a_lazy_picture_keeps_its_real_address_its_alt_and_its_caption(walking: Article) -> None:
    pictures = [
        piece.block
        for piece in walking.pieces
        if piece.block.kind is BlockKind.IMAGE and piece.role is Role.BODY
    ]
    assert [picture.markdown for picture in pictures] == [
        "![A path through autumn trees](https://quietpath.example.org/img/path.jpg)"
    ]
    assert "*The loop behind the village, in October.*" in body(walking)


def test_braces_and_stars_of_the_source_stay_text(walking: Article) -> None:
    assert "\\{{ braces }} or \\*stars\\*" in body(walking)


def test_notices_are_found_inside_and_outside_the_article(walking: Article) -> None:
    assert walking.disclosures == (
        "This post contains affiliate links. If you buy through them, we may earn a small commission at "
        "no extra "
        "cost to you.",
    )
    assert walking.disclaimers == (
        "The content on this website is for informational purposes only and is not a substitute for "
        "medical advice.",
    )


def test_what_was_dropped_is_kept_with_its_reason(walking: Article) -> None:
    dropped = {decision.text: decision for decision in walking.decisions if decision.role is Role.DROPPED}
    assert any("Lovely piece" in text for text in dropped)
    assert all(decision.reason and 0 < decision.score <= 1 for decision in dropped.values())


def test_a_theme_that_names_the_wrong_language_is_not_believed() -> None:
    german = (
        "<p>Wer jeden Tag eine halbe Stunde geht, der schläft besser und ist am Morgen nicht so müde.</p>"
    )
    page = f"<html lang=en-US><title>Gehen</title><body><h1>Gehen</h1>{german * 5}</body></html>"
    assert read_bytes(page.encode(), "page.html").language == "de"


def test_bold_lines_are_headings_where_a_page_has_no_others() -> None:
    text = "<p>Every morning begins with the same ten minutes, and that is the whole secret of it all.</p>"
    parts = f"<p><b>Get up</b></p>{text}{text}<p><b>Go out</b></p>{text}{text}"
    page = f"<title>Mornings</title><h1>Mornings</h1>{text}{parts}"
    assert [section.heading for section in read_bytes(page.encode(), "a.html").sections] == [
        None,
        "Get up",
        "Go out",
    ]


def test_an_article_in_sections_loses_none_of_them() -> None:
    text = "A sentence that is long enough to count as running text in any page that one may meet. "
    sections = "".join(
        f"<section><h2>Part {n}</h2><p>{n} {text * (12 if n == 2 else 1)}</p></section>" for n in range(1, 5)
    )
    main = f"<main><h1>Four parts of one thing</h1>{sections}</main>"
    page = f"<html><title>Four parts of one thing</title><body>{main}</body></html>"
    article = read_bytes(page.encode(), "a.html")
    assert [section.heading for section in article.sections if section.heading] == [
        "Part 1",
        "Part 2",
        "Part 3",
        "Part 4",
    ]


PROSE = "Every morning begins with the same ten minutes outside, and that is the whole secret of it all. "


def page(body: str, head: str = "<title>Mornings outside - Quiet Path</title>") -> Article:
    return read_bytes(f"<html><head>{head}</head><body>{body}</body></html>".encode(), "a.html")


def titles(article: Article) -> list[str]:
    return [section.heading for section in article.sections if section.heading]


def test_a_box_set_into_the_text_goes_and_the_text_behind_it_stays() -> None:
    box = "<div class='newsletter-box'><h3>Join 900 walkers</h3><p>A letter each Friday, no more.</p></div>"
    text = f"<h1>Mornings outside</h1><p>{PROSE * 3}</p><h2>Get up</h2><p>{PROSE * 3}</p>{box}"
    text += f"<p>{PROSE * 2}Still.</p>"
    article = page(f"<article>{text}<h2>Go out</h2><p>{PROSE}Done.</p></article>")
    assert titles(article) == ["Get up", "Go out"]
    assert "Still." in body(article)
    assert "Done." in body(article)
    assert "Friday" not in body(article)


def test_a_sign_up_without_a_telling_class_ends_nothing_where_another_heading_follows() -> None:
    box = "<div><h2>Sign up for Quiet Path</h2><p>Letters on walking.</p></div>"
    text = f"<h1>Mornings outside</h1><p>{PROSE * 4}</p><h2>Get up</h2><p>{PROSE * 4}</p>{box}"
    article = page(f"<article>{text}<h2>Go out</h2><p>{PROSE}Done.</p></article>")
    assert titles(article) == ["Get up", "Go out"]
    assert "Done." in body(article)
    assert "Letters on walking" not in body(article)


def test_of_two_top_headings_the_title_is_not_the_sites_name() -> None:
    text = f"<h1>Mornings outside</h1><p>{PROSE * 5}</p><h1>Get up</h1><p>{PROSE * 5}</p>"
    article = page(f"<h1>Quiet Path</h1><div>{text}</div>")
    assert article.title == "Mornings outside"
    assert titles(article) == ["Get up"]


def test_the_shared_title_decides_where_the_top_heading_is_the_blogs() -> None:
    head = "<title>Quiet Path: Mornings outside</title><meta property='og:title' content='Mornings outside'>"
    article = page(f"<h1>Quiet Path</h1><div><h3>Mornings outside</h3><p>{PROSE * 9}</p></div>", head)
    assert article.title == "Mornings outside"


def test_what_stands_above_the_title_in_a_table_for_layout_goes() -> None:
    menu = "<tr><td><b>Quiet Path</b></td></tr><tr><td><a href='a'>Home</a><br><a href='b'>Walks</a></td>"
    text = f"<h1>Mornings outside</h1><p>{PROSE * 3}</p><p><b>Get up</b></p><p>{PROSE * 3}</p>"
    article = page(f"<table>{menu}<td>{text}<p><b>Go out</b></p><p>{PROSE * 3}</p></td></tr></table>")
    assert titles(article) == ["Get up", "Go out"]
    assert "Walks" not in body(article)


def test_a_picture_and_its_noscript_twin_are_one_picture() -> None:
    image = "<img src='https://example.org/a.jpg' alt='A path'>"
    lazy = f"<noscript>{image}</noscript><img data-src='https://example.org/a.jpg' alt='A path'>"
    article = page(
        f"<article><h1>Mornings outside</h1><p>{PROSE * 5}</p><div>{lazy}</div><p>{PROSE * 5}</p></article>"
    )
    assert body(article).count("a.jpg") == 1


def test_a_notice_in_a_dropped_part_of_the_page_counts() -> None:
    notice = "This post contains affiliate links."
    side = f"<aside class='sidebar widget'><p>{notice}</p></aside>"
    article = page(f"<main><h1>Mornings outside</h1><p>{PROSE * 5}</p>{side}<p>{PROSE * 5}</p></main>")
    assert article.disclosures == (notice,)


def test_a_heading_that_is_also_a_menus_word_stays_over_running_text() -> None:
    text = f"<p>{PROSE * 3}</p><h2>Email</h2><p>{PROSE * 3}</p><h2>Phone</h2><p>{PROSE * 3}</p>"
    assert titles(page(f"<article><h1>Mornings outside</h1>{text}</article>")) == ["Email", "Phone"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Going out before breakfast costs nothing, needs no gear, and changes the whole of a day.",
        "A short walk before breakfast costs nothing, needs no gear and makes the day of nearly all of us",
    ],
)
def test_a_sentence_set_as_a_heading_above_the_text_opens_it(sentence: str) -> None:
    text = f"<h2>{sentence}</h2><p>{PROSE * 3}</p><h2>Get up</h2><p>{PROSE * 3}</p>"
    article = page(f"<article><h1>Mornings outside</h1>{text}</article>")
    assert titles(article) == ["Get up"]
    assert body(article).startswith(sentence)


def test_a_long_question_above_the_text_is_the_heading_it_is_set_as() -> None:
    question = "What does it take to leave the house before breakfast on a cold morning?"
    article = page(f"<article><h1>Mornings outside</h1><h2>{question}</h2><p>{PROSE * 5}</p></article>")
    assert titles(article) == [question]


def test_loose_text_above_the_first_paragraph_opens_the_article() -> None:
    opening = (
        "It began with a dare between two neighbours who had both stopped sleeping well that winter. One of "
        "them had read that light before breakfast sets the clock of the body, the other thought it was "
        "nonsense, and so they went out together, in the rain, with a flask of tea and no plan at all."
    )
    article = page(f"<div>{opening}<p>{PROSE * 3}</p><p>{PROSE * 4}</p><p>{PROSE * 3}</p></div>")
    assert body(article).startswith(opening)


@pytest.mark.parametrize("heading", ["More Must-Reads from the Path", "15 » Comments", "Comments (15)"])
def test_what_a_page_lists_behind_its_article_goes(heading: str) -> None:
    text = f"<h2>Get up</h2><p>{PROSE * 9}</p><h2>{heading}</h2><p>Lovely. I began this morning.</p>"
    article = page(f"<div><h1>Mornings outside</h1><p>{PROSE * 5}</p>{text}</div>")
    assert titles(article) == ["Get up"]
    assert "Lovely" not in body(article)


def test_a_numbered_heading_is_no_count_of_comments() -> None:
    text = f"<p>{PROSE * 5}</p><h2>3. Responses to stress</h2><p>{PROSE * 3}</p>"
    assert titles(page(f"<article><h1>Mornings outside</h1>{text}</article>")) == ["3. Responses to stress"]


@pytest.mark.parametrize(
    "pointer",
    [
        "Read more: Why sleep matters",
        "Lees ook: Waarom slaap telt",
        "A lire aussi : Pourquoi le sommeil compte",
    ],
)
def test_a_line_that_points_to_one_other_article_goes_and_ends_nothing(pointer: str) -> None:
    text = f"<p>{PROSE * 9}</p><p>{pointer}</p><p>It ends with a flask of tea, shared on the last step.</p>"
    article = page(f"<article><h1>Mornings outside</h1>{text}</article>")
    assert pointer not in body(article)
    assert body(article).endswith("the last step.")


def test_a_sentence_that_points_on_stays() -> None:
    kept = "See also: the chapter on sleep, which says what a walk does to the night."
    article = page(f"<article><h1>Mornings outside</h1><p>{PROSE * 9}</p><p>{kept}</p></article>")
    assert body(article).endswith(kept)


def test_of_a_page_without_paragraphs_more_than_its_longest_example_is_read() -> None:
    lines = "\n".join(f"walk --day {day} --before breakfast" for day in range(30))
    example = f"<div class='example-contents'><pre>{lines}</pre></div>"
    days = "".join(f"<h2>Day {day}</h2><div class='para'>{PROSE * 3}</div>" for day in (1, 2))
    article = page(
        f"<div class='section'><h1>Mornings outside</h1><div class='section'>{days}{example}</div></div>"
    )
    assert titles(article) == ["Day 1", "Day 2"]
    assert "walk --day 9" in body(article)


def test_a_page_without_a_title_keeps_the_sentence_that_it_goes_by() -> None:
    article = page(f"<p>Morning is a good time.</p><p>{PROSE * 5}</p>", head="")
    assert article.title == "Morning is a good time."
    assert body(article).startswith("Morning is a good time.")


def test_the_title_goes_as_a_line_above_and_as_a_heading() -> None:
    article = page(f"<div><p>Mornings outside</p><h2>Mornings outside</h2><p>{PROSE * 5}</p></div>")
    assert titles(article) == []
    assert body(article).startswith("Every morning")
