"""The lines of a plain text to blocks: paragraphs that were wrapped are joined, lists and code are kept
together.

It copes with the ways text is laid out: a line for each paragraph with blank lines between, lines wrapped at
some width, and no blank lines at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from campaigns.language import columns, is_unspaced
from campaigns.reading.boilerplate import is_byline

_BULLET = re.compile(r"^\s*(?:[•◦▪●‣∙·○■□►▶➤✓✔✅☑–—*+-])\s+(?=\S)")
_NUMBER = re.compile(r"^\s*(\d{1,3})[.)]\s+(?=\S)")
_RULE = re.compile(r"^\s*(?:[-=_*~–—•·#]\s*){3,}$")
_ENDS = re.compile(r"[.!?…:;؟。！？：][\"'”’»›)\]」』]*$")


class LineKind(StrEnum):
    LINE = "line"
    LIST = "list"
    CODE = "code"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Line:
    """A block of the text. A LINE is a paragraph or a heading; a LIST has an item a line, and `first` is the
    number it counts from (0: bullets). `gap` is how many blank lines stand before it, `underlined` whether a
    rule of `=` or `-` does below, `rows` how many lines of the source it was made of."""

    kind: LineKind
    text: str
    gap: int
    first: int = 0
    underlined: bool = False
    rows: int = 1


def lay_out(text: str) -> list[Line]:
    """The blocks of `text` in order."""
    blocks = _blocks(text)
    margin = _margin(blocks)
    # Where blank lines part the paragraphs, a block of several short lines is a list that lost its bullets.
    spaced = len(blocks) >= 0.3 * sum(1 if margin else len(rows) for _, rows in blocks)
    lines: list[Line] = []
    for gap, rows in blocks:
        lines += _block(rows, gap, margin=margin, spaced=spaced)
    return _with_lists_joined(lines)


def _blocks(text: str) -> list[tuple[int, list[str]]]:
    """Runs of lines between blank ones, each with the number of blank lines before it."""
    blocks: list[tuple[int, list[str]]] = []
    gap, rows = 0, list[str]()
    for row in text.expandtabs(4).split("\n"):
        if row.strip(" \u00a0\u3000\ufeff\u200b\f\v"):
            rows.append(row.rstrip())
            continue
        if rows:
            blocks.append((gap, rows))
            gap, rows = 0, []
        gap += 1
    if rows:
        blocks.append((gap, rows))
    return blocks


def _margin(blocks: Sequence[tuple[int, list[str]]]) -> float:
    """The column that lines were wrapped at, 0.0 where they were not: within blocks of several lines most
    are nearly as wide as the widest."""
    inner = sorted(
        columns(row.strip())
        for _, rows in blocks
        if len(rows) >= 3 and not _is_code(rows)
        for row in rows[:-1]
        if not row.startswith("    ")
    )
    if len(inner) < 4:
        return 0.0
    margin = inner[int(0.9 * (len(inner) - 1))]
    # Characters of double width fit into twice the columns.
    widest = 180 if is_unspaced("".join(rows[0] for _, rows in blocks)) else 130
    full = sum(width >= 0.75 * margin for width in inner)
    return margin if margin <= widest and full >= 0.6 * len(inner) else 0.0


def _block(rows: list[str], gap: int, *, margin: float, spaced: bool) -> list[Line]:
    if _RULE.match(rows[0]) and len(rows) == 1:
        return []
    if all(row.lstrip().startswith(">") for row in rows):
        parts = [row.lstrip("> \t") for row in rows]
        text = " ".join(parts) if margin else "\n".join(filter(None, parts))
        return [Line(LineKind.QUOTE, text, gap)]
    if _is_code(rows):
        return [Line(LineKind.CODE, "\n".join(row.removeprefix("    ") for row in rows), gap)]
    if spaced and _is_bare_list(rows, margin):
        return [Line(LineKind.LIST, "\n".join(row.strip() for row in rows), gap)]
    lines: list[Line] = []
    paragraph: list[str] = []

    def close(*, underlined: bool = False) -> None:
        if paragraph:
            before = gap if not lines else 0
            lines.append(
                Line(LineKind.LINE, _joined(paragraph), before, underlined=underlined, rows=len(paragraph))
            )
            paragraph.clear()

    for index, row in enumerate(rows):
        following = rows[index + 1] if index + 1 < len(rows) else ""
        if _RULE.match(row):
            close(underlined=len(paragraph) == 1)
            continue
        item = _item(row)
        if item is not None:
            close()
            lines.append(replace(item, gap=gap if not lines else 0))
            continue
        if lines and lines[-1].kind is LineKind.LIST and not paragraph and row.startswith(" "):
            # An item's second line is indented under its first.
            lines[-1] = replace(lines[-1], text=f"{lines[-1].text} {row.strip()}")
            continue
        paragraph.append(row.strip())
        if not _goes_on(row, following, margin):
            close()
    close()
    return lines


def _joined(rows: Sequence[str]) -> str:
    text = rows[0]
    for row in rows[1:]:
        if text.endswith("-") and row[:1].islower() and re.search(r"\w-$", text):
            text = text[:-1] + row  # a word parted at the margin
        elif (
            unicodedata.east_asian_width(text[-1]) in "WF"
            and unicodedata.east_asian_width(row[:1] or " ") in "WF"
        ):
            text += row
        else:
            text = f"{text} {row}"
    return text


def _goes_on(row: str, following: str, margin: float) -> bool:
    """Whether the paragraph of `row` goes on in the line below it."""
    if not following:
        return False
    if following.strip()[:1].islower() and not _ENDS.search(row):
        return bool(margin) or not is_byline(following.strip())
    # Above a full line a short one is a heading set tight over its paragraph.
    tight = columns(row.strip()) < 0.62 * columns(following.strip()) and not row.rstrip().endswith(",")
    return bool(margin) and not tight


def _is_code(rows: Sequence[str]) -> bool:
    return (
        len(rows) >= 2
        and all(row.startswith("    ") for row in rows)
        and any(re.search(r"[{};=<>()\[\]]|^\s*(?:\$|#|//)", row) for row in rows)
    )


def _is_bare_list(rows: Sequence[str], margin: float) -> bool:
    """Three short lines or more that are no sentences and no wrapped paragraph."""
    if len(rows) < 3 or any(_RULE.match(row) or _item(row) for row in rows):
        return False
    widest = max(columns(row.strip()) for row in rows)
    open_ended = sum(not _ENDS.search(row.strip()) for row in rows)
    going_on = sum(row.strip()[:1].islower() for row in rows[1:])
    return widest <= (0.75 * margin or 100) and open_ended >= 0.7 * len(rows) and going_on < len(rows) / 3


def _item(row: str) -> Line | None:
    """One item of a list, if `row` begins with a bullet or a number."""
    if match := _BULLET.match(row):
        return Line(LineKind.LIST, row[match.end() :].strip(), 0)
    if match := _NUMBER.match(row):
        return Line(LineKind.LIST, row[match.end() :].strip(), 0, first=int(match[1]) or 1)
    return None


def _with_lists_joined(lines: Sequence[Line]) -> list[Line]:
    """Items in a row become one list; a lone number is a numbered heading or a paragraph, not a list."""
    joined: list[Line] = []
    counts: list[int] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last and last.kind is line.kind is LineKind.LIST and _continues(last, line, counts[-1]):
            joined[-1] = replace(last, text=f"{last.text}\n{line.text}")
            counts[-1] += 1
        else:
            joined.append(line)
            counts.append(1)
    return [
        replace(line, kind=LineKind.LINE, text=f"{line.first}. {line.text}", first=0)
        if line.kind is LineKind.LIST and line.first and count == 1
        else line
        for line, count in zip(joined, counts, strict=True)
    ]


def _continues(last: Line, line: Line, count: int) -> bool:
    if last.first:
        return line.first == last.first + count
    return not line.first
