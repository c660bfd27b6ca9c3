"""Encodings: declared, undeclared, and declared wrongly."""

import pytest

from campaigns.reading import read_bytes
from campaigns.reading.decoding import decode
from courseletter.errors import InvalidInput

GERMAN = "Über Größe und Maß: «Fußgänger» überqueren die Straße – täglich, für 5 €. " * 3
RUSSIAN = "Привычки складываются из маленьких шагов, и каждый из них почти незаметен. " * 4
JAPANESE = "小さな習慣は毎日の生活を静かに変えていきます。一歩ずつ進みましょう。" * 4


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "cp1252"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "utf-16"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "utf-32"),
    ],
)
def test_the_letters_are_made_out_without_any_declaration(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize(
    ("text", "true", "claimed"),
    [
        (GERMAN, "utf-8", "iso-8859-1"),
        (GERMAN, "cp1252", "utf-8"),
        (GERMAN, "cp1252", "iso-8859-1"),
        (GERMAN, "cp1252", "no-such-encoding"),
        (JAPANESE, "utf-8", "shift_jis"),
    ],
)
def test_an_encoding_that_lies_is_seen_through(text: str, true: str, claimed: str) -> None:
    assert decode(text.encode(true), "a.txt", claimed) == text
    body = f"<h1>T</h1><p>{text}</p><p>{text}</p>"
    html = f'<html><meta charset="{claimed}"><title>T</title><body>{body}</body></html>'
    read = " ".join(piece.block.text for piece in read_bytes(html.encode(true), "a.html").pieces)
    assert text.strip()[:40] in read


def test_line_ends_become_plain_ones() -> None:
    assert decode(b"a\r\nb\rc", "a") == "a\nb\nc"


def test_letters_that_cannot_be_made_out_are_said_to_be() -> None:
    broken = b"plain words " * 40 + bytes([0x81, 0x8D, 0x01, 0x02, 0x03, 0x04, 0x05, 0x9D]) * 2
    with pytest.raises(InvalidInput, match="encoding is unknown"):
        decode(broken, "a.txt")
