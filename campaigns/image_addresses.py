"""Where the pictures of lessons are, as texts name them: at our address, which may change."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Image

# Where a picture of ours may be said to be, in Markdown, MJML, HTML and plain text.
ADDRESS = re.compile(r"""https?://(?:(?!https?://)[^\s()<>"'\\]){1,800}/images/([0-9a-f]{32})\.(?:jpg|png)""")


def at_home(session: Session, text: str, base_url: str) -> str:
    """The text with the addresses of our pictures at `base_url`, where they were when it was written or not.

    An id is a hash of what the picture shows, so one that is ours is ours wherever it is said to be.
    """
    here = f"{base_url}/images/"
    elsewhere = {found[1] for found in ADDRESS.finditer(text) if not found[0].startswith(here)}
    if not elsewhere:
        return text
    ours = set(session.scalars(select(Image.id).where(Image.id.in_(elsewhere))))
    return ADDRESS.sub(lambda found: f"{here}{found[0][-36:]}" if found[1] in ours else found[0], text)
