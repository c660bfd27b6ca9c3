"""What only a Markdown lesson's source shows: errors of its dialect, open fields, what a mail leaves out."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markdown_it.token import Token

from campaigns.checking.finding import Finding, blocking, clipped, warning
from courseletter.errors import InvalidInput
from templates import conditions, problems
from templates.mail_body import ABSOLUTE
from templates.mjml import TAG
from templates.prose import TAGS
from templates.syntax import field_of

_STOP = re.compile(r"((?:“[^”]*”|`[^`]*`|[^“`])*?[.?]) (.+)", re.S)

_SRC = re.compile(r"\ssrc\s*=\s*[\"']?([^\"'\s>]*)", re.I)
_JINJA = re.compile(r"\{%.*?%\}")
_DEEPEST = 20  # levels of quotes and lists that CommonMark's preset of markdown-it reads
_CONTAINERS = frozenset(
    {"blockquote_open", "bullet_list_open", "ordered_list_open", "list_item_open", "directive_open"}
)


class OpenField(NamedTuple):
    """A merge field in the text that has no fallback and stands under no condition that asks for it."""

    path: str
    line: int


def split(message: str, mend: str) -> tuple[str, str]:
    """A message of the templates as what is so and what to do; `mend` where it says only the first."""
    parts = _STOP.fullmatch(message)
    return (parts[1], parts[2]) if parts else (message, mend)


def errors(body: str) -> Iterator[Finding]:
    for problem in problems.problems(body):
        code = "image-alt" if problem.message == problems.NO_ALT else "markup"
        yield blocking(code, *split(problem.message, "Mend it in this line."), problem.line)


def left_out(tokens: Sequence[Token]) -> Iterator[Finding]:
    """HTML that mails may not hold, text too deep to be read, and pictures that readers cannot reach."""
    for token, line in _lined(tokens):
        if token.type in _CONTAINERS and token.level == _DEEPEST - 1:
            message = f"What is more than {_DEEPEST} levels deep in quotes and lists is left out of the mail."
            yield blocking("markup", message, "Take some levels away.", line)
        elif token.type == "text" and (tag := _JINJA.search(token.content)):
            message = f"Readers see {clipped(tag[0])} as it stands here: in Markdown it is no command."
            yield warning("markup", message, "Write :::if … :::, or make it MJML.", line)
        elif token.type in ("html_block", "html_inline"):
            yield from _tags(token.content, line)
        elif token.type == "image" and not ABSOLUTE.match(src := str(token.attrGet("src") or "")):
            yield _unreachable(src, line)


def _unreachable(src: str, line: int) -> Finding:
    message = f"Readers get no picture: {clipped(src)} is not on the web."
    return warning("image-file", message, "Put it on the web and write its whole address, https://….", line)


def _tags(html: str, line: int) -> Iterator[Finding]:
    at = 0
    for tag in TAG.finditer(html):
        line += html.count("\n", at, tag.start())
        at = tag.start()
        name = (tag[2] or "").lower()
        if name == "img" and (src := _SRC.search(tag[3])) and not ABSOLUTE.match(src[1]):
            yield _unreachable(src[1], line)
        elif name and not tag[1] and name not in TAGS:
            message = f"<{name}> is left out of the mail: no client shows it, or none safely."
            yield warning("element", message, "Write it in Markdown, or link to a page that has it.", line)


def open_fields(tokens: Sequence[Token]) -> Iterator[OpenField]:
    asked: list[frozenset[str]] = []
    for token, line in _lined(tokens):
        if token.type == "directive_open" and token.info == "if":
            asked.append(_asked(token.meta["condition"]))
        elif token.type == "directive_close" and token.info == "if":
            asked.pop()
        elif token.type == "otherwise":
            asked[-1] = frozenset()
        elif token.type == "merge_field":
            field = field_of(token)
            if field.fallback is None and not any(field.path in fields for fields in asked):
                yield OpenField(field.path, line)


def _asked(condition: str) -> frozenset[str]:
    """The fields that are there wherever a condition holds."""
    try:
        parsed = conditions.parse(condition)
    except InvalidInput:
        return frozenset()
    present = (frozenset(test.path for test in tests if not test.negated) for tests in parsed.alternatives)
    return frozenset.intersection(*present)


def _lined(tokens: Sequence[Token], line: int = 1) -> Iterator[tuple[Token, int]]:
    """Every token with its line, those inside paragraphs and alternative texts too."""
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        yield token, line
        within = line
        for child in token.children or []:
            yield from ((inner, within) for inner, _ in _lined([child], within))
            within += child.type in ("softbreak", "hardbreak") or child.content.count("\n")
