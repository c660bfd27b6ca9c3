"""Text of a source to Markdown of the lesson dialect: whatever the source's characters mean to Markdown or
to the dialect (`*`, `<`, `{{`, `:::`) is escaped, so that it stays the text it was.

Used by every reader. `Run` is a stretch of characters with one style; `inline` writes runs down.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2060\ufeff\ufffe\uffff]"
)
_SPACE = re.compile(r"[ \t\r\n\f\v\u2028\u2029]+")
_ALWAYS = re.compile(r"[\\`*\[\]]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LINE_START = re.compile(
    r"([-+])(?=[ \t]|$)|(#{1,6})(?=[ \t]|$)|(>)|(:{2,})|(\d{1,9})([.)])(?=[ \t]|$)|([-=~|])(?=[-=~"
    r"|: \t]*$)|(~)(?=~~)"
)


@dataclass(frozen=True, slots=True)
class Run:
    """Characters in one style. `link` is an absolute address; `image` is the address of a picture whose
    alternative text is `text`; `is_break` a line break inside a block."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    link: str = ""
    image: str = ""
    is_break: bool = False


def clean(text: str) -> str:
    """`text` without control, soft hyphen and zero-width characters that no mail can show, in composed
    form."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def squeeze(text: str) -> str:
    """`text` on one line: runs of white space (but not no-break spaces) become one space."""
    return _SPACE.sub(" ", clean(text)).strip()


def escape(text: str) -> str:
    """`text` so that inside a line it is nothing but text to the dialect. Line starts:
    `escape_line_start`."""
    text = _ALWAYS.sub(lambda match: "\\" + match[0], text)
    text = _TAG.sub("\\\\<", text)
    text = _ENTITY.sub("\\\\&", text)
    text = _EDGE_UNDERSCORE.sub("\\\\_", text)
    text = re.sub(r"\{(?=\{)|^\{|\{$", "\\\\{", text)
    return re.sub(r"!$", "\\\\!", text)


def escape_line_start(line: str) -> str:
    """`line`, already escaped, so that it opens no list, heading, quote, rule, table or directive."""

    def guard(match: re.Match[str]) -> str:
        if match[5]:
            return f"{match[5]}\\{match[6]}"
        return "\\" + match[0]

    return (
        _LINE_START.sub(guard, line.lstrip(" \t"), count=1) if _LINE_START.match(line.lstrip(" \t")) else line
    )


def paragraph(text: str) -> str:
    """Plain text of one paragraph as Markdown."""
    return escape_line_start(escape(squeeze(text)))


def heading(text: str, depth: int) -> str:
    """A heading line; hash marks at its end would be taken for a closing row of them, colons at its start
    for a block."""
    written = re.sub(r"(#+)$", r"\\\1", escape(squeeze(text)))
    return "#" * depth + " " + re.sub(r"^(?=::)", r"\\", written)


def address(url: str) -> str:
    """An address as it may stand between Markdown's round brackets, with nothing a merge field could start
    in."""
    quoted = {" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E", "{": "%7B", "}": "%7D", "|": "%7C"}
    quoted |= {
        "\\": "%5C",
        "\n": "",
        "\r": "",
        "\t": "",
        '"': "%22",
        "`": "%60",
        "*": "%2A",
        "[": "%5B",
        "]": "%5D",
    }
    return "".join(quoted.get(character, character) for character in clean(url).strip())


def image(alt: str, url: str) -> str:
    """A picture; one without alternative text says nothing, so the dialect wants it marked as decoration."""
    alt = squeeze(alt)
    return f"![{escape(alt)}]({address(url)})" if alt else f"![]({address(url)}){{decorative}}"


def code_block(text: str, language: str = "") -> str:
    body = "\n".join(line.rstrip() for line in clean(text).strip("\n").split("\n"))
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", body)), default=2)
    fence = "`" * max(3, longest + 1)
    info = language if re.fullmatch(r"[\w+#.-]{1,30}", language) else ""
    return f"{fence}{info}\n{body}\n{fence}"


def plain(runs: Iterable[Run]) -> str:
    """What a reader sees of `runs` as text, line breaks as spaces, pictures left out."""
    return squeeze("".join(" " if run.is_break else "" if run.image else run.text for run in runs))


def inline(runs: Sequence[Run], *, in_table: bool = False) -> str:
    """`runs` as Markdown. With `in_table` a break is a space and every `|` is escaped."""
    written = ""
    groups = [(key, list(group)) for key, group in groupby(_tidy(runs), key=lambda run: run.link)]
    for position, (link, group) in enumerate(groups):
        following = groups[position + 1] if position + 1 < len(groups) else ("", [])
        follows = "[" if following[0] else _first_character(following[1])
        text = _styled(group, written, follows)
        if link and text.strip():
            inner = text.strip()
            lead = text[: len(text) - len(text.lstrip())]
            trail = text[len(text.rstrip()) :]
            text = f"{lead}[{inner}]({address(link)}){trail}"
        written += text
    if in_table:
        written = re.sub(r"\\?\n", " ", written)
        return re.sub(r"(?<!\\)\|", r"\\|", written).strip()
    lines = [escape_line_start(line.strip(" ")) for line in written.strip(" \n").split("\n")]
    return "\n".join(lines).removesuffix("\\\n").strip(" \n")


def _tidy(runs: Sequence[Run]) -> list[Run]:
    """White space squeezed across runs, breaks at the edges and doubled ones dropped."""
    tidy: list[Run] = []
    after_space = True
    for run in runs:
        if run.is_break:
            if tidy and not tidy[-1].is_break:
                tidy.append(Run("", is_break=True))
            after_space = True
            continue
        if run.image:
            tidy.append(run)
            after_space = False
            continue
        text = _SPACE.sub(" ", clean(run.text))
        if after_space and not run.code:
            text = text.lstrip(" ")
        if not text:
            continue
        after_space = text.endswith(" ")
        tidy.append(Run(text, run.strong, run.emphasis, run.code, run.link))
    while tidy and tidy[-1].is_break:
        tidy.pop()
    return tidy


def _first_character(runs: Sequence[Run]) -> str:
    if not runs:
        return ""
    return "!" if runs[0].image else "\n" if runs[0].is_break else runs[0].text[:1]


def _styled(
    runs: Sequence[Run], before: str, after: str, styles: tuple[str, ...] = ("strong", "emphasis")
) -> str:
    """`runs` with the outermost of `styles` written around the stretches that have it."""
    if not styles:
        return _plain_runs(runs)
    mark = "**" if styles[0] == "strong" else "*"
    written = ""
    groups = [
        (key, list(group)) for key, group in groupby(runs, key=lambda run: bool(getattr(run, styles[0])))
    ]
    for position, (marked, group) in enumerate(groups):
        follows = _first_character(groups[position + 1][1]) if position + 1 < len(groups) else after
        text = _styled(group, before + written, follows, styles[1:])
        core = text.strip()
        if marked and core and "\n" not in core:
            lead = text[: len(text) - len(text.lstrip())]
            trail = text[len(text.rstrip()) :]
            previous = (before + written + lead)[-1:]
            following = (trail + follows)[:1]
            if _can_open(previous, core) and _can_close(core, following):
                text = f"{lead}{mark}{core}{mark}{trail}"
        written += text
    return written


def _plain_runs(runs: Sequence[Run]) -> str:
    written = ""
    for run in runs:
        if run.is_break:
            written = written.rstrip(" ") + "\\\n"
        elif run.image:
            written += image(run.text, run.image)
        elif run.code and run.text.strip():
            written += _code_span(run.text)
        else:
            written += escape(run.text)
    return written


def _code_span(text: str) -> str:
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text[0] in " `" or text[-1] in " `" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _can_open(previous: str, core: str) -> bool:
    """CommonMark 6.2: whether a run of stars before `core` is left-flanking, and no star touches another."""
    if core[0] == "*" or previous == "*":
        return False
    return not _is_punctuation(core[0]) or not previous or previous.isspace() or _is_punctuation(previous)


def _can_close(core: str, following: str) -> bool:
    if core[-1] == "*" or following == "*":
        return False
    return not _is_punctuation(core[-1]) or not following or following.isspace() or _is_punctuation(following)
