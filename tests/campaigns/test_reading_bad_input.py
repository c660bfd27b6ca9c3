"""What is no article is refused in one line that says what to do, quickly, and with nothing fetched or
unpacked."""

import io
import time
from pathlib import Path

import pytest
from documents import docx, paragraph, post, wxr, zipped

from campaigns.reading import read, read_bytes
from campaigns.reading.fetching import MOST_BYTES
from campaigns.splitting import split
from courseletter.errors import InvalidInput

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]>"
)
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def refusal(data: bytes, name: str, form: str | None = None) -> str:
    with pytest.raises(InvalidInput) as refused:
        read_bytes(data, name, form)
    message = str(refused.value)
    assert "\n" not in message
    assert name in message
    return message


@pytest.mark.parametrize("data", [b"", b"   \n\t\r\n ", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "article.txt"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match="is empty: give"):
        read(str(path))


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 20,
        b"\x7fELF\x02\x01\x01" + b"\x00" * 500,
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00" + b"\x00\xff" * 300,
    ],
)
def test_a_binary_file(data: bytes) -> None:
    assert "binary file" in refusal(data, "article.txt")


@pytest.mark.parametrize(
    ("data", "called"),
    [
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Word file"),
        (b"{\\rtf1 x}", "an RTF file"),
    ],
)
def test_known_formats_that_are_not_read_are_named(data: bytes, called: str) -> None:
    assert called in refusal(data, "article")


def test_a_page_of_50_mb_is_not_even_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "big.html"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    begun = time.process_time()
    with pytest.raises(InvalidInput, match="larger than 10 MB"):
        read(str(path))
    assert time.process_time() - begun < 1
    with pytest.raises(InvalidInput, match="larger than 10 MB"):
        read("-", standard_input=io.BytesIO(b"word " * (MOST_BYTES // 4)))


@pytest.mark.parametrize(
    "html",
    [
        "<html><head><title>App</title></head><body><div "
        "id=root></div><script>start()</script></body></html>",
        "<html><body><noscript>Please enable JavaScript to run this app.</noscript></body></html>",
        "<html><body><img src=a.png></body></html>",
        "<html></html>",
    ],
)
def test_a_page_without_text(html: str) -> None:
    assert "no article text" in refusal(html.encode(), "page.html")


def test_a_login_wall() -> None:
    form = "<form><input name=u><input type=password name=p></form>"
    html = f"<html><title>Log in</title><body><h1>Log in</h1>{form}</body></html>"
    assert "login page" in refusal(html.encode(), "page.html")


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"# One\n\n## Two\n\n## Three\n", "markdown"),
        (b"# One\n## Two\n", None),
        (b"One thing\n\nTwo things\n\nThree things\n", "text"),
    ],
)
def test_headings_without_text(data: bytes, form: str | None) -> None:
    assert "headings but no text" in refusal(data, "outline.md", form)
    assert "no article text" in refusal(b"<h1>A</h1><h2>B</h2>", "outline.html")


def test_what_is_not_there_or_no_file(tmp_path: Path) -> None:
    for source, said in (
        (str(tmp_path / "missing.txt"), "does not exist"),
        (str(tmp_path), "is a folder"),
        ("ftp://example.org/a", "only http"),
        ("a\x00b", "cannot be read"),
    ):
        with pytest.raises(InvalidInput, match=said):
            read(source)


def test_an_unknown_form() -> None:
    with pytest.raises(InvalidInput, match="choose one of text, html"):
        read_bytes(b"a b c", "a", "pdf")


def test_a_feed_without_entries_and_an_entry_that_is_not_there() -> None:
    assert "without entries" in refusal(
        b"<rss version='2.0'><channel><title>x</title></channel></rss>", "feed.xml"
    )
    with pytest.raises(InvalidInput, match="no published post"):
        read_bytes(wxr(post("Draft", "<p>text</p>", status="draft")).encode(), "export.xml")
    with pytest.raises(InvalidInput, match="no published post 'x'"):
        read_bytes(wxr(post("A", "<p>text</p>")).encode(), "export.xml", entry="x")


@pytest.mark.parametrize("prolog", [LAUGHS, EXTERNAL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("kind", ["feed", "wxr"])
def test_r40_entities_in_feeds_and_exports_are_refused_at_once(prolog: str, encoding: str, kind: str) -> None:
    body = (
        wxr(post("&lol9;&x;", "<p>words</p>"))
        if kind == "wxr"
        else ("<rss version='2.0'><channel><item><title>&lol9;&x;</title></item></channel></rss>")
    )
    data = (prolog + body.partition("?>")[2] if "?>" in body else prolog + body).encode(encoding)
    begun = time.process_time()
    assert "entities" in refusal(data, "feed.xml", kind)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("prolog", [LAUGHS, EXTERNAL])
def test_r40_entities_in_a_word_document_are_refused_at_once(prolog: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        data = docx(paragraph("a"), extra={"word/styles.xml": f"{prolog}<w>&lol9;&x;</w>".encode(encoding)})
        begun = time.process_time()
        assert "entities" in refusal(data, "a.docx")
        assert time.process_time() - begun < 1


def test_r40_a_document_that_unpacks_to_far_more_than_it_should_is_refused() -> None:
    bomb = docx(paragraph("a"), extra={"word/media/big.png": b"\x00" * 130_000_000})
    assert len(bomb) < 1_000_000
    begun = time.process_time()
    assert "unsafe" in refusal(bomb, "a.docx")
    assert "unsafe" in refusal(docx(paragraph("a"), extra={"word/big.xml": b" " * 31_000_000}), "a.docx")
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("path", ["../../evil.xml", "/etc/evil", "word\\..\\..\\evil", "C:/evil"])
def test_r40_a_path_that_leads_out_of_a_document_is_refused(path: str) -> None:
    assert "unsafe" in refusal(docx(paragraph("a"), extra={path: b"x"}), "a.docx")


def test_archives_that_are_no_readable_document() -> None:
    assert "no Word document" in refusal(zipped({"a.txt": b"x"}), "a.docx")
    assert "no readable Word document" in refusal(b"PK\x03\x04 broken", "a.docx")
    whole = docx(paragraph("words " * 50))
    assert "no readable Word document" in refusal(whole[: len(whole) // 2], "a.docx")
    assert "no readable Word document" in refusal(docx("<w:p>"), "a.docx")


def test_r40_a_line_as_long_as_a_book_costs_no_more_than_a_book() -> None:
    line = "één,twee;" * 30_000
    begun = time.process_time()
    split(read_bytes(f"Titel\n\n{line}\n\n{line}\n\nEinde goed, al goed.".encode(), "a.txt"))
    assert time.process_time() - begun < 5  # where each clause was measured anew it took minutes


def test_r40_a_page_of_thousands_of_small_paragraphs_costs_no_more_than_its_length() -> None:
    prose = "Every morning begins with the same ten minutes outside, and that is the whole secret. " * 30
    begun = time.process_time()
    read_bytes(f"<html><body><p>{prose}</p>{'<p>x y</p>' * 29_000}</body></html>".encode(), "a.html")
    assert time.process_time() - begun < 10  # jusText compares each with all others: it took a minute


def test_r40_a_page_of_more_paragraphs_than_a_long_book_is_refused_before_it_is_parsed() -> None:
    begun = time.process_time()
    assert "more than 30,000 paragraphs" in refusal(b"<html><body>" + b"<div><p>x y</p>" * 200_000, "a.html")
    assert time.process_time() - begun < 3
