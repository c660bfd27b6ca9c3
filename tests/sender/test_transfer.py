"""Transfer encodings: everything comes back as it was, and nothing is left for a relay to change."""

import base64
import binascii
import email
import quopri
import re
from email.policy import compat32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender.transfer import QuotedTexts, base64_text, encoding_for, quoted_printable

VALID = st.characters(exclude_categories=["Cs"])
AWKWARD = st.text(alphabet="x=. F-romÀ\t\r\n\0李", max_size=400)
TEXTS = st.text(VALID, max_size=400) | AWKWARD | st.builds(str.__mul__, AWKWARD, st.integers(1, 20))


def on_the_wire(text: str) -> bytes:
    return re.sub("\r\n|\r|\n", "\r\n", text).encode()


def assert_canonical_pieces(octets: bytes) -> None:
    assert not octets or octets.endswith(b"\r\n")
    assert not re.search(rb"[^\r\n -~]|  | (\r|\Z)|\r(?!\n)|(?<!\r)\n", octets)
    for line in octets.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"-", b"From "))
        assert re.fullmatch(rb"(?:[^=]|=[0-9A-F]{2})*=?", line)


@settings(max_examples=400, deadline=None)
@given(text=TEXTS)
def test_r07_quoted_printable_round_trips(text: str) -> None:
    octets = quoted_printable(text)
    assert_canonical_pieces(octets)
    read = [
        quopri.decodestring(octets),
        binascii.a2b_qp(octets),
        email.message_from_bytes(
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + octets, policy=compat32
        ).get_payload(decode=True),
    ]
    assert read == [on_the_wire(text)] * 3


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(TEXTS, max_size=5))
def test_r07_encoded_pieces_follow_one_another_in_any_order(texts: list[str]) -> None:
    octets = b"".join(map(quoted_printable, texts))
    assert_canonical_pieces(octets)
    assert quopri.decodestring(octets) == b"".join(map(on_the_wire, texts))


@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_r07_base64_round_trips(text: str) -> None:
    octets = base64_text(text)
    assert base64.b64decode(octets) == on_the_wire(text)
    assert all(re.fullmatch(rb"[A-Za-z0-9+/=]{0,76}", line) for line in octets.split(b"\r\n"))


@pytest.mark.parametrize("length", range(66, 80))
@pytest.mark.parametrize("middle", ["=ü=", ".", " ", "  ", "-", "From ", "\n", " \n."])
def test_r07_soft_line_breaks_fall_between_escapes(length: int, middle: str) -> None:
    text = "x" * length + middle + "x" * 100
    octets = quoted_printable(text)
    assert_canonical_pieces(octets)
    assert quopri.decodestring(octets) == on_the_wire(text)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("", b""),
        ("Ana", b"Ana=\r\n"),
        ("Ana\n", b"Ana\r\n"),
        ("\n", b"\r\n"),
        ("\n\n", b"\r\n\r\n"),
        (" a", b" a=\r\n"),
        ("a ", b"a =\r\n"),
        ("a  ", b"a =20=\r\n"),
        ("a \n", b"a=20\r\n"),
        ("a    b", b"a =20 =20b=\r\n"),
        (".a\n.b", b"=2Ea\r\n=2Eb=\r\n"),
        ("-a", b"=2Da=\r\n"),
        ("From a", b"=46rom a=\r\n"),
        ("Fred", b"=46red=\r\n"),
        ("a\tb", b"a=09b=\r\n"),
        ("x" * 75, b"x" * 75 + b"=\r\n"),
        ("x" * 76, b"x" * 75 + b"=\r\nx=\r\n"),
        ("x" * 75 + ".", b"x" * 75 + b"=\r\n=2E=\r\n"),
        ("x" * 73 + "é", b"x" * 73 + b"=\r\n=C3=A9=\r\n"),
    ],
)
def test_r07_what_is_written(text: str, octets: bytes) -> None:
    assert quoted_printable(text) == octets


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("", "quoted-printable"),
        ("Plain English — with a dash.", "quoted-printable"),
        ("Über größere Höhen führt ein schöner Weg.", "quoted-printable"),
        ("Nawyk wydaje się decyzją, podejmowaną każdego dnia od nowa.", "quoted-printable"),
        ("Привычка кажется решением.", "base64"),
        ("تبدو العادة كأنها قرار.", "base64"),
        ("習慣は決心のように見える。", "base64"),
        ("आदत एक फ़ैसले जैसी लगती है।", "base64"),
        ("<p style=x>" * 40 + "習慣は決心のように見える。", "quoted-printable"),
    ],
)
def test_the_encoding_that_suits_the_script(text: str, encoding: str) -> None:
    assert encoding_for(text) == encoding


def test_a_text_is_encoded_once() -> None:
    known = QuotedTexts.of(["a", "é"])
    assert known == {"a": b"a=\r\n", "é": b"=C3=A9=\r\n"}
    assert known["."] is known["."]
    assert len(known) == 3


def test_long_texts_are_not_kept() -> None:
    known = QuotedTexts.of(["x" * 10_000])
    assert known["y" * 10_000] == quoted_printable("y" * 10_000)
    assert list(known) == ["x" * 10_000]


def test_lone_surrogates_are_no_text() -> None:
    for encode in (quoted_printable, base64_text):
        with pytest.raises(UnicodeEncodeError):
            encode("a\udc80")


def test_the_hardest_text_takes_no_longer_than_its_length() -> None:
    text = "= .\tF" * 200_000
    assert len(quoted_printable(text)) < 4 * len(text)
