"""A certificate as PDF, by fpdf2. The same as SVG is a page template (pages/_certificate.svg)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from typing import Final

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.fonts import TTFFont

from templates.words import runs_right_to_left

_GREEN: Final = (23, 96, 79)
_INK: Final = (27, 35, 34)
_GREY: Final = (79, 92, 88)
_ARABIC_TO_THAI: Final = range(0x0590, 0x0E80)  # scripts whose letters must be shaped, which fpdf2 does not


@dataclass(frozen=True, slots=True)
class Certificate:
    """What it says, in its course's language."""

    language: str
    heading: str
    name: str
    has_finished: str
    course: str
    lessons: str
    day: str
    brand: str
    at: datetime  # when the course was finished


def size_that_fits(text: str, width: float, most: float) -> float:
    """A font size at which the text stays on a line of this width, in the same unit; never over `most`."""
    return min(most, width / max(1, len(text)) / 0.56)


def fits_pdf(certificate: Certificate) -> bool:
    """Whether the font of the PDF has all letters, and none needs to be shaped. The SVG shows any."""
    letters = set(certificate.name + certificate.course + certificate.brand) - {" "}
    known = _letters()
    return not runs_right_to_left(certificate.language) and all(
        ord(one) in known and ord(one) not in _ARABIC_TO_THAI for one in letters
    )


def as_pdf(certificate: Certificate) -> bytes:
    """One page, A4 lying; the same certificate gives the same bytes."""
    pdf = FPDF("landscape", "mm", "A4")
    pdf.set_creation_date(certificate.at)
    pdf.set_title(f"{certificate.heading}: {certificate.course}")
    pdf.set_lang(certificate.language)
    _add_font(pdf)
    pdf.set_margin(24)
    pdf.set_auto_page_break(auto=False)
    pdf.add_page()
    pdf.set_draw_color(*_GREEN)
    pdf.set_line_width(0.8)
    pdf.rect(12, 12, 273, 186)
    for y, text, size, colour in (
        (34, certificate.brand, 14, _GREEN),
        (52, certificate.heading, 30, _INK),
        (84, certificate.name, 36, _GREEN),
        (108, certificate.has_finished, 14, _GREY),
        (124, certificate.course, 24, _INK),
        (150, certificate.lessons, 12, _GREY),
        (172, certificate.day, 12, _GREY),
    ):
        pdf.set_y(y)
        pdf.set_text_color(*colour)
        pdf.set_font("Serif", size=size_that_fits(text, 245 / 0.3528, size))  # points in the width's mm
        pdf.cell(0, 12, text, align=Align.C, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(pdf.output())


@cache
def _letters() -> frozenset[int]:
    """The code points that the font can draw."""
    pdf = FPDF()
    _add_font(pdf)
    font = pdf.fonts["serif"]
    return frozenset(font.cmap) if isinstance(font, TTFFont) else frozenset()


def _add_font(pdf: FPDF) -> None:
    with as_file(files("templates") / "pages" / "fonts" / "DejaVuSerif.ttf") as font:
        pdf.add_font("Serif", fname=str(font))
