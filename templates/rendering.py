"""Stage 2: a compiled lesson for one recipient. Nothing rendered is ever rendered again.

The sources are made by compiling from a lesson's own grammar; an expert's own Jinja2 runs in sandbox's child.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import ChainableUndefined, Template, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from templates import merge_fields, sandbox
from templates.compiling import CompiledLesson

_SCHEMES = ("https://", "http://", "mailto:", "tel:")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One recipient's mail: a one-line subject and both parts."""

    subject: str
    html: str
    text: str


def render(compiled: CompiledLesson, context: Mapping[str, object]) -> Rendered:
    """The mail for a context of plain dicts.

    A field that the recipient lacks reads as '' here, so that one bad row never stops the others; publishing
    has refused lessons that use unknown fields without a fallback (compiling.validate).
    """
    if compiled.expert:
        job = {"compiled": compiled.to_json(), "context": dict(context)}
        return Rendered(**sandbox.run(compiled.name, "render", **job))
    return render_here(compiled, context)


def render_here(compiled: CompiledLesson, context: Mapping[str, object]) -> Rendered:
    """The same in this process: for lessons without an author's own Jinja2, and inside the child."""
    values = dict(context)
    return Rendered(
        subject=" ".join(template(compiled.subject, html=False).render(values).split()),
        html=template(compiled.html, html=True).render(values),
        text=template(compiled.text, html=False).render(values),
    )


@lru_cache(maxsize=256)
def template(source: str, *, html: bool) -> Template:
    """A stage-2 source compiled, kept by its content."""
    return environment(html=html).from_string(source)


@lru_cache(maxsize=2)
def environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    """Where stage-2 sources run: sandboxed, no globals, escaping for HTML and not for text and subject."""
    made = _Sandbox(autoescape=html, undefined=ChainableUndefined, keep_trailing_newline=True)
    made.globals.clear()
    made.filters.update(shown=shown, present=present, web_address=web_address, address_part=address_part)
    return made


class _Sandbox(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        # A subscriber's field may be called `items`: of mappings, only what is in them counts.
        return self.getitem(obj, attribute) if isinstance(obj, Mapping) else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)


def shown(value: object) -> str:
    """A value as readers see it; missing is ''."""
    return "" if isinstance(value, Undefined) else merge_fields.shown(value)


def present(value: object) -> bool:
    """Whether a recipient has this field."""
    return not isinstance(value, Undefined) and merge_fields.present(value)


def web_address(value: Any) -> str:
    """A whole link address from the context; anything but web, mail and phone addresses becomes ''."""
    text = shown(value).strip()
    if not text.lower().startswith(_SCHEMES):
        return ""
    return quote(text, safe="!#$%&'()*+,/:;=?@[]~")


def address_part(value: object) -> str:
    """A value inside a link address, percent-encoded: it can start neither a query, a path nor a host."""
    return quote(shown(value), safe="")
