"""What is wrong with a lesson's text: the author's line and the mend. Blocks publishing, never saving."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from courseletter.errors import InvalidInput
from templates import conditions
from templates.blocks import words_of
from templates.merge_fields import MergeField, broken, not_a_field
from templates.syntax import (
    CONTAINER_KEYS,
    CONTAINERS,
    PLACEHOLDERS,
    attributes_of,
    field_of,
    is_attributes,
    parse,
)

# What XML, and so MJML, has no place for.
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]+")
_BLOCK_MARK = re.compile(r"(:::+)[ \t]*([a-z]*)|::([a-z]+)[ \t]*(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One error: its line, counted from 1, and what to do about it."""

    line: int
    message: str


def problems(body: str) -> list[Problem]:
    """Every error of a Markdown lesson's body, in the order of its lines."""
    # Only exact tokens tell an escaped brace or colon from a plain one.
    tokens = parse(body, exact=True)
    found = [Problem(body.count("\n", 0, at.start()) + 1, _UNPRINTED) for at in _CONTROL.finditer(body)]
    line, inside = 1, list[str]()
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        if token.type == "directive_open":
            inside.append(token.info)
            found += (Problem(line, message) for message in _of_directive(token))
        elif token.type == "directive_close":
            inside.pop()
        elif token.type == "placeholder" and (set(inside) - {"if"} or token.level != len(inside)):
            found.append(
                Problem(line, f"::{token.info} cannot stand inside another block. Put it on its own.")
            )
        elif token.type == "html_block" and "{{" in token.content:
            found.append(Problem(line + token.content[: token.content.index("{{")].count("\n"), _IN_HTML))
        elif token.type == "inline":
            found += _of_inline(token.children or [], line)
    return sorted(found, key=lambda problem: problem.line)


def in_line(text: str) -> list[str]:
    """Every error of a one-line text: title, subject, preheader."""
    return [*([_UNPRINTED] if _CONTROL.search(text) else []), *broken(text)]


NO_ALT = "The image has no alternative text. Say what it shows: ![A desk](…), or mark it {decorative}."
_UNPRINTED = "A control character stands here, which no mail can carry. Delete it, or type the line anew."
_IN_HTML = "Merge fields are not filled inside HTML. Write this part in Markdown."
_LINK_DEFAULT = "A field in a link address has neither spaces nor a default. Write [text]({{links.web}})."


def _of_directive(token: Token) -> Iterator[str]:
    if token.info == "if":
        try:
            condition = conditions.parse(token.meta["condition"])
        except InvalidInput as error:
            yield str(error)
            return
        for test in (test for tests in condition.alternatives for test in tests):
            if unknown := MergeField(test.path).unknown:
                yield unknown
        return
    given, known = attributes_of(token), CONTAINER_KEYS.get(token.info, frozenset())
    if any("{{" in value for value in given.values()):
        yield f"Merge fields are not filled in the line of :::{token.info}. Put them into the text."
    for key in sorted(given.keys() - known):
        instead = f"It takes {', '.join(sorted(known))}." if known else "Take it out."
        yield f":::{token.info} knows no “{key}”. {instead}"


def _of_inline(children: Sequence[Token], line: int) -> Iterator[Problem]:
    starts = True
    for i, token in enumerate(children):
        if token.type in ("softbreak", "hardbreak"):
            line += 1
            starts = True
            continue
        yield from (Problem(line, message) for message in _of_token(token, children[i + 1 :], starts))
        line += token.content.count("\n")
        starts = False


def _of_token(token: Token, after: Sequence[Token], starts_line: bool) -> Iterator[str]:
    match token.type:
        case "text":
            if "{{" in token.content:
                rest = "".join(t.content or t.markup or "\n" for t in (token, *after))
                yield not_a_field(rest[rest.index("{{") :])
            if starts_line and (mark := _BLOCK_MARK.match(token.content)):
                yield _of_mark(mark)
            if token.content.endswith("](") and after and after[0].type == "merge_field":
                yield _LINK_DEFAULT
        case "merge_field":
            if unknown := field_of(token).unknown:
                yield unknown
        case "html_inline":
            if "{{" in token.content:
                yield _IN_HTML
        case "link_open":
            yield from _of_address(token, "href")
        case "image":
            yield from _of_address(token, "src")
            yield from _of_image(token)


def _of_address(token: Token, key: str) -> Iterator[str]:
    if "{{" in str(token.attrGet("title") or ""):
        yield "Merge fields are not filled in the title of a link or image. Take them out."
    if "%7B%7B" in str(token.attrGet(key) or ""):
        yield "The braces in this address are no merge field. Write {{subscriber.id}}, without a default."


def _of_image(image: Token) -> Iterator[str]:
    given = attributes_of(image)
    if not words_of(image.children) and "decorative" not in given:
        yield NO_ALT
    width = given.get("width")
    if width is not None and not (width.isdecimal() and int(width)):
        yield f"The width “{width}” is no number of pixels. Write {{width=480}}."
    for token in image.children or []:
        yield from _of_token(token, (), False)


def _of_mark(mark: re.Match[str]) -> str:
    colons, name, placeholder = mark[1], mark[2], mark[3]
    if placeholder:
        close = f"There is no ::{placeholder}. There are ::{' and ::'.join(sorted(PLACEHOLDERS))}"
        return rf"{close}; write \:: for plain colons."
    if name == "else":
        return (
            f"{colons}else stands outside its {colons}if. Give both as many colons and close what is between."
        )
    if name in CONTAINERS:
        rest = mark.string[mark.end() :].strip()
        if name == "if" and not rest:
            return f'{colons}if needs a condition: {colons}if subscriber.plan == "pro"'
        if name != "if" and rest and not is_attributes(rest):
            return (
                f'“{rest[:30]}” cannot be read. Write {colons}quote {{by="Ada" source="Notes"}}, or nothing.'
            )
        return f"{colons}{name} is not closed. End it with a line that holds only {colons}"
    if name:
        return f"There is no block {colons}{name}. There are {', '.join(sorted(CONTAINERS))}."
    return rf"This {colons} closes nothing. Take it out, or write \{colons} for plain colons."
