"""Whether a brand's colours can be read where the theme puts them, light and dark (WCAG 1.4.3). Pure."""

from dataclasses import dataclass
from typing import Final

from campaigns.checking.colour import Colour, contrast, parse, readable
from templates.brand import CARD, CARD_DARK, Brand

LEAST: Final = 4.5
_ON_DARK: Final = "#0f1a17"  # the text of a button in dark mode
_PAPER, _PAPER_DARK = "#f3f1ec", "#121716"


@dataclass(frozen=True, slots=True)
class Pair:
    """One colour on another. `instead` is the nearest shade that can be read; "" where this one can."""

    field: str  # accent | accent_dark
    what: str
    text: str
    ground: str
    ratio: float
    instead: str

    @property
    def enough(self) -> bool:
        return not self.instead


def pairs(brand: Brand) -> list[Pair]:
    """Every pair of the theme that a brand's own colours are part of."""
    return [
        _pair("accent", "Links on the card", brand.accent, CARD),
        _pair("accent", "Your name on the paper", brand.accent, _PAPER),
        _pair("accent", "The label of a takeaway", brand.accent, brand.soft),
        _pair("accent", "White on a button", CARD, brand.accent, turned=True),
        _pair("accent_dark", "Links on the dark card", brand.accent_dark, CARD_DARK),
        _pair("accent_dark", "Your name on the dark paper", brand.accent_dark, _PAPER_DARK),
        _pair("accent_dark", "The label of a dark takeaway", brand.accent_dark, brand.soft_dark),
        _pair("accent_dark", "Text on a dark button", _ON_DARK, brand.accent_dark, turned=True),
    ]


def _pair(field: str, what: str, text: str, ground: str, *, turned: bool = False) -> Pair:
    """`turned`: the brand's colour is the ground."""
    upper, lower = _colour(text), _colour(ground)
    ratio = contrast(upper, lower)
    own, other = (lower, upper) if turned else (upper, lower)
    return Pair(field, what, text, ground, ratio, "" if ratio >= LEAST else str(readable(own, other, LEAST)))


def _colour(text: str) -> Colour:
    found = parse(text)
    if found is None:  # settings and page let none but #rrggbb in
        raise ValueError(f"{text} is no colour")
    return found
