"""What reading makes of a source: an article as a row of pieces, each with its role, score and reason.

Reading decides the roles, and `splitting` reads the sections that follow.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    HEADING = "heading"
    BODY = "body"
    DROPPED = "dropped"
    DISCLOSURE = "disclosure"
    DISCLAIMER = "disclaimer"


class BlockKind(StrEnum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST = "list"
    QUOTE = "quote"
    TABLE = "table"
    CODE = "code"
    IMAGE = "image"
    CAPTION = "caption"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the source. `markdown` is in the lesson dialect with the source's own characters escaped,
    `text` is what a reader sees of it, without any markup."""

    kind: BlockKind
    markdown: str
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A block and what was decided about it. `score` is the certainty from 0 to 1 that `role` is right;
    `level` is the depth a heading has, or would have if the piece were made one (2 is the usual one)."""

    block: Block
    role: Role
    score: float = 1.0
    reason: str = ""
    level: int = 2


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the blocks up to the next one. `heading` is None for the opening text; `markdown` is it
    with its links."""

    heading: str | None
    level: int
    score: float
    reason: str
    blocks: tuple[Block, ...]
    markdown: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A piece that reading did not take as plain body, for a person to review. `piece` is its index."""

    piece: int
    role: Role
    text: str
    reason: str
    score: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that came inside the source. Bodies name it by `name`, a path as in a course folder."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Article:
    """`language` is a two-letter code (ISO 639-1), `source` what was read (path, address, or "-"),
    `form` the name of the reader that read it, `notes` what is uncertain about all of it, a sentence each."""

    title: str
    language: str
    pieces: tuple[Piece, ...]
    source: str = ""
    form: str = "text"
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sections(self) -> tuple[Section, ...]:
        """The opening first, if there is one, then a section for each heading."""
        sections: list[Section] = []
        head: Piece | None = None
        blocks: list[Block] = []

        def close() -> None:
            if head is not None:
                said = head.block
                sections.append(
                    Section(said.text, head.level, head.score, head.reason, tuple(blocks), said.markdown)
                )
            elif blocks:
                sections.append(Section(None, 1, 1.0, "text before the first heading", tuple(blocks)))

        for piece in self.pieces:
            if piece.role is Role.HEADING:
                close()
                head, blocks = piece, []
            elif piece.role is Role.BODY:
                blocks.append(piece.block)
        close()
        return tuple(sections)

    @property
    def disclosures(self) -> tuple[str, ...]:
        return self._texts(Role.DISCLOSURE)

    @property
    def disclaimers(self) -> tuple[str, ...]:
        return self._texts(Role.DISCLAIMER)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return tuple(
            Decision(index, piece.role, piece.block.text or piece.block.markdown, piece.reason, piece.score)
            for index, piece in enumerate(self.pieces)
            if piece.role is not Role.BODY or piece.reason
        )

    def _texts(self, role: Role) -> tuple[str, ...]:
        # The same notice often stands at the head and at the foot of a page.
        return tuple(dict.fromkeys(piece.block.text for piece in self.pieces if piece.role is role))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives back an equal article."""
        return {
            "title": self.title,
            "language": self.language,
            "source": self.source,
            "form": self.form,
            "notes": list(self.notes),
            "pieces": [
                {
                    "kind": piece.block.kind.value,
                    "markdown": piece.block.markdown,
                    "text": piece.block.text,
                    "role": piece.role.value,
                    "score": piece.score,
                    "reason": piece.reason,
                    "level": piece.level,
                }
                for piece in self.pieces
            ],
            "pictures": [
                {
                    "name": picture.name,
                    "media_type": picture.media_type,
                    "data": base64.b64encode(picture.data).decode("ascii"),
                }
                for picture in self.pictures
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Article:
        return cls(
            title=data["title"],
            language=data["language"],
            source=data["source"],
            form=data["form"],
            notes=tuple(data.get("notes", ())),
            pieces=tuple(
                Piece(
                    Block(BlockKind(item["kind"]), item["markdown"], item["text"]),
                    Role(item["role"]),
                    item["score"],
                    item["reason"],
                    item["level"],
                )
                for item in data["pieces"]
            ),
            pictures=tuple(
                Picture(item["name"], item["media_type"], base64.b64decode(item["data"]))
                for item in data["pictures"]
            ),
        )
