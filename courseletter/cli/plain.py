"""Text from strangers on a terminal: an article's title or a subscriber's name must not steer it."""

import re

# C0 and C1 controls (ECMA-48: escape sequences begin with one) and what turns the direction of a line.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STEERING_IN_JSON = re.compile(r"[\x7f-\x9f]")  # JSON escapes the others by itself


def visible(text: str) -> str:
    """The text with a replacement character for each control; tabs and line ends stay."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    return visible(" ".join(text.split()))


def visible_json(text: str) -> str:
    """A JSON document that says the same, with the controls that JSON lets through escaped (RFC 8259, 7)."""
    return _STEERING_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
