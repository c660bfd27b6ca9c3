"""A feed's entries as an issue's text: what is new, what it says, and that a stranger's words stay words."""

from datetime import UTC, datetime

import pytest
from feeds import Feed, day
from hypothesis import given
from hypothesis import strategies as st

from campaigns.digests import entries, writing
from campaigns.reading import feed
from campaigns.reading.posts import Post
from templates.dialect import render_html
from templates.problems import in_line, problems

NOW = datetime(2026, 3, 16, 8, tzinfo=UTC)
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Notes</title>
<entry><id>tag:notes.example.org,2026:1</id><title type="html">Frost &amp;amp; ice</title>
<link rel="alternate" href="https://notes.example.org/frost"/><updated>2026-03-13T08:00:00Z</updated>
<summary>Cover what is tender.</summary>
<content type="html">&lt;p&gt;All of it.&lt;/p&gt;&lt;img src="https://img.example.org/a.jpg"&gt;</content></entry></feed>
"""


def dated(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y}"


def body(*posts: Post, introduction: str = "", pictures: bool = True) -> str:
    return writing.body(posts, introduction, NOW, dated, pictures=pictures)


def one(title: str = "Frost", **said: str) -> Post:
    return Post(title=title, html=said.pop("html", ""), keys=("1",), **said)


def test_an_atom_entry_is_title_link_day_picture_and_summary() -> None:
    assert body(*feed.entries(ATOM, "it"), introduction="New:") == (
        "New:\n\n## [Frost & ice](https://notes.example.org/frost)\n\n*13.03.2026*\n\n"
        "![](https://img.example.org/a.jpg){decorative width=480}\n\nCover what is tender.\n"
    )


def test_an_entry_may_have_next_to_nothing() -> None:
    assert body(one("", link="https://a.example/1")) == "## [https://a.example/1](https://a.example/1)\n"
    assert body(one("Frost")) == "## Frost\n"


@pytest.mark.parametrize("html", ["<!-- it never ends", " \n ", "<?xml version='1.0'?>", "<!-- it ends -->"])
def test_r40_a_text_without_an_element_is_no_text(html: str) -> None:
    assert body(one("Frost", html=html, summary=html)) == "## Frost\n"


def test_a_note_without_a_title_is_headed_by_its_day_and_called_by_how_it_begins() -> None:
    note = Post("", "<p>Frost tonight.</p>", ("1",), link="https://a.example/1", published_at=day(13))
    assert body(note) == "## [13.03.2026](https://a.example/1)\n\nFrost tonight.\n"
    assert writing.subject("{{ digest.title }}", [note], NOW, dated) == "Frost tonight."
    assert writing.preheader([one(), note]) == "Frost tonight."


@pytest.mark.parametrize(
    "link",
    [
        *(
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//a.example",
            "https://",
            "x" * 9,
        ),
        *(
            "https://a.example/{{x",
            "https://a.example/%7b{",
            "https://[bad",
            "https://a.example/" + "x" * 2_000,
        ),
    ],
)
def test_what_is_no_web_address_is_not_linked(link: str) -> None:
    assert body(one(link=link)) == "## Frost\n"


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ('<media:content url="https://i.example/1.jpg" medium="image"/>', "https://i.example/1.jpg"),
        ('<enclosure url="https://i.example/2.png" type="image/png" length="9"/>', "https://i.example/2.png"),
        ('<media:thumbnail url="https://i.example/3.jpg"/>', "https://i.example/3.jpg"),
        ('<enclosure url="https://i.example/4.mp3" type="audio/mpeg" length="9"/>', ""),
        ('<media:content url="http://i.example/5.jpg" medium="image"/>', ""),
        ('<media:content url="data:image/png;base64,AA" medium="image"/>', ""),
    ],
)
def test_an_entrys_picture(more: str, found: str) -> None:
    site = Feed()
    site.publish("Frost", day(13), xml=more)
    (post,) = feed.entries(site.document.decode(), "it")
    assert writing.picture_of(post) == found


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<img src="https://i.example/1.jpg">', "https://i.example/1.jpg"),
        (
            '<img src="https://i.example/0.gif" width="1"><img src="https://i.example/2.jpg" width="600">',
            "https://i.example/2.jpg",
        ),
        ('<img src="/relative.jpg">', ""),
    ],
)
def test_a_picture_in_the_text(html: str, found: str) -> None:
    assert writing.picture_of(one(html=html)) == found
    assert "![](" not in body(one(html=html), pictures=False)


def test_a_long_entry_is_cut_after_a_sentence() -> None:
    text = "The frost came early. " * 30
    summary = writing.summary_of(one(html=f"<p>{text}</p><script>alert(1)</script>"))
    assert summary.endswith("early.")
    assert 250 < len(summary) <= writing.LONGEST_SUMMARY
    assert len(writing.summary_of(one(html="frost " * 400))) <= writing.LONGEST_SUMMARY
    assert len(writing.title_of(one("frost " * 400))) <= writing.LONGEST_TITLE


def test_the_newest_come_first_each_once_and_what_says_nothing_never() -> None:
    posts = [
        Post("B", "", ("b",), published_at=day(2)),
        Post("undated", "", ("u",)),
        Post("A", "", ("a",), published_at=day(3)),
        Post("B again", "", ("b",), published_at=day(4)),
        Post("", "<p>words</p>"),
    ]
    assert [post.title for post in entries.fresh(posts, ())] == ["A", "B", "undated"]
    assert [post.title for post in entries.fresh(posts, set(entries.names_of(posts[2])))] == ["B", "undated"]


def test_entries_that_share_a_link_are_two_and_those_that_share_link_and_title_one() -> None:
    home = "https://notes.example.org/"
    apart = [Post("A", "", ("1",), link=home), Post("B", "", ("2",), link=home)]
    assert len(entries.fresh(apart, ())) == 2
    anew = [Post("A", "", ("1",), link=home), Post("A", "", ("random",), link=home)]
    assert len(entries.fresh(anew, ())) == 1


def test_subject_and_introduction_are_filled() -> None:
    posts = [one("Frost {{ subscriber.email }}"), Post("Birds", "", ("2",))]
    text = "{{ digest.count }} on {{digest.date}}: {{ digest.title }} for {{ subscriber.first_name }}"
    subject = writing.subject(text, posts, NOW, dated)
    assert subject == r"2 on 16.03.2026: Frost \{{ subscriber.email }} for {{ subscriber.first_name }}"
    assert in_line(subject) == []
    assert writing.preheader(posts) == "Birds"


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "{{ subscriber.email }}", ":::if subscriber.plan", "::recap", "# no heading", "[a](javascript:b)",
            "<script>", "![](x)", "```", "=?utf-8?q?a=0D=0ABcc?=", "\ud800", "a\nb", "1. x", "- x", "\u202e",
            "{%raw%}", "--", "| a |", "| a |\n|---|", ":::",
        ]
    ),
)  # fmt: skip


@given(st.lists(HOSTILE, min_size=1, max_size=5), HOSTILE, HOSTILE, HOSTILE)
def test_whatever_a_feed_says_is_text_in_a_whole_issue(
    titles: list[str], summary: str, link: str, picture: str
) -> None:
    posts = [
        Post(title, "", (str(number),), link=f"https://a.example/{link}", summary=summary, picture=picture)
        for number, title in enumerate(titles)
    ]
    text = body(*posts)
    assert problems(text) == []
    text.encode()
    html = render_html(text)
    assert html.count("<h2>") <= len(posts)
    assert "<script" not in html
    for line in (writing.subject("{{ digest.title }}", posts, NOW, dated), writing.preheader(posts)):
        assert in_line(line) == []
        assert "=?" not in line
        line.encode()
