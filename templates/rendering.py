"""Stage 2: a compiled lesson for one recipient. Nothing rendered is ever rendered again.

The sources are made by compiling from a lesson's own grammar; an expert's own Jinja2 runs in sandbox's child.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

import jinja2
from jinja2 import ChainableUndefined
from jinja2.runtime import new_context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from templates import merge_fields, sandbox
from templates.compiled import CompiledLesson

_SCHEMES = ("https://", "http://", "mailto:", "tel:")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_CLEAN_ADDRESS = re.compile(rf"(?:https?://|mailto:|tel:)[A-Za-z0-9_.\-{re.escape(_SAFE)}]*+").fullmatch


@dataclass(frozen=True, slots=True)
class Rendered:
    """One recipient's mail: a one-line subject and both parts."""

    subject: str
    html: str
    text: str


class Pieces(NamedTuple):
    """One recipient's mail as it is written, piece by piece: each part can be read once."""

    subject: str
    html: Iterable[str]
    text: Iterable[str]


class Template:
    """A stage-2 source, compiled. What it always says it writes in pieces that are among its `constants`."""

    def __init__(self, template: jinja2.Template) -> None:
        self._template = template
        self.constants = frozenset(
            text
            for function in (template.root_render_func, *template.blocks.values())
            for text in _texts(function.__code__)
        )

    def pieces(self, context: dict[str, Any]) -> Iterator[str]:
        made = self._template
        shared = new_context(made.environment, made.name, made.blocks, context, shared=True)
        return made.root_render_func(shared)

    def render(self, context: dict[str, Any]) -> str:
        return "".join(self.pieces(context))


class Renderer(Protocol):
    """Renders one compiled lesson for one recipient after the other.

    A field that the recipient lacks reads as '' here, so that one bad row never stops the others; publishing
    has refused lessons that use unknown fields without a fallback (compiling.validate).
    """

    constants: frozenset[str]  # what every recipient gets, as the pieces in which it is written

    def pieces(self, context: dict[str, Any]) -> Pieces:
        """The mail for a context of plain dicts, which is left as it is."""
        ...


class Here:
    """The renderer in this process: for lessons without an author's own Jinja2, and inside the child."""

    def __init__(self, compiled: CompiledLesson) -> None:
        self._subject = template(compiled.subject, html=False)
        self._html = template(compiled.html, html=True)
        self._text = template(compiled.text, html=False)
        self.constants = self._html.constants | self._text.constants

    def pieces(self, context: dict[str, Any]) -> Pieces:
        subject = " ".join(self._subject.render(context).split())
        return Pieces(subject, self._html.pieces(context), self._text.pieces(context))


class _InTheChild:
    """The renderer of an expert lesson, each part of which comes as one piece."""

    constants: frozenset[str] = frozenset()

    def __init__(self, compiled: CompiledLesson) -> None:
        self._name = compiled.name
        self._compiled = compiled.to_json()

    def pieces(self, context: dict[str, Any]) -> Pieces:
        made = sandbox.run(self._name, "templates.expert:render", compiled=self._compiled, context=context)
        return Pieces(made["subject"], (made["html"],), (made["text"],))


def renderer(compiled: CompiledLesson) -> Renderer:
    return _InTheChild(compiled) if compiled.expert else Here(compiled)


def render(compiled: CompiledLesson, context: dict[str, Any]) -> Rendered:
    """One recipient's whole mail, for a person to look at."""
    return whole(renderer(compiled).pieces(context))


def whole(pieces: Pieces) -> Rendered:
    return Rendered(pieces.subject, "".join(pieces.html), "".join(pieces.text))


@lru_cache(maxsize=256)
def template(source: str, *, html: bool) -> Template:
    """A stage-2 source compiled, kept by its content."""
    return Template(environment(html=html).from_string(source))


@lru_cache(maxsize=2)
def environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    """Where stage-2 sources run: sandboxed, no globals, escaping for HTML and not for text and subject."""
    made = _Sandbox(autoescape=html, undefined=ChainableUndefined, keep_trailing_newline=True)
    made.globals.clear()
    made.filters.update(
        shown=merge_fields.shown,
        present=merge_fields.present,
        web_address=web_address,
        address_part=address_part,
    )
    return made


class _Sandbox(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        # A subscriber's field may be called `items`: of mappings, only what is in them counts.
        return self.getitem(obj, attribute) if isinstance(obj, Mapping) else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if type(obj) is dict or isinstance(obj, Mapping):  # the first is what a context holds, and quick
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)


def web_address(value: object) -> str:
    """A whole link address from the context; anything but web, mail and phone addresses becomes ''."""
    return _web_address(merge_fields.shown(value))


def address_part(value: object) -> str:
    """A value inside a link address, percent-encoded: it can start neither a query, a path nor a host."""
    return _address_part(merge_fields.shown(value))


# One reader's addresses are asked for twice: for the HTML and for the text.


@lru_cache(maxsize=64)
def _web_address(text: str) -> str:
    text = text.strip()
    if _CLEAN_ADDRESS(text):
        return text
    return quote(text, safe=_SAFE) if text.lower().startswith(_SCHEMES) else ""


@lru_cache(maxsize=64)
def _address_part(text: str) -> str:
    return quote(text, safe="")


def _texts(code: CodeType) -> Iterator[str]:
    """The strings that stand in a function's code, also in that of the functions within it."""
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from (text for text in constant if isinstance(text, str))
        elif isinstance(constant, CodeType):
            yield from _texts(constant)
