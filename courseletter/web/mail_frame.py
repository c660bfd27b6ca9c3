"""A mail's HTML in a frame: as it is, with no script and no form of it alive (REQUIREMENTS 37)."""

import re
from typing import Final

from fastapi.responses import HTMLResponse

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_ANCHOR: Final = re.compile(r"<a\b(?![^>]*\starget=)", re.IGNORECASE)


def framed(html: str) -> HTMLResponse:
    """The mail for a sandboxed frame of a page of ours. Its links open beside the page, not inside it."""
    linked = _ANCHOR.sub('<a target="_blank" rel="noreferrer"', html)
    # The frame on the page keeps us from being framed anywhere else.
    return HTMLResponse(linked, headers={"Content-Security-Policy": _POLICY, "X-Frame-Options": "SAMEORIGIN"})
