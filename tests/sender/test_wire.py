"""Replies out of octets: whole ones only, bounded in size, and nothing but SMTP."""

import pytest

from sender.wire import Heard, NotSmtp, ReplyReader


def read(*pieces: bytes) -> list[Heard]:
    reader = ReplyReader()
    heard = []
    for piece in pieces:
        reader.feed(piece)
        while (reply := reader.next()) is not None:
            heard.append(reply)
    return heard


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"250 ok\r\n", [Heard(250, b"ok")]),
        (b"250\r\n", [Heard(250, b"")]),
        (b"250 \r\n", [Heard(250, b"")]),
        (b"250 ok\n", [Heard(250, b"ok")]),
        (b"250-a\r\n250-b\r\n250 c\r\n", [Heard(250, b"a\nb\nc")]),
        (b"250-a\r\n250\r\n", [Heard(250, b"a\n")]),
        (b"250 a\rb\r\n", [Heard(250, b"a\rb")]),
        (b"250 one\r\n354 two\r\n", [Heard(250, b"one"), Heard(354, b"two")]),
        (b"250-a\r\n", []),
        (b"250 a\r", []),
    ],
)
def test_replies(octets: bytes, expected: list[Heard]) -> None:
    assert read(octets) == expected
    assert read(*(bytes([octet]) for octet in octets)) == expected


@pytest.mark.parametrize(
    "octets",
    [
        b"hello\r\n",
        b"\r\n",
        b"25 ok\r\n",
        b"2500 ok\r\n",
        b"150 ok\r\n",
        b"650 ok\r\n",
        b"250_ok\r\n",
        b"250-a\r\n251 b\r\n",
        b"250-a\r\nb\r\n",
        "２５０ ok\r\n".encode(),
    ],
)
def test_what_is_no_reply_ends_the_conversation(octets: bytes) -> None:
    with pytest.raises(NotSmtp, match="is not SMTP"):
        read(octets)


def test_a_reply_of_64_kib_at_most() -> None:
    line = b"250-" + b"x" * 1018 + b"\r\n"  # 1 KiB
    assert len(line) == 1024
    assert len(read(line * 63 + b"250 end\r\n")) == 1
    assert len(read(line * 63 + b"250 end\r\n", line * 63 + b"250 end\r\n")) == 2  # each has its own room
    for endless in (line * 65, b"250 " + b"x" * 65_536, b"250 " + b"x" * 70_000 + b"\r\n"):
        with pytest.raises(NotSmtp, match="does not end"):
            read(endless)
        with pytest.raises(NotSmtp, match="does not end"):
            read(*(endless[at : at + 1000] for at in range(0, len(endless), 1000)))


def test_pending_says_whether_something_is_left() -> None:
    reader = ReplyReader()
    assert not reader.pending
    reader.feed(b"250 ok\r\n354 go\r\n2")
    for _ in range(2):
        assert reader.next() is not None
        assert reader.pending
    assert reader.next() is None
    assert reader.pending
    reader.feed(b"50-a\r\n")
    assert reader.next() is None
    assert reader.pending
    reader.feed(b"250 b\r\n")
    assert reader.next() == Heard(250, b"a\nb")
    assert not reader.pending
