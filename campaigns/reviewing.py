"""A person's review of an article that was read: what they overruled, laid over what reading decided (pure).

The article stays as it was read, so that every choice can be taken back. Pieces and sections are named by the
piece's place in it: "12", "before 12" for a heading that a person put there, "opening" for the first text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from campaigns import wording
from campaigns.article import Article, Block, BlockKind, Piece, Role
from campaigns.language import count_words
from campaigns.models import Article as ArticleRow
from campaigns.reading import marking
from campaigns.splitting import DraftLesson, SplitSettings, split
from courseletter.errors import InvalidInput, NotFound

OPENING = "opening"
LONGEST_TITLE = 200
SHORTEST_TARGET, LONGEST_TARGET = 1.0, 8.0  # minutes a lesson
SURE = 0.9  # below it a person should look
_TITLE_COLUMNS = 60
_NOTICES = (Role.DISCLOSURE, Role.DISCLAIMER)


@dataclass(frozen=True, slots=True)
class Review:
    """What a person decided. Everything not in it is as reading found it."""

    target: float = 2.0  # minutes of reading that a lesson should take
    title: str = ""  # the course's; "" is the article's own
    left_out: frozenset[str] = frozenset()  # sections
    as_text: frozenset[str] = frozenset()  # pieces that reading dropped or took for a notice
    merged: frozenset[str] = frozenset()  # sections that go on the one before, under a smaller heading
    split: frozenset[str] = frozenset()  # pieces that begin a section of their own
    titles: Mapping[str, str] = field(default_factory=dict)  # section -> its new title

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "title": self.title,
            "titles": dict(self.titles),
            **{name: sorted(getattr(self, name)) for name in ("left_out", "as_text", "merged", "split")},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Review:
        sets = {name: frozenset(stored[name]) for name in ("left_out", "as_text", "merged", "split")}
        return cls(stored["target"], stored["title"], titles=stored["titles"], **sets)


class PartKind(StrEnum):
    SECTION = "section"
    DROPPED = "dropped"
    DISCLOSURE = "disclosure"
    DISCLAIMER = "disclaimer"


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where a section may be divided: before this piece, which begins so."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One row of the review. `on` says whether its text is in the course, as what its kind says."""

    key: str
    kind: PartKind
    title: str
    first_line: str
    words: int
    score: float
    reason: str
    on: bool
    cuts: tuple[Cut, ...] = ()
    lessons: tuple[str, ...] = ()  # Welcome, Lesson 2 ...: where its text goes


@dataclass(frozen=True, slots=True)
class Plan:
    """What the review comes to: parts in the article's order, and the lessons they make."""

    article: Article
    parts: tuple[Part, ...]
    lessons: tuple[DraftLesson, ...]
    refusal: str  # why there are no lessons


@dataclass(frozen=True, slots=True)
class _Placed:
    """A piece after the review, and its name. `added` is a heading that a person put there."""

    key: str
    piece: Piece
    added: bool = False


def review_of(row: ArticleRow) -> Review:
    return Review.from_json(row.review) if row.review else Review()


def article_of(row: ArticleRow) -> Article:
    """The article as it was reviewed: what courses are made of."""
    return reviewed(Article.from_dict(row.payload), review_of(row))


def settings_of(review: Review) -> SplitSettings:
    """The bounds go with the target, as the usual ones do with two minutes."""
    return SplitSettings(review.target, review.target / 4, review.target * 2)


def reviewed(article: Article, review: Review) -> Article:
    pieces = []
    for section, placed in _sectioned(article, review):
        piece = placed.piece
        kept = section not in review.left_out or piece.role not in (Role.HEADING, Role.BODY)
        pieces.append(piece if kept else replace(piece, role=Role.DROPPED, reason="left out by a person"))
    return replace(article, title=review.title or article.title, pieces=tuple(pieces))


def plan(article: Article, review: Review) -> Plan:
    """Parts and lessons. An article of which nothing is left has no lessons, and says why."""
    result = reviewed(article, review)
    lessons: tuple[DraftLesson, ...] = ()
    refusal = ""
    try:
        lessons = split(result, settings_of(review))
    except InvalidInput as error:
        refusal = str(error)
    return Plan(result, tuple(_parts(article, review, lessons)), lessons, refusal)


def with_target(review: Review, minutes: float) -> Review:
    return replace(review, target=min(max(minutes, SHORTEST_TARGET), LONGEST_TARGET))


def toggled(article: Article, review: Review, key: str, *, on: bool) -> Review:
    """Take a section or a notice out of the course, or into it; bring a dropped piece back."""
    part = part_of(article, review, key)
    if part.kind is PartKind.SECTION:
        return replace(review, left_out=_with(review.left_out, key, present=not on))
    as_text = on if part.kind is PartKind.DROPPED else not on
    return replace(review, as_text=_with(review.as_text, key, present=as_text))


def retitled(article: Article, review: Review, key: str, title: str) -> Review:
    """Raises InvalidInput for a title that is empty or too long."""
    part_of(article, review, key)
    return replace(review, titles={**review.titles, key: checked_title(title)})


def merged(article: Article, review: Review, key: str) -> Review:
    """Let a section go on the one before it; a heading that a person put there goes away again."""
    sections = [part for part in plan(article, review).parts if part.kind is PartKind.SECTION]
    part_of(article, review, key)
    if not sections or sections[0].key == key:
        raise InvalidInput("There is no section before it to merge with.", field="merge")
    if key.startswith("before "):
        return replace(review, split=review.split - {key.removeprefix("before ")})
    return replace(review, merged=review.merged | {key})


def divided(article: Article, review: Review, key: str, before: str) -> Review:
    """Let a section end before one of its pieces, where another one begins."""
    if before not in {cut.key for cut in part_of(article, review, key).cuts}:
        raise InvalidInput("The section has no such place to divide it at.", field="before")
    if before in review.merged:
        return replace(review, merged=review.merged - {before})
    return replace(review, split=review.split | {before})


def checked_title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        raise InvalidInput("Write a title: lists and mails need one.", field="title")
    if len(title) > LONGEST_TITLE:
        raise InvalidInput(f"It is longer than {LONGEST_TITLE} characters. Shorten it.", field="title")
    return title


def part_of(article: Article, review: Review, key: str) -> Part:
    """Raises NotFound for what is no part of this article."""
    for part in _parts(article, review, ()):
        if part.key == key:
            return part
    raise NotFound("The article has no such part.")


def _with(keys: frozenset[str], key: str, *, present: bool) -> frozenset[str]:
    return keys | {key} if present else keys - {key}


def _placed(article: Article, review: Review) -> Iterator[_Placed]:
    for index, piece in enumerate(article.pieces):
        key = str(index)
        if key in review.split and piece.role is not Role.HEADING:
            added = f"before {key}"
            title = review.titles.get(added) or wording.clip(_first_line(piece.block), _TITLE_COLUMNS)
            block = Block(BlockKind.HEADING, marking.escape(title), title)
            yield _Placed(added, Piece(block, Role.HEADING, 1.0, "divided by a person"), added=True)
        yield _Placed(key, _overruled(key, piece, review))


def _overruled(key: str, piece: Piece, review: Review) -> Piece:
    if key in review.as_text and piece.role in (Role.DROPPED, *_NOTICES):
        return replace(piece, role=Role.BODY)
    if piece.role is not Role.HEADING:
        return piece
    title = review.titles.get(key)
    if title is not None:
        block = Block(piece.block.kind, marking.escape(title), title)
        piece = replace(piece, block=block, score=1.0, reason="retitled by a person")
    if key in review.merged:
        text = piece.block.text
        below = Block(BlockKind.HEADING, marking.heading(text, min(piece.level + 1, 4)), text)
        return replace(piece, role=Role.BODY, block=below)
    return piece


def _sectioned(article: Article, review: Review) -> Iterator[tuple[str, _Placed]]:
    """Every piece with the section it stands in."""
    section = OPENING
    for placed in _placed(article, review):
        if placed.piece.role is Role.HEADING:
            section = placed.key
        yield section, placed


def _parts(article: Article, review: Review, lessons: Sequence[DraftLesson]) -> Iterator[Part]:
    """Sections where they begin; what was dropped or is a notice where it stands."""
    grouped: dict[str, list[_Placed]] = {}
    order: list[tuple[str, _Placed | None]] = []  # a section (None), or a piece that is a row of its own
    for section, placed in _sectioned(article, review):
        pristine = None if placed.added else article.pieces[int(placed.key)]
        if pristine is not None and pristine.role in (Role.DROPPED, *_NOTICES):
            order.append((section, placed))
        if placed.piece.role in (Role.HEADING, Role.BODY):
            if section not in grouped:
                grouped[section] = []
                order.append((section, None))
            grouped[section].append(placed)
    goes_to = _goes_to(grouped, review, lessons)
    for section, alone in order:
        if alone is None:
            yield _section(section, grouped[section], review, goes_to.get(section, ()))
        elif not _is_title(alone.piece):
            yield _row(article.pieces[int(alone.key)], alone.key, review)


def _is_title(piece: Piece) -> bool:
    """The article's own title stands above the review, and is nothing to bring back."""
    return piece.role is Role.DROPPED and piece.reason == "is the title"


def _section(key: str, placed: Sequence[_Placed], review: Review, lessons: tuple[str, ...]) -> Part:
    head = placed[0] if placed[0].piece.role is Role.HEADING else None
    body = [one for one in placed if one is not head]
    text = [one.piece.block for one in body]
    first = _first_line(text[0]) if text else ""
    cuts = [Cut(one.key, _first_line(one.piece.block)) for one in body[1:] if one.key.isdecimal()]
    return Part(
        key=key,
        kind=PartKind.SECTION,
        title=head.piece.block.text if head else wording.clip(first, _TITLE_COLUMNS),
        first_line=first,
        words=sum(count_words(block.text) for block in text if block.kind is not BlockKind.IMAGE),
        score=head.piece.score if head else 1.0,
        reason=head.piece.reason if head else "text before the first heading",
        on=key not in review.left_out,
        cuts=tuple(cuts),
        lessons=lessons,
    )


def _row(piece: Piece, key: str, review: Review) -> Part:
    """A piece that reading dropped or took for a notice, whatever a person made of it."""
    dropped = piece.role is Role.DROPPED
    text = piece.block.text or piece.block.markdown
    return Part(
        key=key,
        kind=PartKind.DROPPED if dropped else PartKind(piece.role.value),
        title=wording.clip(text, _TITLE_COLUMNS),
        first_line=" ".join(text.split()),
        words=count_words(text),
        score=piece.score,
        reason=piece.reason,
        on=(key in review.as_text) == dropped,
    )


def _goes_to(
    grouped: Mapping[str, Sequence[_Placed]], review: Review, lessons: Sequence[DraftLesson]
) -> dict[str, tuple[str, ...]]:
    """In which lessons each section's text is."""
    kept = [key for key in grouped if key not in review.left_out]
    found: dict[str, list[str]] = {}
    for number, lesson in enumerate(lessons):
        label = "Welcome" if lesson.kind == "welcome" else f"Lesson {number}"
        for section in lesson.source_sections:
            found.setdefault(kept[section], []).append(label)
    return {key: tuple(labels) for key, labels in found.items()}


def _first_line(block: Block) -> str:
    return " ".join((block.text or block.markdown).split())
