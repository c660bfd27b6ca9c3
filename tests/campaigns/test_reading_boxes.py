"""Where an article begins, ends and goes on, by the boxes that hold it, and what only looks like one."""

import pytest

from campaigns.article import Article, Role
from campaigns.reading import read_bytes

TITLE = "Mornings outside"


def page(body: str) -> Article:
    head = f"<title>{TITLE} - Quiet Path</title>"
    return read_bytes(f"<html><head>{head}</head><body>{body}</body></html>".encode(), "a.html")


def part(name: str, sentences: int, heading: str = "") -> str:
    """A section's heading and text, every sentence of it its own."""
    said = " ".join(
        f"In {name} it is walk {n} that makes the day, and nothing else." for n in range(sentences)
    )
    return f"<h2>{heading or name}</h2><p>{said}</p>"


OWN = part("May", 9) + part("June", 9)
OTHER = (
    "It was another road, and other people walked it in other shoes, at an hour that nobody remembers now. "
    * 2
)


def kept(article: Article) -> str:
    return "\n".join(piece.block.text for piece in article.pieces if piece.role in (Role.BODY, Role.HEADING))


def titles(article: Article) -> list[str]:
    return [section.heading for section in article.sections if section.heading]


@pytest.mark.parametrize(
    "around",
    [
        # another <article>, its title without a link
        "<article class='post'><div class='text'>{own}</div></article>"
        "<article class='post'><h2>Roads</h2><div class='text'>{other}</div></article>",
        # comments set just as the text is
        "<div><div class='wrap'><div class='text'>{own}</div></div></div>"
        "<div id='comments'><div class='wrap'><div class='text'>{other}</div></div></div>",
        # the same class in other surroundings
        "<div class='wrap'><div class='text'>{own}</div></div>"
        "<ul class='list'><li class='card'><div class='text'>{other}</div></li></ul>",
        # boxes without a class
        "<div><div id='content'><div>{own}</div></div><div id='more'><div>{other}</div></div></div>",
        # a column beside, where the article's own holds a lot else
        "<div class='col'><div class='entry-content'>{own}</div><ul>{more}</ul></div>"
        "<div class='col'>{other}</div>",
        # what an extractor throws out at the end of the only box
        "<div class='entry-content'>{own}<div class='viral'>{other}</div></div>",
    ],
)
def test_what_is_only_like_the_article_is_none_of_it(around: str) -> None:
    other = f"<p>{OTHER}</p>"
    article = page(
        f"<h1>{TITLE}</h1>"
        + around.format(
            own=OWN, other=other, more="<li><a href='https://example.org/t'>A road and its name</a></li>" * 90
        )
    )
    assert titles(article) == ["May", "June"]
    assert "another road" not in kept(article)


def test_a_few_words_in_a_box_of_the_same_class_add_nothing() -> None:
    article = page(f"<h1>{TITLE}</h1><div class='text'>{OWN}</div><div class='text'><p>To the map</p></div>")
    assert "To the map" not in kept(article)


@pytest.mark.parametrize(
    "heading", ["What a <a href='/w'>walk</a> does to the night", "July <a href='#july'>¶</a>"]
)
def test_a_heading_with_a_link_in_it_begins_no_other_article(heading: str) -> None:
    boxes = f"<div class='text'>{OWN}</div><div class='text'>{part('July', 9, heading)}</div>"
    article = page(f"<h1>{TITLE}</h1>{boxes}")
    assert "In July it is walk 8" in kept(article)


def test_a_chapters_last_section_is_read_where_those_before_it_are() -> None:
    def section(name: str, sentences: int) -> str:
        said = f"{name} is its own: a walk is what it takes, and nothing else. " * sentences
        heading = f"<h2 class='title'><a id='a'></a>{name}</h2>"
        return f"<div class='section'><div class='titlepage'><div>{heading}</div></div><p>{said}</p></div>"

    names = ["Get up", "Go out", "Come back"]
    sections = "".join(section(name, length) for name, length in zip(names, (5, 5, 2), strict=True))
    assert titles(page(f"<div class='chapter'><h1>{TITLE}</h1>{sections}</div>")) == names


def test_a_page_that_is_one_preformatted_text_is_read() -> None:
    lines = "\n".join(f"{n}. {'═' * 20} walk {n * n} of the year ∮ E⋅da" for n in range(60))
    assert "walk 3481 of the year" in kept(
        page(f"<h1>{TITLE}</h1><p>Taken from a list.</p><pre>{lines}</pre>")
    )


@pytest.mark.parametrize(
    "above",
    [
        f"<p><a href='https://example.org/a'>{OTHER}{OTHER}</a></p>",
        f"<div class='newsletter'><p>{OTHER}{OTHER}</p></div>",
        f"<aside><p>{OTHER}{OTHER}</p></aside>",
        "<p>It was another road in May 2024.</p>",
        "<h1>another road</h1>",
        "<h2>Latest posts</h2>",
    ],
)
def test_what_stands_above_the_first_text_and_is_none_of_it(above: str) -> None:
    text = "".join(
        f"<p>On day {n} the path was wet, and we went all the same, with tea.</p>" for n in range(9)
    )
    article = page(
        f"<div><div class='viral'>{above}</div>{text}</div>"
    )  # a class that trafilatura leaves out
    assert "another road" not in kept(article)
    assert "On day 0" in kept(article)
    assert titles(article) == []


def test_text_in_a_box_called_widget_keeps_its_heading() -> None:
    boxes = "".join(f"<div class='so-panel widget'>{part(name, 6)}</div>" for name in ("May", "June"))
    assert titles(page(f"<h1>{TITLE}</h1><div class='panel-grid'>{boxes}</div>")) == ["May", "June"]


def test_a_box_by_name_that_holds_most_of_the_article_is_the_article() -> None:
    article = page(f"<main><h1>{TITLE}</h1><p>{OTHER}</p><div class='share'>{OWN}</div><p>{OTHER}</p></main>")
    assert titles(article) == ["May", "June"]


def test_a_subtitle_is_one_only_right_below_the_title() -> None:
    section = part("June", 9).replace("<h2>", "<h2 class='subtitle'>")
    assert titles(page(f"<article><h1>{TITLE}</h1>{part('May', 9)}{section}</article>")) == ["May", "June"]


def test_the_title_said_again_further_down_stays() -> None:
    text = f"{part('May', 9)}<p>{TITLE}</p><p>{OTHER}</p>"
    assert TITLE in kept(page(f"<article><h1>{TITLE}</h1>{text}</article>"))


@pytest.mark.parametrize("kind", ["article-body", "entry-content", "text", "section-content"])
@pytest.mark.parametrize("lengths", [(9, 2), (9, 2, 9), (9, 9, 9, 2)])
def test_an_article_in_several_boxes_of_one_class_loses_none_of_them(
    kind: str, lengths: tuple[int, ...]
) -> None:
    names = [f"Week {number}" for number in range(len(lengths))]
    boxes = [
        f"<div class='{kind}'>{part(name, length)}</div>" for name, length in zip(names, lengths, strict=True)
    ]
    advertisement = "<div class='ads'><p>Shoes that never wear out, now for half of what they cost.</p></div>"
    article = page(f"<main><h1>Mornings outside</h1>{advertisement.join(boxes)}</main>")
    assert titles(article) == names
    assert kept(article).count("that makes the day") == sum(lengths)
    assert "Shoes" not in kept(article)


@pytest.mark.parametrize(
    "another",
    [
        "<h2><a href='/evenings'>Evenings outside</a></h2><div class='entry-content'>{}</div>",
        "<div class='comments'><div class='entry-content'>{}</div></div>",
        "<aside><div class='entry-content'>{}</div></aside>",
        "<article><h2>Evenings</h2><div class='entry-content'>{}</div></article>",
    ],
)
def test_a_box_of_another_article_or_of_the_page_is_none_of_them(another: str) -> None:
    own = f"<div class='entry-content'>{part('Get up', 9)}{part('Go out', 9)}</div>"
    article = page(f"<main><h1>Mornings outside</h1>{own}{another.format(part('Evenings', 9))}</main>")
    assert titles(article) == ["Get up", "Go out"]
