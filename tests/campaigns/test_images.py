"""Uploaded pictures: decoded, made small, written anew, or refused with what to do instead."""

import struct
import zlib
from datetime import datetime
from io import BytesIO

import PIL.Image
import pytest

from campaigns import images
from courseletter.database import Database
from courseletter.errors import InvalidInput


def picture(form: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: object) -> bytes:
    noise = [PIL.Image.effect_noise(size, 60) for _ in range(3)]  # of many colours, as photographs are
    made = PIL.Image.merge("RGB", noise).convert(mode)
    out = BytesIO()
    made.save(out, form, **options)
    return out.getvalue()


def opened(data: bytes) -> PIL.Image.Image:
    return PIL.Image.open(BytesIO(data))


@pytest.mark.parametrize(
    ("form", "becomes"), [("JPEG", "JPEG"), ("PNG", "JPEG"), ("WEBP", "JPEG"), ("GIF", "PNG")]
)
def test_each_kind_becomes_what_every_mail_program_shows(form: str, becomes: str) -> None:
    content, media_type, size = images.shrunk(picture(form))
    assert (size, media_type) == ((40, 30), f"image/{becomes.lower()}")
    assert opened(content).format == becomes


def test_a_photograph_is_made_small_and_upright_and_forgets_where_it_was_taken() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"  # where
    content, media_type, size = images.shrunk(picture("JPEG", (3000, 2000), exif=exif))
    assert media_type == "image/jpeg"
    assert size == (1200, 1800)
    assert not opened(content).getexif()
    assert b"Exif" not in content


def test_what_is_see_through_stays_so() -> None:
    content, media_type, _ = images.shrunk(picture("PNG", mode="RGBA"))
    assert (media_type, opened(content).mode) == ("image/png", "RGBA")


def test_nothing_behind_the_picture_is_kept() -> None:
    content, _, _ = images.shrunk(picture("PNG") + b"<script>alert(1)</script>")
    assert b"script" not in content


def bomb() -> bytes:
    """A PNG of a few hundred octets that names 60,000 by 60,000 pixels."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a picture"),
        (b"GIF89a nothing more", "not a picture"),
        (picture("PNG")[:200], "not a picture"),
        (b"<html><script>alert(1)</script>", "not a picture"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "do not show SVG"),
        (b"%PDF-1.7", "not a picture"),
        (b"\0" * (images.LARGEST + 1), "larger than 10 MB"),
        (bomb(), "over 50 million pixels"),
    ],
)
def test_what_is_no_picture_for_a_mail_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as refused:
        images.shrunk(data)
    assert refused.value.field == "file"


def test_the_same_picture_is_kept_once(database: Database, now: datetime) -> None:
    data = picture("PNG")
    with database.write() as session:
        first = images.keep(session, data, now)
        assert images.keep(session, data, now) is first
        assert images.keep(session, picture("PNG", (8, 8)), now).id != first.id
        assert len(first.content) > 100
