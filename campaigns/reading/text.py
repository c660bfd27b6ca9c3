"""Plain text with unmarked headings to a Reading, as it comes from the clipboard or an old file.

`layout` finds the blocks, `headings` scores the lines that stand alone; here what remains is put in its role.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from campaigns.article import Block, BlockKind, Piece, Role
from campaigns.reading import boilerplate, headings, marking, notices
from campaigns.reading.assembling import Reading, fold, title_from_name
from campaigns.reading.layout import Line, LineKind, lay_out
from campaigns.reading.pictures import is_alternative_text

_MOST_LINES_BEFORE_TITLE = 12


def read(text: str, name: str) -> Reading:
    """The title is the first line that could be one; without any, the file's name."""
    lines = lay_out(text)
    at = _title_at(lines)
    title = lines[at].text if at is not None else title_from_name(name)
    pieces = [_dropped(line, "stands above the title", 0.8) for line in lines[: at or 0]]
    rest = lines[(at + 1) if at is not None else 0 :]
    return Reading(title=marking.squeeze(title), pieces=(*pieces, *_pieces(rest, title)))


def _title_at(lines: Sequence[Line]) -> int | None:
    """Of the short lines before the first text the one that reads most like a title: the first, unless it is
    a menu's; None when the text begins at once."""
    opening: list[int] = []
    in_menu = False
    for index, line in enumerate(lines[:_MOST_LINES_BEFORE_TITLE]):
        if _is_menu(line):
            in_menu = True
            continue
        if line.kind is not LineKind.LINE or (index and headings.is_sentence(line.text)):
            break
        found = boilerplate.recognise(line.text)
        if found:
            in_menu = in_menu or (found.reason == boilerplate.NAVIGATION and not opening[1:])
        elif headings.could_be_title(line.text) and not notices.recognise(line.text):
            opening.append(index)
    if not opening:
        return None
    if in_menu or len(opening) >= 4:
        # After a menu or in one: the title is the wordiest line, and of equals the last, nearest the text.
        return max(opening, key=lambda index: (min(len(lines[index].text.split()), 6), index))
    return opening[0]


def _is_menu(line: Line) -> bool:
    """Whether a list of short items is the page's menu: one of them is a word that only menus have."""
    items = line.text.split("\n") if line.kind is LineKind.LIST else []
    found = [boilerplate.recognise(item) for item in items if len(item.split()) <= 5]
    return len(found) == len(items) and any(one and one.reason == boilerplate.NAVIGATION for one in found)


def _pieces(lines: Sequence[Line], title: str) -> list[Piece]:
    verdicts = headings.judge(lines)
    repeated = _repeated(lines)
    pieces = []
    for line, verdict in zip(lines, verdicts, strict=True):
        folded = fold(line.text)
        if line.kind is LineKind.LINE and folded in repeated:
            pieces.append(_dropped(line, "a label that the page repeats", 0.85))
        elif line.kind is LineKind.LINE and is_alternative_text(line.text):
            pieces.append(_dropped(line, "reads like the description of a picture", 0.85))
        elif line.kind is LineKind.LINE and folded == fold(title):
            pieces.append(_dropped(line, "is the title", 0.95))
        elif verdict.is_heading:
            block = Block(BlockKind.HEADING, marking.paragraph(line.text), marking.squeeze(line.text))
            pieces.append(Piece(block, Role.HEADING, verdict.score, verdict.reason, verdict.level))
        else:
            reason = f"no heading: {verdict.reason}" if verdict.score >= 0.35 else ""
            pieces.append(
                Piece(_block(line), Role.BODY, round(1 - verdict.score, 2) if reason else 1.0, reason)
            )
    return pieces


def _repeated(lines: Sequence[Line]) -> frozenset[str]:
    counts: dict[str, int] = {}
    for line in lines:
        if line.kind is LineKind.LINE and len(line.text) <= 60 and not headings.is_sentence(line.text):
            counts[fold(line.text)] = counts.get(fold(line.text), 0) + 1
    return frozenset(text for text, count in counts.items() if count >= 3 and text)


def _dropped(line: Line, reason: str, score: float) -> Piece:
    return Piece(_block(line), Role.DROPPED, score, reason)


def _block(line: Line) -> Block:
    if line.kind is LineKind.LIST:
        items = line.text.split("\n")
        marks = (
            [f"{number}. " for number in range(line.first, line.first + len(items))]
            if line.first
            else ["- "] * len(items)
        )
        written = [mark + marking.paragraph(item) for mark, item in zip(marks, items, strict=True)]
        return Block(BlockKind.LIST, "\n".join(written), "\n".join(marking.squeeze(item) for item in items))
    if line.kind is LineKind.CODE:
        return Block(BlockKind.CODE, marking.code_block(line.text), line.text)
    if line.kind is LineKind.QUOTE:
        parts = line.text.split("\n")
        written = ["> " + marking.paragraph(part) for part in parts]
        return Block(
            BlockKind.QUOTE, "\n>\n".join(written), "\n".join(marking.squeeze(part) for part in parts)
        )
    return Block(BlockKind.PARAGRAPH, _with_links(line.text), marking.squeeze(line.text))


def _with_links(text: str) -> str:
    """Bare web addresses as links: the dialect makes none by itself."""
    written = ""
    end = 0
    for match in re.finditer(r"https?://[^\s<>\"“”]+", text):
        url = match[0].rstrip(".,;:!?»'’]")
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1].rstrip(".,;:!?")
        written += (
            marking.escape(text[end : match.start()]) + f"[{marking.escape(url)}]({marking.address(url)})"
        )
        end = match.start() + len(url)
    written += marking.escape(text[end:])
    return marking.escape_line_start(marking.squeeze(written))
