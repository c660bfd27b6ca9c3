"""The languages that readers' pages speak: English in the templates, the others in pages/languages/*.po.

A course's own language decides. One that is not among them gets English pages around its own text.
"""

from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES: Final = ("en", "de", "fr", "es", "ar")


def spoken(language: str) -> str:
    """The language of ours that serves somebody who reads `language`, such as `de` for `de-AT`."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return primary if primary in LANGUAGES else LANGUAGES[0]


def preferred(accept_language: str) -> str:
    """The language of ours that a browser asks for first (RFC 9110, 12.5.4)."""
    wanted = [
        (float(weight or 1), name.strip())
        for name, _, weight in (one.partition(";q=") for one in accept_language[:200].split(","))
        if not weight or weight.strip().replace(".", "", 1).isdecimal()
    ]
    names = [name for _, name in sorted(wanted, key=lambda one: -one[0])]
    return negotiate_locale(names, LANGUAGES, sep="-") or LANGUAGES[0]


@cache
def catalogue(language: str) -> NullTranslations:
    """What the pages say in one of LANGUAGES; English is what stands in the templates."""
    if language == LANGUAGES[0]:
        return NullTranslations()
    compiled = BytesIO()
    with (files("templates") / "pages" / "languages" / f"{language}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


@cache
def locale(language: str) -> Locale:
    """How one of LANGUAGES writes days and lists; plain English writes the day first."""
    return Locale("en", "GB") if language == "en" else Locale(language)


def marked(text: str) -> str:
    """The text as it is, marked for translation: it is said later, by a Speech."""
    return text
