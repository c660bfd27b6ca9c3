"""Affiliate disclosures and disclaimers, recognised in the languages the product knows wherever they stand
on a page.

A notice speaks of the page itself ("this post contains affiliate links"); an article about affiliate
marketing does not. What tells one from the other stands in `notice_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from campaigns.article import Role
from campaigns.language import count_words
from campaigns.reading.notice_rules import DISCLAIMERS, DISCLOSURES, HINT, Rule
from campaigns.reading.sentences import sentences

_MOST_WORDS = 110
_LONGEST = 1500
_LONGEST_SENTENCE_RUN = 700
# Up to here one sentence makes a block a disclosure as a whole; else a good part of it must tell.
_SHORT = 60
_TELLING_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Notice:
    role: Role
    score: float
    reason: str


_LABELLED = re.compile(
    r"^\W*(?:(?:medical|health|legal|financial|investment)? ?disclaimers?|haftungsausschluss"
    r"|(?:wichtiger |medizinischer |rechtlicher )?hinweis"
    r"|avertissement|clause de non-responsabilité|descargo(?: de responsabilidad)?|aviso (?:legal|médico)"
    r"|aviso|avvertenz[ae]|disclaimer|免責事項|免责声明|免責聲明|إخلاء مسؤولية|הבהרה)\s*[:：.–—-]",
    re.I,
)
_HEADS_DISCLOSURE = re.compile(
    r"^\W*(?:(?:full |affiliate |advertising |ftc )*(?:link )?disclosures?(?: (?:policy|statement))?"
    r"|affiliate-?hinweis|transparenz-?hinweis|werbe-?hinweis)\W*$",
    re.I,
)
_HEADS_DISCLAIMER = re.compile(
    r"^\W*(?:(?:medical |health |legal |financial |investment )?disclaimers?|haftungsausschluss"
    r"|(?:medizinischer|rechtlicher) hinweis|clause de non-responsabilité|descargo de responsabilidad"
    r"|aviso (?:legal|médico)|isenção de responsabilidade|esclusione di responsabilità"
    r"|免責事項|免责声明|免責聲明|إخلاء مسؤولية|הבהרה)\W*$",
    re.I,
)


def headed(heading: str) -> Notice | None:
    """The notice that a heading of these words stands above; None for the headings of an article."""
    if _HEADS_DISCLOSURE.match(heading):
        return Notice(Role.DISCLOSURE, 0.9, "stands under a heading that calls it a disclosure")
    if _HEADS_DISCLAIMER.match(heading):
        return Notice(Role.DISCLAIMER, 0.9, "stands under a heading that calls it a disclaimer")
    return None


def recognise(text: str) -> Notice | None:
    """The notice that `text`, one block of a page, is; None where it is anything else."""
    words = count_words(text)
    if not 2 <= words <= _MOST_WORDS or len(text) > _LONGEST:
        return None
    if _LABELLED.match(text) and any(rule[0].search(text) for rule in DISCLAIMERS):
        return Notice(Role.DISCLAIMER, 0.97, "is headed as a disclaimer")
    told = [(sentence, found) for sentence in sentences(text) if (found := _told(sentence))]
    notice = min(
        (found for _, found in told), key=lambda found: found.role is not Role.DISCLOSURE, default=None
    )
    telling = sum(len(sentence) for sentence, _ in told)
    much = telling >= _TELLING_SHARE * len(text)
    whole = much or (notice is not None and notice.role is Role.DISCLOSURE and words <= _SHORT)
    return notice if whole else None


def within(parts: Iterable[str]) -> tuple[str, Notice] | None:
    """The notice inside a longer paragraph: its first telling sentence with those that follow and tell as
    well."""
    found: list[str] = []
    notice: Notice | None = None
    for sentence in parts:
        recognised = _told(sentence)
        if recognised and (notice is None or notice.role is recognised.role):
            found.append(sentence)
            notice = recognised
        elif found:
            break
    text = " ".join(found)
    return (text, notice) if notice and len(text) <= _LONGEST_SENTENCE_RUN else None


def _told(sentence: str) -> Notice | None:
    """What one sentence tells by itself."""
    if HINT.search(sentence) is None:
        return None
    if _any(DISCLOSURES, sentence):
        return Notice(Role.DISCLOSURE, 0.95, "says that its makers earn from it")
    if _any(DISCLAIMERS, sentence):
        return Notice(Role.DISCLAIMER, 0.9, "says that the content is no advice")
    return None


def _any(rules: Sequence[Rule], sentence: str) -> bool:
    return any(all(pattern.search(sentence) for pattern in rule) for rule in rules)
