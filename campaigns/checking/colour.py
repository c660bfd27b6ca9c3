"""Colours and their contrast, as WCAG 2.2 defines it (1.4.3 and “relative luminance”). Pure."""

from functools import lru_cache
from typing import NamedTuple

from tinycss2 import color4


class Colour(NamedTuple):
    """sRGB, each channel from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def over(self, ground: "Colour") -> "Colour":
        """What is seen where this colour lies on an opaque one."""
        mixed = (
            top * self.alpha + below * (1 - self.alpha) for top, below in zip(self[:3], ground, strict=False)
        )
        return Colour(*mixed)

    def __str__(self) -> str:
        return "#" + "".join(f"{round(channel * 255):02x}" for channel in self[:3])


WHITE = Colour(1, 1, 1)
BLACK = Colour(0, 0, 0)


@lru_cache(maxsize=1024)
def parse(text: str) -> Colour | None:
    """A CSS colour, or one of an HTML attribute. None where it is none, or none that mail can show."""
    found = color4.parse_color(text.strip())
    if not isinstance(found, color4.Color):
        return None
    if found.space in ("hsl", "hwb"):
        found = found.to("srgb")
    if found.space != "srgb":
        return None
    return Colour(*(min(1.0, max(0.0, part or 0.0)) for part in found))


def luminance(colour: Colour) -> float:
    red, green, blue = (_linear(channel) for channel in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """From 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(text: Colour, ground: Colour, least: float) -> Colour:
    """The shade nearest to `text` that has the contrast; black or white where no shade of it has."""
    end = BLACK if contrast(BLACK, ground) >= contrast(WHITE, ground) else WHITE
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        enough = contrast(_rounded(_towards(text, end, middle)), ground) >= least
        low, high = (low, middle) if enough else (middle, high)
    return _rounded(_towards(text, end, high))


def _towards(colour: Colour, end: Colour, share: float) -> Colour:
    return Colour(*(one + (other - one) * share for one, other in zip(colour[:3], end, strict=False)))


def _rounded(colour: Colour) -> Colour:
    return Colour(*(round(channel * 255) / 255 for channel in colour[:3]))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
