"""A compiled lesson as one mail that shows everything: each branch of each condition, each loop once.

What is wrong in a branch is wrong for somebody. Only the size is that of the longest branches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.visitor import NodeTransformer

from templates.compiled import CompiledLesson
from templates.rendering import Template, environment
from templates.tracing import untraced

# No client, server or person is behind these: .invalid never resolves (RFC 2606).
LINKS = {
    name: f"https://letters.invalid/{name}"
    for name in ("web", "previous", "next_now", "pause", "preferences", "unsubscribe")
}
OURS = "https://letters.invalid/"
LARGE = 80 * 1024  # bytes; Gmail cuts at 102 KB


@dataclass(frozen=True, slots=True)
class Shown:
    """`html` bears the author's lines; `size` is in bytes, without them, and of the longest branches."""

    html: str
    text: str
    size: int


def show(compiled: CompiledLesson, context: dict[str, Any]) -> Shown:
    html = _render(compiled.html, context, _Everything(), html=True)
    text = _render(compiled.text, context, _Everything(), html=False)
    size = _size(html)
    if size > LARGE:
        size = _size(_render(compiled.html, context, _Longest(), html=True))
    return Shown(html, text, size)


def _size(html: str) -> int:
    return len(untraced(html).encode("utf-8", "replace"))


def _render(source: str, context: dict[str, Any], change: NodeTransformer, *, html: bool) -> str:
    made = environment(html=html)
    tree = change.visit(made.parse(source))
    try:
        return Template(made.from_string(tree)).render(context)
    except (JinjaError, ArithmeticError, TypeError, ValueError):
        # An author's own expression needs the condition or the loop that stood around it.
        return Template(made.from_string(source)).render(context)


class _Everything(NodeTransformer):
    """Takes conditions away and leaves what is in their branches."""

    def visit_If(self, node: nodes.If) -> list[nodes.Node]:  # noqa: N802 - Jinja2's name
        self.generic_visit(node)
        return self.branches([node.body, node.elif_, node.else_])

    def visit_For(self, node: nodes.For) -> list[nodes.Node]:  # noqa: N802
        self.generic_visit(node)
        item: nodes.Expr = nodes.Const("")
        if isinstance(node.target, nodes.Tuple):
            item = nodes.Tuple([nodes.Const("") for _ in node.target.items], "load")
        node.iter, node.test, node.recursive = nodes.List([item]), None, False
        after, node.else_ = node.else_, []
        return [node, *after]

    def branches(self, found: Sequence[Sequence[nodes.Node]]) -> list[nodes.Node]:
        return [node for branch in found for node in branch]


class _Longest(_Everything):
    def branches(self, found: Sequence[Sequence[nodes.Node]]) -> list[nodes.Node]:
        return list(max(found, key=lambda branch: sum(map(_length, branch))))


def _length(node: nodes.Node) -> int:
    return sum(len(data.data) for data in node.find_all(nodes.TemplateData))
