"""A mail's HTML in a frame: as it is, with no script and no form of it alive (REQUIREMENTS 37)."""

import re
from typing import Final

from fastapi.responses import HTMLResponse

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_DARK: Final = re.compile(r"@media \(prefers-color-scheme: ?dark\)")
_ANCHOR: Final = re.compile(r"<a\b(?![^>]*\starget=)", re.IGNORECASE)


def framed(html: str) -> HTMLResponse:
    """The mail for a sandboxed frame of a page of ours. Its links open beside the page, not inside it."""
    linked = _ANCHOR.sub('<a target="_blank" rel="noreferrer"', html)
    # The frame on the page keeps us from being framed anywhere else.
    return HTMLResponse(linked, headers={"Content-Security-Policy": _POLICY, "X-Frame-Options": "SAMEORIGIN"})


def in_theme(html: str, theme: str) -> str:
    """The mail as a dark or a light mailbox shows it, whatever the marketer's own screen prefers."""
    if theme == "dark":
        dark = _DARK.sub("@media all", html)
        return dark.replace("</head>", "<style>:root { color-scheme: dark }</style></head>", 1)
    light = _DARK.sub("@media not all", html)
    return light.replace("</head>", "<style>:root { color-scheme: light !important }</style></head>", 1)
