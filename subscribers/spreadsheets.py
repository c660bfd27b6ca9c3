"""Cells that a spreadsheet would run as formulas (OWASP, CSV injection), made text, and text again."""

import re
from typing import Final

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n]")
_FIRST: Final = frozenset("'=+-@\t\r\n")


def safe(text: str) -> str:
    """The text with an apostrophe before what would be a formula, or would be read as such a text."""
    return f"'{text}" if text[:1] in _FIRST and _FORMULA.match(text) else text


def restored(text: str) -> str:
    """The text that `safe` was given."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


def looks_like_a_formula(text: str) -> bool:
    return _FORMULA.match(text) is not None
