"""Text to sentences, in any language: what notices are cut from and wording chooses from."""

from __future__ import annotations

import re

# What may close a sentence: the mark, then quotes or brackets, then a space (none in unspaced scripts).
_END = re.compile(r"(?:[.!?…؟۔।]+[\"'”’»›)\]]*(?=\s)|[。！？]+[」』”’）]*)")
_OPENS = re.compile(r"[\s\"'“„‘«‹»›(\[¿¡—–-]*(\w)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:\w|\w\.\w|[A-Za-z]\.[A-Za-z]|mr|mrs|ms|dr|prof|st|vs|etc|eg|ie|cf|al|approx|no|nr"
    r"|vol|fig|figs|jr|sr|inc|ltd|co|dept"
    r"|bzw|ca|usw|evtl|ggf|vgl|inkl|sog|abs|str|tel|hrsg|bspw|z\.\s?b|d\.\s?h|u\.\s?a|m|mme|mlle|art|chap"
    r"|env|ex|p|pp|sra?|sres|srta"
    r"|ud|uds|ej|pág|núm|sig|dott|sig|sig\.ra|ing|avv|ecc|dhr|mevr|bijv|o\.a|enz|jan|feb|mar|apr|jun|jul"
    r"|aug|sept?|okt|oct|nov|dec|dez)\.$",
    re.I,
)


def sentences(text: str) -> list[str]:
    """The sentences of one block of text, in order; joined by spaces they are the text again but for white
    space.

    A mark ends no sentence after an abbreviation or an initial, nor before a lower-case letter.
    """
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        mark = match[0]
        following = _OPENS.match(text, match.end())
        if mark[0] not in "。！？" and following:
            if following[1].islower():
                continue
            if (
                mark[0] == "."
                and len(mark) == 1
                and _ABBREVIATION.search(text, max(start, match.end() - 12), match.end())
            ):
                continue
        sentence = text[start : match.end()].strip()
        if sentence:
            found.append(sentence)
        start = match.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found
