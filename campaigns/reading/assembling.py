"""From what a reader saw to an Article: the last step of every form.

Here it is decided which blocks are notices, which are the page's and not the article's, and which heading is
the title over again. Each decision keeps its score and reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import takewhile

from campaigns import language as languages
from campaigns.article import Article, Block, BlockKind, Picture, Piece, Role
from campaigns.reading import boilerplate, notices
from campaigns.reading.headings import is_prose, is_sentence
from campaigns.reading.sentences import sentences
from courseletter.errors import InvalidInput

_TEXTUAL = (BlockKind.PARAGRAPH, BlockKind.QUOTE, BlockKind.CAPTION, BlockKind.LIST, BlockKind.TABLE)
_FEWEST_WORDS_OF_A_PAGE = 20
_PICTURE = re.compile(r"!\[(?:\\.|[^\]\\])*\]\(([^)\s]+)\)")
_NOT_ALONG = "does not come along: mails show its description alone"
_MOST_WORDS_OF_A_NOTICE = 150
_MOST_WORDS_OF_A_HEADING = 17


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader hands over. `language` is what the source declares, if anything. `around` are blocks of
    the page outside the article, looked through for notices only. `authored` sources (Markdown, DOCX) hold
    nothing but the article: no boilerplate is looked for there. `notes` are the article's."""

    title: str
    pieces: tuple[Piece, ...]
    language: str | None = None
    around: tuple[Piece, ...] = ()
    authored: bool = False
    pictures: tuple[Picture, ...] = field(default=())
    notes: tuple[str, ...] = ()


def fold(text: str) -> str:
    """`text` for comparison: letters and digits only, without case and width."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def title_from_name(name: str) -> str:
    """A file's name as a title: `2021-07-27-small_habits.md` is "Small habits"; "" where there is no file
    name."""
    file = name.rstrip("/").rpartition("/")[2]
    stem, dot, _ = file.rpartition(".")
    if not dot:
        return ""
    words = re.sub(r"[-_]+", " ", re.sub(r"^\d{4}-\d{2}-\d{2}-", "", stem)).strip()
    return words[:1].upper() + words[1:]


def assemble(reading: Reading, *, source: str, name: str, form: str) -> Article:
    """The article of `reading`; errors call its source `name`.

    Raises InvalidInput where no text is left to make lessons of.
    """
    own_title = " ".join(reading.title.split())
    reading = replace(reading, title=own_title or _title_from_text(reading.pieces))
    pieces = [_unless_notice(piece) for piece in reading.pieces]
    pieces = [part for piece in pieces for part in _notice_cut_out(piece)]
    pieces = _with_headed_notices(pieces)
    pieces = _without_tail(pieces) if reading.authored else _without_boilerplate(pieces)
    pieces = _without_title(pieces, reading.title, told=bool(own_title))
    pieces = _with_standfirst(pieces)
    if not any(piece.role is Role.HEADING for piece in pieces):
        pieces = _with_bold_headings(pieces, level=2)
    pieces = _without_empty_end(pieces)
    files = {picture.name for picture in reading.pictures}
    pieces = [_unless_left_behind(piece, files) for piece in pieces]
    seen = {fold(piece.block.text) for piece in pieces if piece.role in (Role.DISCLOSURE, Role.DISCLAIMER)}
    for piece in reading.around:
        told = _unless_notice(replace(piece, role=Role.BODY))
        if told.role is Role.BODY:
            pieces.append(piece)
        elif fold(piece.block.text) not in seen:
            seen.add(fold(piece.block.text))
            pieces.append(replace(told, reason=f"{told.reason}; stands outside the article"))
    body = " ".join(piece.block.text for piece in pieces if piece.role is Role.BODY)
    _refuse_if_empty(body, pieces, name, form)
    return Article(
        title=reading.title,
        language=languages.detect(body, reading.language),
        pieces=tuple(pieces),
        source=source,
        form=form,
        pictures=reading.pictures,
        notes=(*reading.notes, *_left_behind(pieces)),
    )


def _title_from_text(pieces: Sequence[Piece]) -> str:
    """A source that names no title goes by its first heading, else by the first words of its text."""
    for role in (Role.HEADING, Role.BODY):
        text = next((piece.block.text for piece in pieces if piece.role is role and piece.block.text), "")
        if text:
            first = sentences(text.split("\n")[0])[0]
            return first if len(first) <= 90 else first[:80].rpartition(" ")[0] + "…"
    return "Untitled"


def _unless_notice(piece: Piece) -> Piece:
    """Notices count wherever they stand, also in what was dropped as the page's."""
    if piece.role not in (Role.BODY, Role.DROPPED) or piece.block.kind not in _TEXTUAL:
        return piece
    notice = notices.recognise(piece.block.text)
    return replace(piece, role=notice.role, score=notice.score, reason=notice.reason) if notice else piece


def _left_behind(pieces: Sequence[Piece]) -> list[str]:
    count = sum(piece.reason.endswith(_NOT_ALONG) for piece in pieces)
    if not count:
        return []
    said = "A picture is" if count == 1 else f"{count} pictures are"
    return [f"{said} named by a path, not by an address, and mails show the description alone."]


def _unless_left_behind(piece: Piece, files: Set[str]) -> Piece:
    """A picture named by a path that is nowhere but beside the source: a decision for a person to see."""
    address = _PICTURE.match(piece.block.markdown) if piece.block.kind is BlockKind.IMAGE else None
    if piece.role is not Role.BODY or not address or ":" in address[1] or address[1] in files:
        return piece
    return replace(piece, score=0.5, reason=f"{address[1]} {_NOT_ALONG}")


def _with_headed_notices(pieces: Sequence[Piece]) -> list[Piece]:
    """What stands under "Disclaimer" is one, whatever it says; a heading that is left with nothing but
    notices under it goes."""
    result: list[Piece] = []
    notice: notices.Notice | None = None
    for index, piece in enumerate(pieces):
        if piece.role is Role.HEADING:
            notice = notices.headed(piece.block.text)
            under = list(takewhile(lambda other: other.role is not Role.HEADING, pieces[index + 1 :]))
            told = [other for other in under if other.role in (Role.DISCLOSURE, Role.DISCLAIMER)]
            if notice or (told and not any(other.role is Role.BODY for other in under)):
                piece = _dropped(piece, "heads nothing but a notice", 0.9)
        elif notice and piece.role is Role.BODY and len(piece.block.text.split()) <= _MOST_WORDS_OF_A_NOTICE:
            piece = replace(piece, role=notice.role, score=notice.score, reason=notice.reason)
        result.append(piece)
    return result


def _notice_cut_out(piece: Piece) -> Iterable[Piece]:
    """A long paragraph gives its notice away as a piece of its own, if the cut is clean in its Markdown."""
    if piece.role is not Role.BODY or piece.block.kind is not BlockKind.PARAGRAPH:
        return [piece]
    parts = sentences(piece.block.text)
    found = notices.within(parts) if len(parts) > 1 else None
    if found is None:
        return [piece]
    text, notice = found
    block = piece.block
    before, cut, after = block.markdown.partition(text)
    aside = Piece(Block(BlockKind.PARAGRAPH, text, text), notice.role, notice.score, notice.reason)
    if not cut:
        return [piece, replace(aside, reason=f"{notice.reason}; the paragraph it stands in was kept whole")]
    rest = " ".join(filter(None, (before.strip(), after.strip())))
    kept = " ".join(block.text.replace(text, " ", 1).split())
    return [aside, replace(piece, block=replace(block, markdown=rest, text=kept))] if kept else [aside]


def _without_boilerplate(pieces: Sequence[Piece]) -> list[Piece]:
    """Page furniture dropped; what ends an article drops all behind it, if little prose is left there."""
    prose = [_prose_length(piece) for piece in pieces]
    total = sum(prose) or 1
    result: list[Piece] = []
    passed = 0
    under: tuple[int, str, int] | None = None
    headed = max((i for i, piece in enumerate(pieces) if _is_own_heading(piece)), default=-1)
    for index, piece in enumerate(pieces):
        passed += prose[index]
        if piece.role not in (Role.BODY, Role.HEADING):
            result.append(piece)
            continue
        if under and piece.role is Role.HEADING and piece.level <= under[0]:
            under = None
        found = boilerplate.recognise(piece.block.text) if _could_be_furniture(piece) else None
        if found and found.reason == boilerplate.NAVIGATION and _heads_prose(pieces, index):
            found = None
        goes_on = found is not None and found.interrupts and headed > index
        if found and found.ends_article and not goes_on and passed > total / 2 and total - passed < total / 5:
            result.append(_dropped(piece, found.reason, found.score))
            result += _dropped_tail(pieces[index + 1 :], "comes after the end of the article")
            break
        if found:
            if piece.role is Role.HEADING:
                under = (
                    piece.level,
                    found.reason,
                    400 if found.ends_article and not found.interrupts else 160,
                )
            result.append(_dropped(piece, found.reason, found.score))
        elif under and _prose_length(piece) < under[2]:
            result.append(_dropped(piece, f"stands under a heading that {under[1]}", 0.8))
        else:
            under = None
            result.append(piece)
    return result


def _without_tail(pieces: Sequence[Piece]) -> list[Piece]:
    """What an author's own file ends with that is none of the article: sections headed "About the author",
    "Related posts"."""
    prose = [_prose_length(piece) for piece in pieces]
    for index, piece in enumerate(pieces):
        found = boilerplate.recognise(piece.block.text) if piece.role is Role.HEADING else None
        if found and found.ends_article and not found.interrupts and sum(prose[index:]) < sum(prose) / 5:
            reason = f"comes after a heading that {found.reason}"
            return [*pieces[:index], *_dropped_tail(pieces[index:], reason)]
    return list(pieces)


def _is_own_heading(piece: Piece) -> bool:
    return piece.role is Role.HEADING and boilerplate.recognise(piece.block.text) is None


def _heads_prose(pieces: Sequence[Piece], index: int) -> bool:
    """Whether a heading such as "Email" stands over running text, as no menu's word does."""
    following = pieces[index + 1] if index + 1 < len(pieces) else None
    return pieces[index].role is Role.HEADING and following is not None and _prose_length(following) >= 100


def _could_be_furniture(piece: Piece) -> bool:
    return piece.block.kind in (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.LIST, BlockKind.QUOTE)


def _prose_length(piece: Piece) -> int:
    """Characters of running text; headings, labels and lists of links are none."""
    if piece.role is not Role.BODY or len(piece.block.text) < 60:
        return 0
    return len(piece.block.text)


def _dropped(piece: Piece, reason: str, score: float) -> Piece:
    return replace(piece, role=Role.DROPPED, reason=reason, score=score)


def _dropped_tail(pieces: Iterable[Piece], reason: str) -> list[Piece]:
    return [_dropped(p, reason, 0.85) if p.role in (Role.BODY, Role.HEADING) else p for p in pieces]


def _without_title(pieces: Sequence[Piece], title: str, *, told: bool) -> list[Piece]:
    """The first heading that only says the title again goes, and so does a first line of text, unless the
    source names no title and goes by that line.
    """
    same = [i for i, piece in enumerate(pieces) if title and fold(piece.block.text) == fold(title)]
    first = next((i for i, piece in enumerate(pieces) if piece.role is not Role.DROPPED), None)
    again = [i for i in same if pieces[i].role is Role.HEADING][:1]
    again += [i for i in same if told and i == first and pieces[i].role is Role.BODY]
    return [_dropped(piece, "is the title", 0.99) if i in again else piece for i, piece in enumerate(pieces)]


def _with_standfirst(pieces: Sequence[Piece]) -> list[Piece]:
    """A sentence set as a heading above all text opens the article and names no section."""
    kept = [index for index, piece in enumerate(pieces) if piece.role in (Role.BODY, Role.HEADING)]
    first = next((i for i in kept if pieces[i].block.kind not in (BlockKind.IMAGE, BlockKind.CAPTION)), None)
    if first is None or pieces[first].role is not Role.HEADING:
        return list(pieces)
    text = pieces[first].block.text
    asks = text.endswith(("?", "？", "؟"))
    if asks or not (is_prose(text) or len(text.split()) > _MOST_WORDS_OF_A_HEADING):
        return list(pieces)
    block = replace(pieces[first].block, kind=BlockKind.PARAGRAPH)
    opening = replace(pieces[first], block=block, role=Role.BODY, score=0.8, reason="a sentence set large")
    return [*pieces[:first], opening, *pieces[first + 1 :]]


def _with_bold_headings(pieces: Sequence[Piece], level: int) -> list[Piece]:
    return [
        replace(
            piece,
            role=Role.HEADING,
            level=level,
            score=0.75,
            reason="a short bold line of its own, followed by text",
            block=replace(piece.block, kind=BlockKind.HEADING),
        )
        if is_bold_line(piece) and _next_is_text(pieces, index)
        else piece
        for index, piece in enumerate(pieces)
    ]


def is_bold_line(piece: Piece) -> bool:
    """Whether a paragraph is one short bold phrase: a heading by looks alone."""
    text = piece.block.text
    return (
        piece.role is Role.BODY
        and piece.block.kind is BlockKind.PARAGRAPH
        and re.fullmatch(r"\*\*[^*\n]+\*\*", piece.block.markdown) is not None
        and len(text.split()) <= 14
        and not text.endswith((".", ",", ";", "。"))
    )


def _next_is_text(pieces: Sequence[Piece], index: int) -> bool:
    following = next((piece for piece in pieces[index + 1 :] if piece.role is not Role.DROPPED), None)
    return following is not None and following.role is Role.BODY and not is_bold_line(following)


def _without_empty_end(pieces: Sequence[Piece]) -> list[Piece]:
    """Headings after the last text head nothing."""
    last = max((i for i, piece in enumerate(pieces) if piece.role is Role.BODY), default=-1)
    return [
        _dropped(piece, "a heading with nothing under it", 0.8)
        if index > last >= 0 and piece.role is Role.HEADING
        else piece
        for index, piece in enumerate(pieces)
    ]


def _refuse_if_empty(body: str, pieces: Sequence[Piece], name: str, form: str) -> None:
    letters = sum(character.isalnum() for character in body)
    words = len(body.split()) + languages.unspaced_characters(body) // 2
    headed = any(piece.role is Role.HEADING for piece in pieces)
    if (letters == 0 and headed) or (form == "text" and letters and not _says_something(pieces)):
        raise InvalidInput(f"{name} has headings but no text under them: add the text, then read it again.")
    if form == "html" and words < _FEWEST_WORDS_OF_A_PAGE:
        raise InvalidInput(
            f"{name} holds no article text: if the page builds itself in the browser or asks for a login, "
            "save the article from there as HTML or text and read that file."
        )
    if letters == 0:
        raise InvalidInput(f"{name} holds no article text: give some paragraphs, and a heading or two.")


def _says_something(pieces: Iterable[Piece]) -> bool:
    """Whether a plain text has a sentence in it and not only lines that could be headings."""
    texts = [piece.block.text for piece in pieces if piece.role is Role.BODY]
    return any(len(text.split()) > 12 or is_sentence(line) for text in texts for line in text.split("\n"))
