"""The links of a compiled lesson that clicks may be counted on, and the lesson with other addresses there.

Only fixed https addresses of the author's: a link with a merge field in it differs from reader to reader,
and one whose words are an address themselves must lead where it says.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import unescape
from typing import Final

from templates.compiled import CompiledLesson

LONGEST: Final = 2_000  # characters; what is longer stays as it is

# Where the token of a reader's mail comes from, a word that goes into addresses as it stands.
TOKEN: Final = '{{ links["click_token"] }}'  # noqa: S105 - Jinja2

_CONSTRUCT: Final = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.S)
_LINK: Final = re.compile(r'(<a\b[^<>]*?\bhref=")(https://[^"\s]+)("[^<>]*>)(?!\s*(?:https?://|www\.))')
_ALONE: Final = r"(?<![^\s(<\[]){}(?![^\s)>\]])"  # in the text part: neither begins another nor ends one


def addresses(compiled: CompiledLesson) -> list[str]:
    """Each once, in their order."""
    found: dict[str, None] = {}

    def note(match: re.Match[str]) -> str:
        found[unescape(match[2])] = None
        return match[0]

    _outside_constructs(compiled.html, lambda text: _LINK.sub(note, text))
    return [one for one in found if len(one) <= LONGEST]


def through(compiled: CompiledLesson, ways: Mapping[str, str]) -> CompiledLesson:
    """The lesson with `ways[address]` and the reader's token in the place of each address that has one.

    What a way says is constant for all readers; the token is made once a mail.
    """
    if not ways:
        return compiled
    either = "|".join(re.escape(one) for one in sorted(ways, key=len, reverse=True))
    bare = re.compile(_ALONE.format(f"({either})"))

    def link(match: re.Match[str]) -> str:
        way = ways.get(unescape(match[2]))
        return match[0] if way is None else f"{match[1]}{way}{TOKEN}{match[3]}"

    return replace(
        compiled,
        html=_outside_constructs(compiled.html, lambda text: _LINK.sub(link, text)),
        text=_outside_constructs(compiled.text, lambda text: bare.sub(lambda m: ways[m[1]] + TOKEN, text)),
    )


def _outside_constructs(source: str, change: Callable[[str], str]) -> str:
    """A stage-2 source with its literal text changed, piece by piece; Jinja2 stays as it is."""
    pieces = _CONSTRUCT.split(source)
    pieces[::2] = map(change, pieces[::2])
    return "".join(pieces)
