"""What Substack and Ghost export, as articles: the published posts, one of them chosen, nothing believed."""

import json
import time
import zipfile
from io import BytesIO

import pytest
from exports import WORDS, ghost, substack, zipped

from campaigns.reading import posts_in, read_bytes
from campaigns.reading.sources import MOST_READ, named
from courseletter.errors import InvalidInput


def titles(data: bytes, name: str) -> list[str]:
    return [post.title for post in posts_in(named(data, name))[1]]


def refusal(data: bytes, name: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_bytes(data, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_substack_s_posts_are_read_from_its_zip_the_newest_first() -> None:
    data = substack("Light at night", "Noise")
    assert titles(data, "export.zip") == ["Noise", "Light at night"]
    article = read_bytes(data, "export.zip")
    assert (article.title, article.form) == ("Noise", "substack")
    assert [section.heading for section in article.sections if section.heading] == ["Noise, in short"]
    assert any("--entry" in note for note in article.notes)


@pytest.mark.parametrize("entry", ["1001.light-at-night", "light-at-night", "Light at Night", "2"])
def test_a_post_is_named_by_its_id_slug_title_or_number(entry: str) -> None:
    assert read_bytes(substack("Light at night", "Noise"), "x.zip", entry=entry).title == "Light at night"


def test_ghost_s_posts_come_before_its_pages_and_no_draft_comes() -> None:
    data = ghost("Light at night", "Noise")
    assert titles(data, "export.json") == ["Noise", "Light at night", "About"]
    article = read_bytes(data, "export.json", entry="uuid-1")
    assert (article.title, article.form) == ("Light at night", "ghost")
    assert "__GHOST_URL__" not in json.dumps(article.to_dict())


def test_an_older_ghost_export_without_a_list_of_databases() -> None:
    data = json.loads(ghost("Noise"))["db"][0]
    assert titles(json.dumps(data).encode(), "export.json") == ["Noise", "About"]


def test_posts_know_when_they_were_published() -> None:
    for data, name in ((substack("Noise"), "a.zip"), (ghost("Noise"), "a.json")):
        moment = posts_in(named(data, name))[1][0].published_at
        assert moment is not None
        assert moment.isoformat() == "2026-02-01T08:00:00+00:00"


def test_a_single_article_holds_no_posts() -> None:
    assert posts_in(named(f"# One\n\n{WORDS}\n\n## Two\n\n{WORDS}".encode(), "a.md"))[1] == ()


@pytest.mark.parametrize(
    ("said", "data", "name"),
    [
        ("no published post", b'{"db": [{"data": {"posts": []}}]}', "a.json"),
        ("no published post", b'{"db": [{"data": 3}]}', "a.json"),
        (
            "no published post",
            ghost("Noise", html=None).replace(b'"type": "page"', b'"status": "draft"'),
            "a.json",
        ),
        ("no JSON", b'{"db": [' + b"[" * 100_000, "a.json"),
        ("no published post", zipped({"posts.csv": "post_id,title\n1.a,A\n"}), "a.zip"),
        ("no Word document", zipped({"list.csv": "email\n"}), "a.zip"),
        ("can be read", substack("Noise")[:-300] + substack("Noise")[-200:], "a.zip"),
    ],
)
def test_r40_an_export_without_posts_or_not_whole(said: str, data: bytes, name: str) -> None:
    assert said in refusal(data, name) or "no readable" in refusal(data, name)


def test_r40_a_zip_that_grows_beyond_measure_is_refused_at_once() -> None:
    begun = time.process_time()
    assert "unpacks to more" in refusal(
        zipped({"posts.csv": "a", "posts/1.a.html": b" " * 101_000_000}), "a.zip"
    )
    huge = substack("Noise", **{"posts/1001.noise.html": "<p>x</p>" * 700_000})
    assert "larger than 5 MB" in refusal(huge, "a.zip")
    assert time.process_time() - begun < 2


def test_r40_a_size_in_a_zip_is_not_believed() -> None:
    data = bytearray(substack("Noise", **{"posts/1001.noise.html": "<p>x</p>" * 700_000}))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        size = archive.getinfo("posts/1001.noise.html").file_size
    lied = bytes(data).replace(size.to_bytes(4, "little"), (9).to_bytes(4, "little"))
    assert lied != bytes(data)
    refusal(lied, "a.zip")


def test_an_export_larger_than_anybody_s_is_refused() -> None:
    assert "larger than 50 MB" in refusal(b'{"db": [' + b" " * MOST_READ, "a.json")
    assert "larger than 10 MB" in refusal(b"# A\n\n" + b"word " * 2_100_000, "a.md")
