"""The lesson dialect's grammar: CommonMark, tables and our own rules, on markdown-it-py.

Containers (`:::takeaway`), placeholders (`::recap`), attributes after an image or link (`{width=480}`), merge
fields. `parse()` gives markdown-it tokens, which blocks groups for the web view, the mail and the plain text.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from templates.merge_fields import ADDRESS_FIELD, FIELD, MergeField

CONTAINERS = frozenset({"takeaway", "quote", "disclosure", "if"})
PLACEHOLDERS = frozenset({"recap", "teaser"})
CONTAINER_KEYS = {"quote": frozenset({"by", "source"})}

_ATTRIBUTE = r"[a-z][a-z0-9-]*(?:=(?:\"[^\"\n]*\"|[^\s\"'{}=]+))?"
_ATTRIBUTES = re.compile(rf"\{{({_ATTRIBUTE}(?: {_ATTRIBUTE})*)\}}")
_ONE_ATTRIBUTE = re.compile(r"([a-z][a-z0-9-]*)(?:=(?:\"([^\"\n]*)\"|([^\s\"'{}=]+)))?")
_OPENING = re.compile(r"(:{3,12})([a-z]+)(?: +(.*?))?[ \t]*$")
_CLOSING = re.compile(r"(:{3,12})[ \t]*$")
_PLACEHOLDER = re.compile(r"::([a-z]+)[ \t]*$")
_INLINE_KEYS = {"image": frozenset({"width", "decorative"}), "link_close": frozenset({"button"})}
# Deeper means nothing in a lesson, and without a limit a page of unclosed openers takes quadratic time.
_DEEPEST = 20


class LessonMarkdown(MarkdownIt):
    """markdown-it with addresses that may hold merge fields."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - markdown-it's name
        pieces = re.split(rf"({ADDRESS_FIELD.pattern.replace('(', '(?:', 1)})", url)
        return "".join(piece if i % 2 else super(LessonMarkdown, self).normalizeLink(piece)
                       for i, piece in enumerate(pieces))  # fmt: skip


def parse(body: str, *, exact: bool = False) -> list[Token]:
    """The tokens of a lesson's body. `exact` keeps escaped characters apart from plain ones."""
    return _markdown(exact).parse(body.removeprefix("\ufeff"))


@cache
def _markdown(exact: bool) -> MarkdownIt:
    markdown = LessonMarkdown("commonmark", {"html": True}).enable("table")
    interrupts = ["paragraph", "reference", "blockquote", "list", "table"]
    markdown.block.ruler.before("fence", "directive", _directive, {"alt": interrupts})
    markdown.inline.ruler.before("escape", "merge_field", _merge_field)
    markdown.inline.ruler.after("merge_field", "attributes", _attributes_after)
    if exact:
        markdown.core.ruler.disable("text_join")
    return markdown


def attributes(text: str) -> dict[str, str]:
    """`{by="Ada" wide}` as a dict; a key without a value has the value ''."""
    return {m[1]: m[2] or m[3] or "" for m in _ONE_ATTRIBUTE.finditer(text)}


def is_attributes(text: str) -> bool:
    """Whether a text is `{key="any text" key}` and nothing else."""
    return _ATTRIBUTES.fullmatch(text) is not None


def attributes_of(token: Token) -> dict[str, str]:
    """The attributes written after an image or link, or on a container's opening line."""
    found = token.meta.get("attributes", {})
    return found if isinstance(found, dict) else {}


def field_of(token: Token) -> MergeField:
    """The field of a merge_field token."""
    field = token.meta["field"]
    assert isinstance(field, MergeField)  # noqa: S101 - the rule below is the only writer
    return field


def fields(tokens: Sequence[Token]) -> Iterator[tuple[MergeField, int]]:
    """Every merge field, those in addresses included, with the line its block begins at."""
    line = 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        if token.type == "merge_field":
            yield field_of(token), line
        for key in ("href", "src"):
            for match in ADDRESS_FIELD.finditer(str(token.attrGet(key) or "")):
                yield MergeField(match[1]), line
        within = 0
        for child in token.children or []:
            for field, _ in fields([child]):
                yield field, line + within
            within += child.type in ("softbreak", "hardbreak")


def top_level(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The tokens cut into blocks: each an opening token to its closing one, or a single token."""
    start = depth = 0
    for i, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            yield tokens[start : i + 1]
            start = i + 1


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _directive(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    first = _line(state, start)
    if not first.startswith("::"):
        return False
    placeholder = _PLACEHOLDER.match(first)
    if placeholder and placeholder[1] in PLACEHOLDERS:
        return _leaf(state, start, silent, "placeholder", placeholder[1])
    opening = _OPENING.match(first)
    if not opening:
        return False
    colons, name, argument = len(opening[1]), opening[2], opening[3] or ""
    if name == "else" and not argument:
        return _else(state, start, silent, colons)
    if name not in CONTAINERS or not _fits(name, argument):
        return False
    close = _closing_line(state, start, end, colons)
    if close is None:
        return False
    if not silent:
        _container(state, start, close, colons, name, argument)
    return True


def _else(state: StateBlock, start: int, silent: bool, colons: int) -> bool:
    """Once for each `if`, and directly inside it: not in a list or quote within it."""
    ifs = state.env.get("ifs")
    if not ifs or ifs[-1] != (colons, state.level):
        return False
    if not silent:
        ifs[-1] = None
    return _leaf(state, start, silent, "otherwise", "else")


def _fits(name: str, argument: str) -> bool:
    if name == "if":
        return argument != ""
    return not argument or is_attributes(argument)


def _leaf(state: StateBlock, start: int, silent: bool, kind: str, name: str) -> bool:
    if not silent:
        token = state.push(kind, "", 0)
        token.info, token.map, token.block = name, [start, start + 1], True
        state.line = start + 1
    return True


def _container(state: StateBlock, start: int, close: int, colons: int, name: str, argument: str) -> None:
    parent, last = state.parentType, state.lineMax
    state.parentType, state.lineMax = "container", close
    token = state.push("directive_open", "div", 1)
    token.info, token.map, token.block = name, [start, close + 1], True
    meta = {"condition": argument} if name == "if" else {"attributes": attributes(argument)}
    token.meta = meta
    ifs = state.env.setdefault("ifs", [])
    ifs.append((colons, state.level) if name == "if" else None)
    state.md.block.tokenize(state, start + 1, close)
    ifs.pop()
    token = state.push("directive_close", "div", -1)
    token.info, token.block, token.meta = name, True, meta
    state.parentType, state.lineMax, state.line = parent, last, close + 1


def _closing_line(state: StateBlock, start: int, end: int, colons: int) -> int | None:
    """The line that closes the container opened at `start`; same-length openers in between nest."""
    if "colons" not in state.env:
        state.env["colons"] = _lines_by_colons(state.src)
    marked: list[int] = state.env["colons"].get(colons, [])
    depth, checked = 1, start + 1
    for number in marked[bisect_right(marked, start) : bisect_left(marked, end)]:
        if _leaves(state, checked, number + 1):
            return None
        checked, line = number + 1, _line(state, number)
        if state.is_code_block(number):
            continue
        if closing := _CLOSING.match(line):
            depth -= len(closing[1]) == colons
            if depth == 0:
                return number
        elif (opening := _OPENING.match(line)) and len(opening[1]) == colons and opening[2] in CONTAINERS:
            depth += 1
            if depth > _DEEPEST:
                return None
    return None


def _lines_by_colons(source: str) -> dict[int, list[int]]:
    """The lines that hold a run of so many colons: to go through all lines for each opener is quadratic."""
    lines: dict[int, list[int]] = {}
    for number, line in enumerate(source.split("\n")):
        for length in {len(run) for run in re.findall(":{3,}", line)}:
            lines.setdefault(length, []).append(number)
    return lines


def _leaves(state: StateBlock, first: int, end: int) -> bool:
    """Whether a line of these ends the list or quotation that the container stands in."""
    if state.blkIndent == 0:
        return min(state.sCount[first:end]) < 0
    return any(_line(state, i) and state.sCount[i] < state.blkIndent for i in range(first, end))


def _merge_field(state: StateInline, silent: bool) -> bool:
    match = FIELD.match(state.src, state.pos)
    if not match:
        return False
    if not silent:
        token = state.push("merge_field", "", 0)
        token.content, token.meta = match[0], {"field": MergeField.of(match)}
    state.pos = match.end()
    return True


def _attributes_after(state: StateInline, silent: bool) -> bool:
    if silent or state.pending or not state.tokens or state.src[state.pos - 1 : state.pos + 1] != "){":
        return False
    previous, match = state.tokens[-1], _ATTRIBUTES.match(state.src, state.pos)
    if not match or previous.type not in _INLINE_KEYS:
        return False
    found = attributes(match[1])
    if not found.keys() <= _INLINE_KEYS[previous.type]:
        return False
    _opening_of(state.tokens).meta = {"attributes": found}
    state.pos = match.end()
    return True


def _opening_of(tokens: list[Token]) -> Token:
    """The image itself, or the link_open that the last token closes."""
    depth = 0
    for token in reversed(tokens):
        depth -= token.nesting
        if depth == 0:
            return token
    return tokens[-1]
