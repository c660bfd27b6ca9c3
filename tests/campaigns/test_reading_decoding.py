"""Encodings: declared, undeclared, and declared wrongly."""

import pytest

from campaigns.article import Article
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
    assert decode(text.encode(encoding), "a.txt").text == text


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
    assert decode(text.encode(true), "a.txt", claimed).text == text
    body = f"<h1>T</h1><p>{text}</p><p>{text}</p>"
    html = f'<html><meta charset="{claimed}"><title>T</title><body>{body}</body></html>'
    read = " ".join(piece.block.text for piece in read_bytes(html.encode(true), "a.html").pieces)
    assert text.strip()[:40] in read


def test_line_ends_become_plain_ones() -> None:
    assert decode(b"a\r\nb\rc", "a").text == "a\nb\nc"


def test_letters_that_cannot_be_made_out_are_said_to_be() -> None:
    broken = b"plain words " * 40 + bytes([0x81, 0x8D, 0x01, 0x02, 0x03, 0x04, 0x05, 0x9D]) * 2
    with pytest.raises(InvalidInput, match="encoding is unknown"):
        decode(broken, "a.txt")


WESTERN = [
    "The naïve café owner paid £5 for a “résumé” – and that was that. He said it’s nothing to him. " * 3,
    "Il a été très déçu par l’œuvre : « c’est trop », dit-il, et cela coûte 5 € à la mairie. " * 3,
    "El niño pidió más café; ¿qué pasó después? ¡Nada! Los años de sueño son así, dijo la señora. " * 3,
    "A ação começou às três; não há solução fácil, mas o coração pede pão e café de manhã. " * 3,
    "Perché no? Così è la vita: più caffè, meno città, e la libertà è già qui con noi, disse. " * 3,
    "Hän söi äitinsä leipää ja lähti töihin, eikä sää ollut hyvä. Se oli pitkä päivä meille kaikille. " * 3,
    "Flickan åt sin smörgås på ön och såg att det var för sent att gå hem till mamma och pappa. " * 3,
    "He said the price was £20, no more. It costs a lot less in the shop that is down the road from us.",
]
EASTERN = [
    ("cp1250", "Zażółć gęślą jaźń: to jest zdanie, które nie jest po angielsku, ale się je czyta. " * 4),
    ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy, a to je všechno, co se dá říci na konec. " * 4),
    ("cp1253", "Οι συνήθειες είναι μικρά βήματα που αλλάζουν τη ζωή μας κάθε μέρα. " * 4),
]


@pytest.mark.parametrize("text", WESTERN)
def test_western_text_without_a_declaration_is_windows_1252_and_said_so(text: str) -> None:
    assert decode(text.encode("cp1252"), "a.txt").text == text
    page = f'<html><meta charset="utf-8"><title>T</title><body><h1>T</h1><p>{text * 3}</p></body></html>'
    article = read_bytes(page.encode("cp1252"), "a.html")
    assert text[:30] in " ".join(piece.block.text for piece in article.pieces)
    note = "a.html does not say how its letters are encoded: they were read as Windows-1252."
    assert article.notes == (note,)
    assert Article.from_dict(article.to_dict()).notes == article.notes


@pytest.mark.parametrize(("encoding", "text"), EASTERN)
def test_the_language_decides_against_windows_1252(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), "a.txt").text == text


def test_a_broken_letter_makes_no_other_encoding_of_utf_8() -> None:
    data = GERMAN.encode() + b"\xc3 " + GERMAN.encode()
    assert decode(data, "a.txt").text == f"{GERMAN}\ufffd {GERMAN}"


def test_what_is_certain_is_no_guess() -> None:
    assert decode(GERMAN.encode(), "a.txt").guess == ""
    assert decode(GERMAN.encode("cp1252"), "a.txt", "iso-8859-1").guess == ""
