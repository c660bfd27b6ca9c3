"""CSS declarations, as far as the checks ask: colours, sizes, what is hidden, room around a link. Pure.

Parsed once by their text: a mail repeats its inline styles, and all mails of a course repeat one another's.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import tinycss2

from campaigns.checking.colour import Colour, parse

PICTURE: Literal["picture"] = "picture"  # a background whose colours are not known
_PX = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54}
_KEYWORDS = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0,
    "xx-large": 32.0,
}  # fmt: skip
_SIDES = ("padding-top", "padding-right", "padding-bottom", "padding-left")


class Length(NamedTuple):
    """`unit` is px, em (of the element's own size), rem or a bare number."""

    number: float
    unit: Literal["px", "em", "rem", ""]

    def px(self, size: float) -> float:
        return self.number * {"px": 1.0, "em": size, "rem": 16.0, "": size}[self.unit]


class Declared(NamedTuple):
    """One declaration as the cascade takes it."""

    name: str
    value: Any
    important: bool


@lru_cache(maxsize=4096)
def inline(style: str) -> tuple[Declared, ...]:
    """The declarations of a style attribute."""
    return tuple(declared(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)))


def declared(nodes: Sequence[Any]) -> Iterator[Declared]:
    for node in nodes:
        if node.type == "declaration":
            tokens = [token for token in node.value if token.type not in ("whitespace", "comment")]
            for name, value in _values(node.lower_name, tokens):
                yield Declared(name, value, node.important)


def _values(name: str, tokens: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    if name == "color":
        yield from _found(name, _colour(tokens))
    elif name in ("background", "background-color"):
        yield "background", _background(tokens)
    elif name == "font-size":
        yield from _found(name, _size(tokens[0]) if tokens else None)
    elif name == "font-weight":
        yield from _found(name, _weight(tokens[0]) if tokens else None)
    elif name == "line-height":
        yield from _found(name, _length(tokens[0]) if tokens else None)
    elif name == "font":
        yield from _font(tokens)
    elif name == "padding":
        yield from _paddings([_length(token) for token in tokens])
    elif name in _SIDES:
        yield from _found(name, _length(tokens[0]) if tokens else None)
    elif name in ("display", "visibility", "max-height"):
        yield name, tinycss2.serialize(tokens).lower()


def _found(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if value is not None:
        yield name, value


def _colour(tokens: Sequence[Any]) -> Colour | None:
    return parse(tinycss2.serialize(tokens))


def _background(tokens: Sequence[Any]) -> Colour | Literal["picture"] | None:
    """Its colour; None for none at all."""
    pictured = any(token.type in ("url", "function") and _colour([token]) is None for token in tokens)
    colour = next((found for token in tokens if (found := _colour([token]))), None)
    return PICTURE if pictured and colour is None else colour


def _length(token: Any) -> Length | None:
    if token.type == "dimension":
        unit = token.lower_unit
        if unit in _PX:
            return Length(token.value * _PX[unit], "px")
        return Length(token.value, unit) if unit in ("em", "rem") else None
    if token.type == "percentage":
        return Length(token.value / 100, "em")
    return Length(token.value, "") if token.type == "number" else None


def _size(token: Any) -> Length | None:
    if token.type == "ident":
        if token.lower_value in _KEYWORDS:
            return Length(_KEYWORDS[token.lower_value], "px")
        return {"smaller": Length(5 / 6, "em"), "larger": Length(1.2, "em")}.get(token.lower_value)
    found = _length(token)
    # A bare number is no size, but for nought.
    return None if found is not None and found.unit == "" and found.number else found


def _weight(token: Any) -> int | None:
    if token.type == "number":
        return int(min(max(token.value, 1), 1000))
    words = {"normal": 400, "bold": 700, "bolder": 700, "lighter": 300}
    return words.get(token.lower_value) if token.type == "ident" else None


def _font(tokens: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """The shorthand: `bold 14px/1.5 Georgia`."""
    weight, after = 400, False
    for token in tokens:
        if token.type == "literal" and token.value == "/":
            after = True
        elif after:
            yield from _found("line-height", _length(token))
            break
        elif token.type in ("dimension", "percentage"):
            yield from _found("font-size", _size(token))
        elif (found := _weight(token)) is not None:
            weight = found
    yield "font-weight", weight


def _paddings(lengths: Sequence[Length | None]) -> Iterator[tuple[str, Any]]:
    if not 1 <= len(lengths) <= 4:
        return
    # Top, right, bottom, left: a side that is not said is its opposite, or the top.
    for side, place in zip(_SIDES, {1: "0000", 2: "0101", 3: "0121", 4: "0123"}[len(lengths)], strict=True):
        yield from _found(side, lengths[int(place)])
