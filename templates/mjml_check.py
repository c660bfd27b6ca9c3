"""Check an author's MJML before it is compiled: components, attributes, values and nesting, with the line.

mrml itself lets unknown tags and attributes pass and reports byte offsets. The facts are in mjml_schema.json.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from templates.problems import Problem

_TOKEN = re.compile(
    r"(?P<comment><!--.*?-->)|(?P<cdata><!\[CDATA\[)"
    r"|<(?P<close>/)?(?P<name>[A-Za-z][\w:-]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>|(?P<stray><)",
    re.S,
)
_ATTRIBUTE = re.compile(r"([\w:@.-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'))?", re.S)
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
# Attributes that every component takes.
_COMMON = {"css-class": "string", "mj-class": "string"}
_ROOT = {"lang": "string", "dir": "enum(ltr,rtl,auto)", "owa": "string"}
_UNSUPPORTED = {
    "mj-include": "Paste what it includes.",
    "mj-html-attributes": "Write the attributes on the elements.",
}
_COLOR = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|(?:rgb|hsl)a?\([^()]*\)|[a-z]+", re.I)
SLOT = re.compile(r"cl[0-9a-f]{8}x[0-9]+x")


@dataclass(frozen=True, slots=True)
class Element:
    """An open tag and the author's line."""

    name: str
    line: int


def check(mjml: str) -> list[Problem]:
    """Every problem of a whole MJML document. Slots may stand in text and attribute values."""
    return sorted(_Walk(mjml).problems(), key=lambda problem: problem.line)


def comments(mjml: str) -> Iterator[tuple[int, int, tuple[Element, ...]]]:
    """Every comment: its start, its end and the elements it stands in, outermost first."""
    walk = _Walk(mjml)
    for match in _TOKEN.finditer(mjml):
        if match["comment"]:
            yield match.start(), match.end(), tuple(walk.open)
        for _ in walk.tag(match, match.start()):
            pass


def holds_html(component: str) -> bool:
    """Whether a component's content is HTML, as in mj-text, and not more components."""
    return bool(_schema()["components"].get(component, {}).get("ending"))


class _Walk:
    """Goes through the tags once, keeping the stack of open ones."""

    def __init__(self, mjml: str) -> None:
        self.mjml = mjml
        self.open: list[Element] = []

    def problems(self) -> Iterator[Problem]:
        at, line = 0, 1
        for match in _TOKEN.finditer(self.mjml):
            text = self.mjml[at : match.start()]
            if text.strip() and (message := self._of_text()):
                yield Problem(line + _leading_lines(text), message)
            line += text.count("\n")
            yield from self.tag(match, line)
            line += match[0].count("\n")
            at = match.end()
        if self.mjml[at:].strip() and not self.open:
            yield Problem(line, "Text after the end of the document. Take it out.")
        for element in self.open:
            yield Problem(element.line, f"<{element.name}> is not closed. Add </{element.name}>.")

    @property
    def parent(self) -> str:
        return self.open[-1].name if self.open else ""

    def _in_html(self) -> bool:
        """Inside a component that holds HTML, such as mj-text."""
        return any(holds_html(element.name) for element in self.open)

    def _of_text(self) -> str | None:
        if self._in_html():
            return None
        where = f"directly in <{self.parent}>" if self.parent else "outside the document"
        return f"Text may not stand {where}. Put it into an <mj-text>."

    def tag(self, match: re.Match[str], line: int) -> Iterator[Problem]:
        """Step over one tag; its problems."""
        if match["comment"]:
            return
        if match["cdata"]:
            yield Problem(line, "CDATA is not supported. Write &lt; and &amp; instead.")
        elif match["stray"]:
            yield Problem(line, "A < that begins no tag. Write &lt; instead.")
        elif match["close"]:
            yield from self._of_close(match["name"], line)
        else:
            yield from (Problem(line, message) for message in self._of_open(match, line))

    def _of_close(self, name: str, line: int) -> Iterator[Problem]:
        if self.parent == name:
            self.open.pop()
        elif any(element.name == name for element in self.open):
            while (element := self.open.pop()).name != name:
                yield Problem(element.line, f"<{element.name}> is not closed before </{name}>. Add its end.")
        elif name.lower() not in _VOID:
            yield Problem(line, f"</{name}> closes nothing. Take it out.")

    def _of_open(self, match: re.Match[str], line: int) -> Iterator[str]:
        name, rest = match["name"], match["rest"]
        if not self._in_html():
            yield from self._of_component(name, rest)
        elif name.startswith("mj-"):
            yield f"<{name}> cannot stand in <{self.parent}>, which holds HTML. Close that one first."
        elif unreadable := re.sub(_ATTRIBUTE, "", rest).strip(" \t\r\n/"):
            yield f"The attributes of <{name}> cannot be read at “{unreadable[:30]}”. Quote their values."
        if not rest.endswith("/") and not (self._in_html() and name.lower() in _VOID):
            self.open.append(Element(name, line))

    def _of_component(self, name: str, rest: str) -> Iterator[str]:
        components = _schema()["components"]
        if name in _UNSUPPORTED:
            yield f"<{name}> is not supported. {_UNSUPPORTED[name]}"
            return
        if self.parent == "mj-attributes":
            if name not in ("mj-all", "mj-class") and name not in components:
                yield f"There is no component <{name}>."
            return
        if name not in components and name != "mjml":
            close = _nearest(name, components)
            mend = f"Do you mean <{close}>?" if close else "HTML belongs into an <mj-text>."
            yield f"There is no component <{name}>. {mend}"
            return
        if not self.open and name != "mjml":
            yield "The document has to begin with <mjml>."
        allowed = _schema()["dependencies"].get(self.parent)
        if allowed is not None and name not in allowed and "/^.*^/" not in allowed:
            yield f"<{name}> cannot stand in <{self.parent}>, which takes {', '.join(allowed) or 'none'}."
        types = _ROOT if name == "mjml" else {**components[name]["allowed"], **_COMMON}
        yield from _of_attributes(name, rest, types)


def _of_attributes(name: str, rest: str, types: dict[str, str]) -> Iterator[str]:
    for match in _ATTRIBUTE.finditer(rest):
        key, value = match[1], match[2] if match[2] is not None else match[3]
        if value is None:
            yield f'The attribute {key} of <{name}> has no quoted value. Write {key}="…".'
        elif key == "position" and name == "mj-raw":
            yield "mj-raw with a position is not supported. Put it where it belongs."
        elif key not in types:
            close = _nearest(key, types)
            yield f"<{name}> knows no attribute {key}.{f' Do you mean {close}?' if close else ''}"
        elif not SLOT.search(value) and not fits(value, types[key]):
            yield f'{key}="{value[:40]}" of <{name}> is not {_described(types[key])}.'


def fits(value: str, kind: str) -> bool:
    """Whether a value is of a type of the schema: `color`, `unit(px,%){1,4}`, `enum(left,right)` ..."""
    value = value.strip()
    base, _, arguments = kind.partition("(")
    arguments = arguments.partition(")")[0]
    match base:
        case "color":
            return _COLOR.fullmatch(value) is not None
        case "boolean":
            return value in ("true", "false")
        case "integer":
            return value.isdecimal()
        case "enum":
            return value in arguments.split(",")
        case "unit" | "unitWithNegative":
            most = 4 if kind.endswith("{1,4}") else 1
            values = value.split()
            sign = "-?" if base == "unitWithNegative" else ""
            return 0 < len(values) <= most and all(_is_unit(v, arguments.split(","), sign) for v in values)
        case _:
            return True


def _is_unit(value: str, units: list[str], sign: str) -> bool:
    if value == "0" or (value == "auto" and "auto" in units):
        return True
    suffix = "|".join(re.escape(unit) for unit in units if unit != "auto")
    return re.fullmatch(rf"{sign}(?:\d*\.)?\d+(?:{suffix})", value) is not None


def _described(kind: str) -> str:
    base, _, arguments = kind.partition("(")
    arguments = arguments.partition(")")[0]
    if base == "enum":
        return f"one of {', '.join(value for value in arguments.split(',') if value)}"
    if base.startswith("unit"):
        return f"a length in {' or '.join(unit for unit in arguments.split(',') if unit)}"
    return {"color": "a colour", "boolean": "true or false", "integer": "a whole number"}.get(base, base)


def _nearest(name: str, known: dict[str, Any]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, known, 1)), None)


def _leading_lines(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((files("templates") / "mjml_schema.json").read_text("utf-8"))
    return schema
