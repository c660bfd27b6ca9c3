"""Stage 1: a lesson becomes stage-2 Jinja2, once per revision. Stage 2, per recipient, is rendering.

body -> blocks -> MJML rows and plain text -> the theme (email/*.j2) -> MJML -> HTML -> slots filled with Jinja2.
The same lesson compiles to the same bytes.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from templates import mjml, plain
from templates.blocks import Block, Box, Branch, Button, Placeholder, Prose, blocks
from templates.brand import Brand
from templates.mail_body import LEFT_TO_RIGHT, RIGHT_TO_LEFT, SERIF, MailBody
from templates.slots import Slots
from templates.syntax import field_of, parse
from templates.words import runs_right_to_left, words

# Past this many lessons single segments are too thin to count on a phone.
_MOST_SEGMENTS = 16


@dataclass(frozen=True, slots=True)
class LessonSource:
    """A lesson of a revision. Lessons are numbered without the welcome, which is number 0.

    Title, subject and preheader may hold merge fields. `outline` names the lessons to come and is read for the
    welcome alone. `recap` and `teaser` are the author's own wording for this mail's boxes, '' for the made ones.
    `line_offset` is how many lines of its file stand above the body, so that errors name the author's line.
    """

    id: str
    kind: Literal["welcome", "lesson"]
    number: int
    total: int
    title: str
    subject: str
    preheader: str
    body: str
    format: Literal["markdown", "mjml"]
    minutes: int
    language: str
    course_title: str
    disclosures: tuple[str, ...] = ()
    disclaimers: tuple[str, ...] = ()
    recap_override: str = ""
    teaser_override: str = ""
    outline: tuple[str, ...] = ()
    line_offset: int = 0


@dataclass(frozen=True, slots=True)
class CompiledLesson:
    """Four stage-2 Jinja2 sources. `expert` ones hold an author's own Jinja2: rendered in a child process only."""

    name: str
    subject: str
    preheader: str
    html: str
    text: str
    expert: bool = False

    @property
    def size(self) -> int:
        """About how many bytes of HTML a recipient gets. Gmail clips over 102 KB."""
        return len(self.html.encode())

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "CompiledLesson":
        return cls(**json.loads(text))


def compile_lesson(source: LessonSource, brand: Brand) -> CompiledLesson:
    """Compile for publishing. Raises MissingAddress, or TemplateError at the first problem of the lesson."""
    brand.require_address()
    found = blocks(parse(source.body))
    slots = Slots(repr(source), repr(brand))
    theme = _Theme(slots, brand, source.language, source.course_title, source.preheader)
    html, text = (_Lesson(source, found, theme, kind).write() for kind in ("mjml", "txt"))
    return CompiledLesson(
        name=source.title,
        subject=slots.splice(slots.line(source.subject)),
        preheader=slots.splice(slots.line(source.preheader)),
        html=slots.splice(mjml.compile(html)),
        text=slots.splice(text),
    )


def compile_notice(kind: Literal["confirm"], brand: Brand, language: str) -> CompiledLesson:
    """A mail of the system itself. Its context: course {title}, links {confirm}."""
    brand.require_address()
    slots = Slots(kind, repr(brand), language)
    say = words(language)
    theme = _Theme(slots, brand, language, slots.value("course.title"), say[f"{kind}_preheader"])
    course = slots.value("course.title")
    content = {
        "title": say[f"{kind}_title"],
        "lines": [say[f"{kind}_text"].format(course=course), say[f"{kind}_press"]],
        "button": say[f"{kind}_button"],
        "note": say[f"{kind}_not"],
        "address": slots.link(f"links.{kind}"),
    }
    html, text = (theme.render(f"notice.{form}.j2", content) for form in ("mjml", "txt"))
    return CompiledLesson(
        name=kind,
        subject=slots.splice(say[f"{kind}_subject"]),
        preheader=slots.splice(say[f"{kind}_preheader"]),
        html=slots.splice(mjml.compile(html)),
        text=slots.splice(text),
    )


class _Theme:
    """Renders our own templates for one language and brand."""

    def __init__(self, slots: Slots, brand: Brand, language: str, course_title: str, preheader: str) -> None:
        self.slots = slots
        self.words = words(language)
        self.direction = RIGHT_TO_LEFT if runs_right_to_left(language) else LEFT_TO_RIGHT
        self.base: dict[str, Any] = {
            "slots": slots,
            "brand": brand,
            "language": language,
            "rtl": self.direction is RIGHT_TO_LEFT,
            "direction": "rtl" if self.direction is RIGHT_TO_LEFT else "ltr",
            "start": self.direction.start,
            "end": self.direction.end,
            "serif": Markup(SERIF),
            "course_title": course_title,
            "preheader": slots.line(preheader),
        }

    def render(self, template: str, content: Mapping[str, Any]) -> str:
        return _environment().get_template(template).render(self._context(template, content))

    def macro(self, template: str, name: str, content: Mapping[str, Any]) -> str:
        module: Any = _environment().get_template(template).make_module(self._context(template, content))
        return str(getattr(module, name)())

    def _context(self, template: str, content: Mapping[str, Any]) -> dict[str, Any]:
        say = self._markup if ".mjml" in template else self._text
        return {**self.base, "say": say, **content}

    def _markup(self, key: str, **values: object) -> Markup:
        return Markup.escape(self.words[key]).format(**values)

    def _text(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)


class _Lesson:
    """One lesson in one of its two forms, `mjml` or `txt`."""

    def __init__(self, source: LessonSource, found: Sequence[Block], theme: _Theme, form: str) -> None:
        self.source = source
        self.found = found
        self.theme = theme
        self.form = form

    def write(self) -> str:
        source, slots = self.source, self.theme.slots
        content: dict[str, Any] = {
            "title": slots.line(source.title),
            "number": source.number,
            "total": source.total,
            "minutes": source.minutes,
            "bar": _bar(source.number, source.total),
            "outline": [slots.line(title) for title in source.outline],
            "disclosures": source.disclosures,
            "disclaimers": source.disclaimers,
            "recap_override": source.recap_override,
            "teaser_override": source.teaser_override,
            "quiet": any(isinstance(block, Button) for block in _every(self.found)),
            "greets": not _greets(self.found),
            "pause_link": self._link("pause", "links.pause"),
            "pace_link": self._link("pace", "links.preferences"),
        }
        placed = {block.name for block in _every(self.found) if isinstance(block, Placeholder)}
        boxes = {
            name: self.theme.macro(f"parts.{self.form}.j2", name, content) for name in ("recap", "teaser")
        }
        content |= {f"{name}_placed": name in placed for name in boxes}
        content |= {name: self._trusted(box) for name, box in boxes.items()}
        content["body"] = self._trusted(self._body(boxes))
        return self.theme.render(f"lesson.{self.form}.j2", content)

    def _body(self, boxes: Mapping[str, str]) -> str:
        labels = {"takeaway": self.theme.words["takeaway"]}
        if self.form == "txt":
            return plain.of_blocks(self.found, self.theme.slots, labels, boxes)
        return MailBody(self.theme.slots, self.theme.direction, labels, boxes).rows(self.found)

    def _trusted(self, written: str) -> str:
        return Markup(written) if self.form == "mjml" else written  # noqa: S704 - written by us, cleaned by nh3

    def _link(self, word: str, path: str) -> str:
        label, address = self.theme.words[word], self.theme.slots.link(path)
        if self.form == "txt":
            return f"{label} ({address})"
        style = "color:#17604f;text-decoration:underline"
        return Markup('<a href="{}" style="{}">{}</a>').format(address, style, label)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("templates", "email"),
        autoescape=lambda name: name is None or ".mjml" in name,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def _bar(number: int, total: int) -> list[tuple[int, bool]]:
    """The progress bar's cells: width in percent, done or not."""
    if total <= _MOST_SEGMENTS:
        return [(100 // total, i < number) for i in range(total)]
    done = 100 * number // total
    return [(width, on) for width, on in ((done, True), (100 - done, False)) if width]


def _every(found: Sequence[Block]) -> list[Block]:
    """Blocks with those in their branches and boxes."""
    every: list[Block] = []
    for block in found:
        every.append(block)
        if isinstance(block, Branch):
            every += _every([*block.then, *block.otherwise])
        elif isinstance(block, Box):
            every += _every(block.blocks)
    return every


def _greets(found: Sequence[Block]) -> bool:
    """Whether the author greets by name in the first paragraph, so that the theme does not do it again."""
    if not found or not isinstance(found[0], Prose):
        return False
    inline = next((token for token in found[0].tokens if token.type == "inline"), None)
    fields = [
        field_of(child) for child in (inline.children if inline else None) or [] if child.meta.get("field")
    ]
    return any(field.path.endswith("_name") for field in fields)
