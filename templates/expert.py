"""Expert lessons, MJML + Jinja2: check, compile and render them. Runs only in sandbox's child process.

The author's Jinja2 is cut out of the MJML into slots and comes back at stage 2; expressions in link addresses
get an address filter around them. A body of sections stands in the theme's frame; a whole <mjml> document
stands alone and must itself carry what every mail must.
"""

import json
import re
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from markupsafe import Markup, escape

from templates import mjml, plain, rendering
from templates.brand import Brand
from templates.compiled import CompiledLesson
from templates.compiling import Frame, LessonSource, Theme, write_lesson
from templates.errors import TemplateError
from templates.merge_fields import FIXED, MergeField, parts, without_recipient
from templates.mjml_check import SLOT, Element, check, comments, holds_html
from templates.sandbox import OUTPUT, TOO_BIG
from templates.slots import Slots
from templates.tracing import trace_mjml

_GROUPS = ("subscriber", *FIXED, "previous", "next")
_STATEMENTS = frozenset({"if", "elif", "else", "endif", "for", "endfor", "set"})
# fmt: off
_FILTERS = frozenset({
    "abs", "batch", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float",
    "int", "join", "last", "length", "list", "lower", "max", "min", "reject", "replace", "reverse", "round",
    "select", "slice", "sort", "string", "striptags", "sum", "title", "trim", "truncate", "unique", "upper",
    "urlencode", "wordcount",
})
# fmt: on
_ADDRESSES = ("href", "src", "background", "background-url", "action")
_HOLD_ROWS = frozenset({"mj-body", "mj-wrapper", "mj-column", "mj-hero"})


def compile_lesson(job: Mapping[str, Any]) -> str:
    """Check an expert lesson and compile it; the CompiledLesson as JSON."""
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in job["source"].items()}
    source = LessonSource(**fields)
    return _Compilation(source, Brand(**job["brand"])).compiled(traced=job["traced"]).to_json()


def render(job: Mapping[str, Any]) -> dict[str, str]:
    """One recipient's mail."""
    compiled = CompiledLesson.from_json(job["compiled"])
    rendered = rendering.whole(rendering.Here(compiled).pieces(job["context"]))
    if len(rendered.html) + len(rendered.text) > OUTPUT:
        raise TemplateError(compiled.name, None, TOO_BIG)
    return {"subject": rendered.subject, "html": rendered.html, "text": rendered.text}


class _Compilation:
    def __init__(self, source: LessonSource, brand: Brand) -> None:
        self.source = source
        self.brand = brand
        self.name = without_recipient(source.title)
        self.statements: list[tuple[str, int]] = []
        self.slots = Slots(json.dumps([repr(source), repr(brand)]))

    def compiled(self, *, traced: bool) -> CompiledLesson:
        source, slots = self.source, self.slots
        if (line := mjml.too_deep(source.body)) is not None:
            raise self._fail(line, f"{mjml.TOO_DEEP} Close them, or take some out.")
        tree = self._parsed()
        whole = source.body.lstrip().startswith("<mjml")
        body = self._with_slots()
        self._try_out()
        self._check(body if whole else f"<mjml><mj-body>{body}</mj-body></mjml>")
        body = self._rows_of_statements(body)
        body = trace_mjml(body) if traced else body
        if whole:
            self._carries_what_it_must(tree)
            html, text = mjml.compile(body), plain.of_html(mjml.compile(body))
        else:
            html, text = self._in_frame(body)
        return CompiledLesson(
            name=self.name,
            subject=slots.splice(slots.line(source.subject)),
            preheader=slots.splice(slots.line(source.preheader)),
            html=slots.splice(html),
            text=slots.splice(text),
            needs=tuple(self._needs(tree)),
            expert=True,
        )

    def _in_frame(self, body: str) -> tuple[str, str]:
        source = self.source
        theme = Theme(self.slots, self.brand, source.language, source.course_title, source.preheader)
        frame = Frame(greets=False, quiet="<mj-button" in body, split=True)
        alone = mjml.compile(f"<mjml><mj-body>{body}</mj-body></mjml>")
        text = write_lesson(source, theme, "txt", frame, lambda _: plain.of_html(alone))
        sections = theme.macro("parts.mjml.j2", "beyond", {"sections": Markup(body)})  # noqa: S704 - checked
        page = write_lesson(source, theme, "mjml", frame, lambda _: sections)
        return self.brand.dressed(mjml.compile(page)), text

    def _fail(self, line: int | None, message: str) -> TemplateError:
        return TemplateError(self.name, None if line is None else line + self.source.line_offset, message)

    def _parsed(self) -> nodes.Template:
        environment = rendering.environment(html=True)
        try:
            tree = environment.parse(self.source.body)
        except TemplateSyntaxError as error:
            raise self._fail(
                error.lineno, f"{(error.message or '').rstrip('.')}. Mend the Jinja2 there."
            ) from None
        for node in tree.find_all(nodes.Node):
            if message := _forbidden(node):
                raise self._fail(node.lineno, message)
        assigned = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
        for name in tree.find_all(nodes.Name):
            if name.ctx == "load" and name.name not in {*_GROUPS, *assigned, "loop"}:
                raise self._fail(name.lineno, f"There is no “{name.name}”. There are {', '.join(_GROUPS)}.")
        return tree

    def _try_out(self) -> None:
        """Run the author's source as it stands once: what breaks or eats the machine shows with its line."""
        template = rendering.environment(html=True).from_string(self.source.body)
        written = 0
        for piece in template.generate({group: {} for group in _GROUPS}):
            written += len(piece)
            if written > OUTPUT:
                raise self._fail(None, TOO_BIG)

    def _needs(self, tree: nodes.Template) -> Iterator[tuple[str, int | None]]:
        for text in (self.source.title, self.source.subject, self.source.preheader):
            for part in parts(text):
                if isinstance(part, MergeField) and part.fallback is None:
                    yield part.path, None
        for output in tree.find_all(nodes.Output):
            for node in output.nodes:
                if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
                    yield f"{node.node.name}.{node.attr}", node.lineno + self.source.line_offset

    def _check(self, document: str) -> None:
        if found := check(document):
            raise self._fail(found[0].line, found[0].message)

    def _carries_what_it_must(self, tree: nodes.Template) -> None:
        used = {
            f"{node.node.name}.{node.attr}"
            for node in tree.find_all(nodes.Getattr)
            if isinstance(node.node, nodes.Name)
        }
        for path, what in (("links.unsubscribe", "unsubscribe link"), ("sender.address", "postal address")):
            if path not in used:
                raise self._fail(
                    None, f"Every mail must carry the {what}. Put {{{{ {path} }}}} into its foot."
                )
        for text in (*self.source.disclosures, *self.source.disclaimers):
            if text not in self.source.body and escape(text) not in self.source.body:
                raise self._fail(None, f"The mail lacks “{text[:60]}”, word for word. Put it above the text.")

    def _with_slots(self) -> str:
        """The MJML with each Jinja2 construct as a slot, on the lines it stood on."""
        out = _Lines()
        for line, kind, code in _constructs(self.source.body):
            out.pad_to(line)
            if kind == "data":
                out.write(code)
            elif kind == "expression":
                out.write(self._expression(out, code, line))
            else:
                out.write(self._statement(out, code, line))
        return out.text

    def _expression(self, out: "_Lines", code: str, line: int) -> str:
        if not out.inside:
            return self.slots.code(f"{{{{ {code} }}}}")
        attribute = out.attribute()
        if not attribute:
            raise self._fail(
                line, f"{{{{ {code} }}}} stands in a tag outside quotes. Put it into an attribute."
            )
        name, value = attribute
        if name not in _ADDRESSES:
            return self.slots.code(f"{{{{ {code} }}}}")
        return self.slots.code(f"{{{{ ({code}) | {'address_part' if value.strip() else 'web_address'} }}}}")

    def _statement(self, out: "_Lines", code: str, line: int) -> str:
        word = code.split()[0]
        if word not in _STATEMENTS:
            raise self._fail(line, f"{{% {word} %}} does not work in a mail; if, for and set do.")
        if out.inside:
            raise self._fail(line, f"{{% {word} %}} stands inside a tag. Put it around the element.")
        self.statements.append((word, line))
        return f"<!--{self.slots.code(f'{{% {code} %}}')}-->"

    def _rows_of_statements(self, body: str) -> str:
        """Statements between components as mj-raw, which mrml keeps in place."""
        out: list[str] = []
        at = 0
        begun: list[tuple[int, tuple[Element, ...]]] = []
        statements = iter(self.statements)
        for start, end, parents in comments(body):
            if not SLOT.search(body, start, end):
                continue
            word, line = next(statements)
            if word in ("if", "for"):
                begun.append((line, parents))
            elif word != "set" and begun[-1][1] != parents:
                raise self._fail(line, _TORN.format(word=word, line=begun[-1][0]))
            if word.startswith("end"):
                begun.pop()
            within = parents[-1].name if parents else "mj-body"
            raw = not any(holds_html(parent.name) for parent in parents)
            if raw and within not in _HOLD_ROWS:
                raise self._fail(line, _NO_ROWS.format(word=word, parent=within))
            out += body[at:start], f"<mj-raw>{body[start:end]}</mj-raw>" if raw else body[start:end]
            at = end
        return "".join([*out, body[at:]])


_TORN = "{{% {word} %}} stands in another element than its beginning in line {line}. Put both in one."
_NO_ROWS = (
    "{{% {word} %}} does not work directly in <{parent}>. Put it around the section or inside the column."
)


def _forbidden(node: nodes.Node) -> str | None:
    match node:
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str(name))) if name.startswith(
            "_"
        ):
            return f"“{name}” is not allowed: no name begins with _. Use the fields of subscriber or course."
        case nodes.Filter(name=name) if name not in _FILTERS:
            return f"The filter “{name}” is not allowed. Allowed are {', '.join(sorted(_FILTERS))}."
        case nodes.Call():
            return "Calls are not allowed. Use a filter, such as | upper."
    return None


def _constructs(source: str) -> Iterator[tuple[int, str, str]]:
    """(line, data | expression | statement, text) of a template, comments dropped."""
    kinds = {"variable_begin": "expression", "block_begin": "statement"}
    kind, start, inside = "data", 1, list[str]()
    for line, part, value in rendering.environment(html=True).lexer.tokeniter(source, None):
        if part == "data":
            yield line, "data", value
        elif part in kinds:
            kind, start, inside = kinds[part], line, []
        elif part in ("variable_end", "block_end"):
            yield start, kind, "".join(inside).strip()
        elif not part.startswith(("comment", "raw", "linecomment")):
            inside.append(value)


class _Lines:
    """MJML written so that everything stays on the author's line, knowing whether it is inside a tag."""

    def __init__(self) -> None:
        self.text = ""
        self.line = 1
        self.inside = ""  # what ends the part it stands in: > of a tag, a quote in it, --> of a comment
        self._tag = 0

    def pad_to(self, line: int) -> None:
        self.write("\n" * (line - self.line))

    def write(self, text: str) -> None:
        for mark in re.finditer(r"<!--|-->|[<>\"']", text):
            self._step(mark[0], len(self.text) + mark.start())
        self.text += text
        self.line += text.count("\n")

    def attribute(self) -> tuple[str, str] | None:
        """The name of the attribute whose value is being written, and what the value begins with."""
        match = re.search(r"([\w:-]+)\s*=\s*[\"']([^\"']*)\Z", self.text[self._tag :])
        return (match[1], match[2]) if match and self.inside in ("'", '"') else None

    def _step(self, mark: str, at: int) -> None:
        if self.inside in ("'", '"'):
            self.inside = ">" if mark == self.inside else self.inside
        elif self.inside == "-->":
            self.inside = "" if mark == "-->" else self.inside
        elif self.inside == ">":
            self.inside = {">": "", "-->": "", '"': '"', "'": "'"}.get(mark, ">")
        elif mark in ("<", "<!--"):
            self.inside, self._tag = (">" if mark == "<" else "-->"), at


def line_of(error: BaseException, job: Mapping[str, Any]) -> int | None:
    """The author's line an error came from: Jinja2 rewrites tracebacks to the template's own lines.

    None at stage 2, whose source has other lines than the author's.
    """
    if "source" not in job:
        return None
    found, step = None, error.__traceback__
    while isinstance(step, TracebackType):
        if step.tb_frame.f_code.co_filename in ("<template>", "<unknown>"):
            found = step.tb_lineno
        step = step.tb_next
    return None if found is None else found + int(job["source"]["line_offset"])
