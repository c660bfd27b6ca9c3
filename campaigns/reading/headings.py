"""Which lines of a plain text are its headings: each line that stands alone gets a score with its reasons.

The rules are those that did best on 180 copied articles; the weights are certainty, not probability. A line
of 0.6 or more is taken as a heading, and the marketer sees the score beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from campaigns.language import columns, fits
from campaigns.reading import boilerplate
from campaigns.reading.layout import Line, LineKind
from campaigns.reading.pictures import is_alternative_text

THRESHOLD = 0.6
# A line above a group of headings is one of them from here on: only text below it is missing.
_PARENT = 0.4
_WIDEST = 130
_RUN_OF_A_LIST = 4

_TERMINAL = re.compile(r"[.…。][\"'”’»›)\]」』]*$")
_ENDS_A_SENTENCE = re.compile(r"[.!?…:؟।。！？：][\"'”’»›)\]」』*]*(?:\s*\[\d+\])*$")
_QUOTED = re.compile(r"^[\"“„«‘「『].*[\"”“»’」』]$")
_NUMBERED = re.compile(
    r"^(?:\d{1,2}(?:\.\d{1,2})*[.):]?\s+(?=\D)|[IVX]{1,5}\.\s|[A-Z][.)]\s|#\d+\b"
    r"|(?:step|chapter|part|lesson|tip|day|week|rule|myth|reason|mistake|schritt|kapitel|teil|lektion"
    r"|tipp|tag|woche|étape|chapitre|partie|conseil"
    r"|paso|capítulo|parte|consejo|passo|dica|lição|capitolo|lezione|consiglio|stap|hoofdstuk|deel"
    r"|les)\s+\d+\b|第.{1,4}[章節节课課回]|[一二三四五六七八九十]+[、．.])",
    re.I,
)
_DEEP_NUMBER = re.compile(r"^\d{1,2}\.\d{1,2}")
_ATTRIBUTION = re.compile(r"^[—–―-]{1,2}\s*\S|^~\s*\w")
_CONTACT = re.compile(r"https?://|www\.|\S+@\S+\.\w|^\+?[\d\s()/-]{6,}$")
_CODE = re.compile(
    r"^(?:[$%>#]\s|//|/\*|>>>|#!|\.{1,2}/|<[/!a-z])|[;{}]$|\w\(\)|\s--\w|=>|->|\w+\.\w+\(|^[\w.]+\s*=\s"
)
_CREDIT = re.compile(
    r"\b(?:foto|photo|bild|image|photo credit|credit)s?\s*:|\bCC[- ]BY\b|©|via wikimedia|via unsplash"
    r"|shutterstock|getty images|\bsource\s*:|\bcontributed to this (?:report|story|article)\b|"
    r"^(?:(?:photo|image|picture|foto|bild|video|graphic|illustration|quelle|source|credit|credits|via"
    r"|crédits?|photos?|fonte|fuente|bron|bildnachweis|isbn)\b.{0,30}[:©|]|©)",
    re.I,
)
_LABEL = re.compile(r"^.{1,40}:\s+\S")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`level` is 2, or 3 for a number with two parts; `reason` names what spoke for or against it."""

    score: float
    reason: str
    level: int = 2

    @property
    def is_heading(self) -> bool:
        return self.score >= THRESHOLD


def is_prose(text: str) -> bool:
    """Whether `text` is running text: a dozen words (30 characters in Chinese or Japanese) that close as a
    sentence."""
    words = len(text.split())
    if words >= 25:
        return True
    long_enough = words >= 12 or (_is_wide(text) and len(text) >= 25)
    return long_enough and _ENDS_A_SENTENCE.search(text.strip()) is not None


def _is_wide(text: str) -> bool:
    """Whether a text is Chinese, Japanese or Korean, by its beginning."""
    begins = text[:200]
    return columns(begins) > 1.5 * len(begins)


def is_sentence(text: str) -> bool:
    """Whether `text` is at least a short sentence."""
    long_enough = len(text.split()) >= 4 or (_is_wide(text) and len(text) >= 10)
    return is_prose(text) or (long_enough and _ENDS_A_SENTENCE.search(text.strip()) is not None)


def could_be_title(text: str) -> bool:
    if not fits(text, 160) or len(text.split()) >= 25:
        return False
    return not _CONTACT.search(text) and not _CREDIT.search(text)


def judge(lines: Sequence[Line]) -> list[Verdict]:
    """A verdict for every line, in order. Lists, code and quotes are never headings."""
    gaps = _wide_gaps(lines)
    announced = _announced(lines, gaps)
    verdicts = [_judge(lines, index, gaps, announced=announced[index]) for index in range(len(lines))]
    return _with_parents(lines, _without_runs(lines, verdicts))


@dataclass(frozen=True, slots=True)
class _Gaps:
    """How the text uses its blank lines: `wide` is the gap that marks a new part, 0 where all gaps are
    alike."""

    usual: int
    wide: int


def _wide_gaps(lines: Sequence[Line]) -> _Gaps:
    spaced = [line for line in lines[1:] if line.gap]
    if not spaced:
        return _Gaps(0, 0)
    counted = [line.gap for line in spaced]
    usual = max(set(counted), key=counted.count)
    wider = [line for line in spaced if line.gap > usual]
    short = [
        line
        for line in wider
        if line.kind is LineKind.LINE and fits(line.text, _WIDEST) and not is_prose(line.text)
    ]
    # Wide gaps mean something where they stand before short lines, not where the text is simply ragged or
    # where they part what a page lists behind its article.
    meaningful = len(short) >= 2 and len(short) >= 0.5 * len(wider) and len(wider) <= 0.5 * len(counted)
    meaningful = meaningful and lines.index(short[0]) <= 0.5 * len(lines)
    return _Gaps(usual, min(line.gap for line in short) if meaningful else 0)


def _judge(lines: Sequence[Line], index: int, gaps: _Gaps, *, announced: bool) -> Verdict:
    line = lines[index]
    text = line.text.strip()
    against = _cannot_be(line, text)
    if against:
        return Verdict(0.0, against)
    following = _next_real(lines, index)
    if following is None:
        return Verdict(0.1, "nothing follows it")
    score, reasons = 0.3, ["stands alone"]

    def weigh(amount: float, reason: str) -> None:
        nonlocal score
        score += amount
        reasons.append(reason)

    width = columns(text)
    if width <= 60:
        weigh(0.12, "short")
    elif width > 90 or len(text.split()) > 11:
        weigh(-0.15, "rather long")
    if announced and not _DEEP_NUMBER.match(text):
        weigh(-0.35, "announced by the line above")
    if _TERMINAL.search(text):
        weigh(-0.45, "ends like a sentence")
    elif text.endswith((":", "：")):
        weigh(-0.2, "leads into what follows")
    elif text.endswith(("?", "？", "؟")):
        weigh(0.08, "a question")
    elif text.endswith(("!", "！")):
        weigh(-0.02, "an exclamation")
    else:
        weigh(0.12, "no full stop")
    if gaps.wide and index:
        if line.gap >= gaps.wide:
            weigh(0.25, "extra space above")
        elif not _follows_dropped(lines, index):
            weigh(-0.25, "no extra space above, unlike others")
    if is_prose(following.text) or following.kind is not LineKind.LINE:
        weigh(0.18, "text follows")
    elif is_sentence(following.text):
        weigh(0.1, "a sentence follows")
    elif following.kind is LineKind.LINE and fits(following.text, _WIDEST):
        weigh(-0.12, "a short line follows")
    if line.underlined:
        weigh(0.4, "underlined")
    if _NUMBERED.match(text):
        weigh(0.12, "numbered")
    if _has_capitals(text):
        weigh(0.1, "written in capitals")
    if _LABEL.match(text) and len(text.split()) > 8:
        weigh(-0.05, "a label with its value")
    level = 3 if _DEEP_NUMBER.match(text) else 2
    return Verdict(round(max(0.0, min(score, 0.99)), 2), ", ".join(reasons), level)


def _cannot_be(line: Line, text: str) -> str:
    """Why the line is no heading whatever else speaks for it; "" where it may be one."""
    if line.kind is not LineKind.LINE:
        return "a list, quotation or code"
    if not fits(text, _WIDEST) or line.rows > 2:
        return "too long"
    checks = (
        (is_prose(text), "a sentence of running text"),
        (text[:1].islower() and not re.match(r"[a-z][A-Z]", text), "begins with a small letter"),
        (text.endswith((",", ";", "—", "–", "-", "،", "、", "，")), "goes on below"),
        (text.startswith(("[", "(", "…", "...", "@", "*")), "begins like an aside"),
        (_QUOTED.match(text) is not None, "a quotation"),
        (_ATTRIBUTION.match(text) is not None, "says whose words these are"),
        (_CONTACT.search(text) is not None, "an address"),
        (_CODE.search(text) is not None, "looks like code"),
        (_CREDIT.search(text) is not None, "says where a picture is from"),
        (not any(character.isalpha() for character in text), "has no letters"),
        (boilerplate.recognise(text) is not None, "belongs to the page"),
        (is_alternative_text(text), "describes a picture"),
        (len(re.findall(r"[.!?]\s+[A-ZÀ-Þ]", text)) >= 2, "several sentences"),
    )
    return next((reason for holds, reason in checks if holds), "")


def _next_real(lines: Sequence[Line], index: int) -> Line | None:
    """The next line that belongs to the article: pictures' descriptions and share bars between do not
    count."""
    for line in lines[index + 1 :]:
        if line.kind is LineKind.LINE and (
            boilerplate.recognise(line.text) or is_alternative_text(line.text)
        ):
            continue
        return line
    return None


def _follows_dropped(lines: Sequence[Line], index: int) -> bool:
    """A picture's description above the heading may hold the extra space in its place."""
    return index > 0 and lines[index - 1].kind is LineKind.LINE and is_alternative_text(lines[index - 1].text)


def _announced(lines: Sequence[Line], gaps: _Gaps) -> list[bool]:
    """Which lines are items under a line that ends in a colon, right below it or after other short lines."""
    announced: list[bool] = []
    goes_on = False
    for line in lines:
        apart = gaps.wide > 0 and line.gap >= gaps.wide
        announced.append(goes_on and not apart)
        if line.text.rstrip().endswith((":", "：")):
            goes_on = True
        elif line.kind is not LineKind.LINE or is_sentence(line.text) or apart:
            goes_on = False
    return announced


def _has_capitals(text: str) -> bool:
    words = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) >= 4]
    if text.isupper() and len(text) > 3:
        return True
    return len(words) >= 2 and sum(word[0].isupper() for word in words) >= 0.8 * len(words)


def _without_runs(lines: Sequence[Line], verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Four or more short lines in a row are a list, not headings, unless extra space sets one apart from
    it."""
    result = list(verdicts)
    start = 0
    while start < len(result):
        end = start
        while end < len(result) and _could_be_item(lines[end], verdicts[end]):
            end += 1
        if end - start >= _RUN_OF_A_LIST:
            usual = min(line.gap for line in lines[start + 1 : end])
            for index in range(start, end):
                if lines[index].gap <= usual:
                    result[index] = Verdict(
                        min(0.4, result[index].score), "one of a run of short lines: a list"
                    )
        start = max(end, start + 1)
    return result


def _with_parents(lines: Sequence[Line], verdicts: Sequence[Verdict]) -> list[Verdict]:
    """A line right above a heading heads a group of them where they are of one kind ("Step 1", "Step 2"; one
    question after another) and it is not: "Questions", "How it is done"."""
    result = list(verdicts)
    heads = [index for index, verdict in enumerate(verdicts) if verdict.is_heading]
    for place, (first, second) in enumerate(pairwise(heads)):
        kind = _kind(lines[first].text)
        above = verdicts[first - 1] if first else None
        if not kind or kind != _kind(lines[second].text) or above is None:
            continue
        if above.score < _PARENT or _kind(lines[first - 1].text) or len(lines[first - 1].text.split()) > 8:
            continue
        if not above.is_heading:
            reason = f"{above.reason}, heads a group of headings"
            result[first - 1] = replace(above, score=THRESHOLD, reason=reason)
        for index in heads[place:]:
            if _kind(lines[index].text) != kind:
                break
            result[index] = replace(result[index], level=3)
    return result


def _kind(text: str) -> str:
    """What a heading has in common with its neighbours: its numbering's word, or that it asks."""
    if match := _NUMBERED.match(text.strip()):
        return (
            re.sub(r"\d+|^[IVX]+\.|^[A-Z](?=[.)])|[一二三四五六七八九十]+", "#", match[0]).strip().casefold()
        )
    return "?" if text.rstrip().endswith(("?", "？", "؟")) else ""


def _could_be_item(line: Line, verdict: Verdict) -> bool:
    return (
        line.kind is LineKind.LINE
        and verdict.score >= 0.2
        and not line.underlined
        and not is_sentence(line.text)
    )
