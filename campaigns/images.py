"""Pictures for lessons: whatever a person uploads is decoded, made small enough for mail, and written anew.

Only what was decoded is kept, so neither a script in a disguise nor the place where a photograph was taken
gets out. Kept in the database, where every node and every backup finds it.
"""

import hashlib
import warnings
from collections.abc import Callable
from datetime import datetime
from io import BytesIO

import PIL.Image
from PIL import ImageOps
from sqlalchemy.orm import Session

from campaigns.models import Image
from courseletter.errors import InvalidInput

LARGEST = 10_000_000  # octets of an upload
MOST_PIXELS = 50_000_000  # a phone's photograph; a bomb names far more than it holds
WIDEST = 1200  # pixels: a mail is 600 wide, and good screens show two for one
TALLEST = 4000
LOGO = (480, 144)  # shown a third as large at most
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_QUALITY = 82

TOO_LARGE = (
    f"This picture is larger than {LARGEST // 1_000_000} MB. Save a copy 1200 pixels wide, and try that."
)
_NOT_ONE = "This file is not a picture that can be read. Choose a JPEG, PNG, GIF or WebP."
_SVG = "Mail programs do not show SVG, and it may hold a script. Save the drawing as a PNG, 1200 pixels wide."
_TOO_MANY = f"This picture has over {MOST_PIXELS // 1_000_000} million pixels. Save a copy 1200 pixels wide."


def keep(session: Session, data: bytes, now: datetime, within: tuple[int, int] = (WIDEST, TALLEST)) -> Image:
    """Keep an uploaded picture as readers shall get it. Raises InvalidInput with what to do instead."""
    content, media_type, (width, height) = shrunk(data, within)
    image_id = hashlib.sha256(content).hexdigest()[:32]
    image = session.get(Image, image_id)
    if image is None:
        image = Image(
            id=image_id, media_type=media_type, width=width, height=height, content=content, created_at=now
        )
        session.add(image)
        session.flush()
    return image


def shrunk(data: bytes, within: tuple[int, int] = (WIDEST, TALLEST)) -> tuple[bytes, str, tuple[int, int]]:
    """The picture decoded, upright, at most so wide and high, and encoded anew; its media type and size.

    See-through pictures and drawings of few colours become PNG, all others JPEG, which every mail program
    shows. Of moving ones the first picture stays.
    """
    if len(data) > LARGEST:
        raise InvalidInput(TOO_LARGE, field="file")
    if b"<svg" in data[:4096].lower():
        raise InvalidInput(_SVG, field="file")
    picture = _decoded(data)
    few_colours = picture.mode in ("P", "1") or (picture.mode != "L" and picture.getcolors(256) is not None)
    see_through = picture.has_transparency_data
    picture = picture.convert("RGBA" if see_through else "RGB")
    picture.thumbnail(within, PIL.Image.Resampling.LANCZOS)
    out = BytesIO()
    if see_through or few_colours:
        picture.save(out, "PNG", optimize=True)
        return out.getvalue(), "image/png", picture.size
    picture.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return out.getvalue(), "image/jpeg", picture.size


def _decoded(data: bytes) -> PIL.Image.Image:
    picture = _tried(lambda: PIL.Image.open(BytesIO(data), formats=_FORMATS))
    # Only the head has been read so far.
    if picture.width * picture.height > MOST_PIXELS:
        raise InvalidInput(_TOO_MANY, field="file")
    # A JPEG can be decoded at a fraction of its size, which spares most of the memory.
    picture.draft("RGB", (2 * WIDEST, 2 * TALLEST))
    return _tried(lambda: ImageOps.exif_transpose(picture))


def _tried(read: Callable[[], PIL.Image.Image]) -> PIL.Image.Image:
    """Pillow's many errors about broken files as one of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)  # ours is the stricter limit
        try:
            return read()
        except PIL.Image.DecompressionBombError:
            raise InvalidInput(_TOO_MANY, field="file") from None
        except (OSError, ValueError, SyntaxError, EOFError):
            raise InvalidInput(_NOT_ONE, field="file") from None
