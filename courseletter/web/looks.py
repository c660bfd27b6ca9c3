"""A brand's colours and faces on its readers' pages: a style sheet whose address says all that it says.

The policy of those pages allows no inline style, and an address that never changes its meaning may be kept
for ever.
"""

import re
from typing import Final

from fastapi import APIRouter, Response

from campaigns.checking.colour import Colour, parse, readable
from courseletter.errors import NotFound
from courseletter.web.site import READ
from templates.brand import CARD, CARD_DARK, FACES, Brand, face_of

router = APIRouter()

_NAME: Final = re.compile(r"([0-9a-fA-F]{6})-([0-9a-fA-F]{6})-([a-z]{1,12})-([a-z]{1,12})\.css")
_PAPER: Final = {CARD: "#f3f1ec", CARD_DARK: "#121716"}  # the ground around the sheet
_LEAST: Final = 4.5  # WCAG 1.4.3
_SHEET: Final = """:root {{
  --accent: {accent}; --bar-1: {accent}; --soft: {soft};
  --serif: {titles};
  --sans: {text};
}}
@media (prefers-color-scheme: dark) {{
  :root {{ --accent: {accent_dark}; --bar-1: {accent_dark}; --soft: {soft_dark}; }}
}}
"""


@router.api_route("/looks/{name}", methods=READ)
def show_looks(name: str) -> Response:
    said = _NAME.fullmatch(name)
    titles, text = (face_of(said[3]), face_of(said[4])) if said else (None, None)
    if said is None or titles is None or text is None:
        raise NotFound("There are no such looks.")
    brand = Brand("", "", accent=f"#{said[1]}", accent_dark=f"#{said[2]}", titles=titles, text=text)
    sheet = _SHEET.format(
        accent=_legible(brand.accent, brand.soft, CARD),
        accent_dark=_legible(brand.accent_dark, brand.soft_dark, CARD_DARK),
        soft=brand.soft,
        soft_dark=brand.soft_dark,
        titles=FACES[titles],
        text=FACES[text],
    )
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(sheet, media_type="text/css", headers=headers)


def _legible(colour: str, soft: str, card: str) -> str:
    """The nearest shade that can be read on all grounds of a page: the card, the paper, a takeaway."""
    shade = _colour(colour)
    for ground in (card, _PAPER[card], soft):
        shade = readable(shade, _colour(ground), _LEAST)
    return str(shade)


def _colour(text: str) -> Colour:
    found = parse(text)
    if found is None:
        raise NotFound("There are no such looks.")
    return found
