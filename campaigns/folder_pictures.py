"""The pictures of a course folder: images/ beside lessons/, where a lesson names them as `images/desk.jpg`.

Here they have whole addresses, since mail has no base. Out in a folder they have none, so that a course can
move to another installation, or this one to another address.
"""

import re
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from campaigns import image_addresses, images
from campaigns.folder_files import FolderFiles
from campaigns.models import Image
from courseletter.errors import InvalidInput

# Behind what an address stands behind, in Markdown and in MJML.
_OURS: Final = re.compile(rf"""(?<=[("'<]){image_addresses.ADDRESS.pattern}""")
_THEIRS: Final = re.compile(
    r"""(?<=[("'<])images/([A-Za-z0-9][A-Za-z0-9._-]{0,99}\.(?:jpe?g|png|gif|webp))""", re.IGNORECASE
)


def take_out(session: Session, text: str, files: FolderFiles) -> str:
    """Write the pictures that a lesson shows into the folder; returns its text with their names there."""

    def name_of(found: re.Match[str]) -> str:
        image = session.get(Image, found[1])
        if image is None:  # of another site, whose addresses look like ours
            return found[0]
        name = image.path.removeprefix("/")
        files.write(name, image.content)
        return name

    return _OURS.sub(name_of, text)


def take_in(session: Session, text: str, files: FolderFiles, base_url: str, now: datetime) -> str:
    """Keep the pictures of the folder that a lesson shows; returns its text with their addresses here.

    One that is not in the folder stays as it is written, and the checks say so. Raises InvalidInput for one
    that cannot be used.
    """

    def address_of(found: re.Match[str]) -> str:
        name = f"images/{found[1]}"
        if not files.exists(name):
            return found[0]
        try:
            image = _kept(session, files.read_bytes(name, images.LARGEST), found[1], now)
        except InvalidInput as error:
            raise InvalidInput(f"{name}: {error}", field="folder") from None
        return base_url + image.path

    return _THEIRS.sub(address_of, text)


def _kept(session: Session, data: bytes, name: str, now: datetime) -> Image:
    """The picture; the very one that was taken out, where it is here still."""
    image = session.get(Image, name.partition(".")[0])
    if image is not None and image.content == data:
        return image
    return images.keep(session, data, now)
