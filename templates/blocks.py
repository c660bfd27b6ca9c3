"""A parsed lesson as blocks: runs of prose, pictures and buttons alone in their paragraph, boxes, branches.

Between syntax (tokens) and its three readers: dialect (web), mail_body (MJML), plain. Only top-level blocks
and those inside boxes and branches come apart; a box inside a list or quotation stays in its run of prose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from courseletter.errors import InvalidInput
from templates import conditions
from templates.syntax import attributes_of, top_level


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs, headings, lists, tables, code and HTML, one after the other."""

    tokens: Sequence[Token]


@dataclass(frozen=True, slots=True)
class Picture:
    image: Token


@dataclass(frozen=True, slots=True)
class Button:
    """`[label](address){button}` alone in its paragraph: the link's tokens, from link_open to link_close."""

    tokens: Sequence[Token]


@dataclass(frozen=True, slots=True)
class Box:
    """A takeaway, quote or disclosure."""

    kind: str
    attributes: Mapping[str, str]
    blocks: "Sequence[Block]"


@dataclass(frozen=True, slots=True)
class Branch:
    condition: str
    then: "Sequence[Block]"
    otherwise: "Sequence[Block]"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Where the recap or the teaser goes."""

    name: str


Block = Prose | Picture | Button | Box | Branch | Placeholder


def blocks(tokens: Sequence[Token]) -> list[Block]:
    """Group tokens of whole blocks, keeping their order."""
    found: list[Block] = []
    run: list[Token] = []
    for group in top_level(tokens):
        block = _block(group)
        if block is None:
            run += group
            continue
        if run:
            found.append(Prose(run))
            run = []
        found.append(block)
    return [*found, Prose(run)] if run else found


def _block(group: Sequence[Token]) -> Block | None:
    first = group[0]
    if first.type == "placeholder":
        return Placeholder(first.info)
    if first.type == "paragraph_open":
        return _alone(group[1].children or [])
    if first.type != "directive_open":
        return None
    inside = group[1:-1]
    if first.info != "if":
        return Box(first.info, attributes_of(first), blocks(inside))
    split = next((i for i, token in enumerate(inside) if _is_else_of(first, token)), len(inside))
    return Branch(first.meta["condition"], blocks(inside[:split]), blocks(inside[split + 1 :]))


def _alone(children: Sequence[Token]) -> Block | None:
    if len(children) == 1 and children[0].type == "image":
        return Picture(children[0])
    links = [token for token in children if token.type == "link_open"]
    whole = children and children[0].type == "link_open" and children[-1].type == "link_close"
    return Button(children) if whole and len(links) == 1 and "button" in attributes_of(links[0]) else None


def _is_else_of(opening: Token, token: Token) -> bool:
    return token.type == "otherwise" and token.level == opening.level + 1


def choose(tokens: Sequence[Token], context: Mapping[str, object]) -> list[Token]:
    """Only the branches taken in this context. A condition that cannot be read never holds."""
    kept: list[Token] = []
    taken: list[bool] = []
    for token in tokens:
        if token.info == "if" and token.type == "directive_open":
            taken.append(_holds(token.meta["condition"], context))
        elif token.info == "if" and token.type == "directive_close":
            taken.pop()
        elif token.type == "otherwise":
            taken[-1] = not taken[-1]
        elif all(taken):
            kept.append(token)
    return kept


def _holds(condition: str, context: Mapping[str, object]) -> bool:
    try:
        return conditions.parse(condition).holds(context)
    except InvalidInput:
        return False


def words_of(children: Sequence[Token] | None) -> Sequence[Token]:
    """The tokens of inline content that carry words: what alt texts and button labels are made of."""
    found: list[Token] = []
    for token in children or []:
        if token.type == "image":
            found += words_of(token.children)
        elif token.type in ("text", "text_special", "code_inline", "merge_field", "softbreak", "hardbreak"):
            found.append(token)
    return found
