"""Stage 1: a lesson becomes stage-2 Jinja2, once per revision. Stage 2, per recipient, is rendering.

body -> blocks -> MJML rows and plain text -> the theme (email/*.j2) -> HTML -> slots filled with Jinja2.
The same lesson compiles to the same bytes.
"""

import dataclasses
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it.token import Token
from markupsafe import Markup

from courseletter.errors import InvalidInput
from templates import mjml, plain, sandbox
from templates.blocks import Block, Box, Branch, Button, Placeholder, Prose, blocks
from templates.brand import SERIF, Brand
from templates.compiled import CompiledLesson
from templates.errors import TemplateError
from templates.mail_body import LEFT_TO_RIGHT, RIGHT_TO_LEFT, Direction, MailBody
from templates.merge_fields import SUBSCRIBER, MergeField, parts, without_recipient
from templates.problems import in_line, problems
from templates.slots import Slots
from templates.syntax import field_of, fields, parse
from templates.tracing import trace_tokens
from templates.words import runs_right_to_left, words

# Past this many lessons single segments are too thin to count on a phone.
_MOST_SEGMENTS = 16
# Lessons that are kept compiled, some 50 KB each: those of a long course, with their lines and without.
_REMEMBERED = 256
# A title's word that may not fit a phone's line is hyphenated; shorter ones never are.
_LONG_WORD = 18


@dataclass(frozen=True, slots=True)
class LessonSource:
    """A lesson of a revision. Lessons are numbered without the welcome, which is number 0, as is an issue.

    Title, subject and preheader may hold merge fields. `outline` names the lessons to come and is read for
    the welcome alone. The overrides are the author's own wording for this mail's recap and teaser, '' for the
    made ones. `line_offset` is how many lines of its file stand above the body: errors name the file's line.
    """

    id: str
    kind: Literal["welcome", "lesson", "issue"]
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


def validate(compiled: CompiledLesson, known_fields: Container[str]) -> None:
    """Refuse to publish a lesson that asks, without a fallback, for a subscriber field that nobody has.

    `known_fields` has the names of subscribers' own fields. Raises TemplateError.
    """
    for path, line in compiled.needs:
        group, _, name = path.partition(".")
        if group == "subscriber" and name not in SUBSCRIBER and name not in known_fields:
            raise TemplateError(
                compiled.name,
                line,
                f"No subscriber has a field “{name}”. Add it, or give a fallback: "
                f"{{{{ {path} | default('…') }}}}",
            )


def compile_lesson(source: LessonSource, brand: Brand, *, traced: bool = False) -> CompiledLesson:
    """Compile for publishing. Raises MissingAddress, or TemplateError at the first problem of the lesson.

    `traced`: with the author's lines, for the checks alone (templates.tracing). The same lesson compiles to
    the same bytes, so what pages ask for again and again is remembered.
    """
    return _compiled(source, brand, traced=traced)


@lru_cache(maxsize=_REMEMBERED)
def _compiled(source: LessonSource, brand: Brand, *, traced: bool) -> CompiledLesson:
    brand.require_address()
    name = without_recipient(source.title)
    for text in (source.title, source.subject, source.preheader):
        if broken := in_line(text):
            raise TemplateError(name, None, broken[0])
    if source.format == "mjml":
        job = {"source": dataclasses.asdict(source), "brand": dataclasses.asdict(brand), "traced": traced}
        return CompiledLesson.from_json(sandbox.run(name, "templates.expert:compile_lesson", **job))
    if wrong := problems(source.body):
        raise TemplateError(name, wrong[0].line + source.line_offset, wrong[0].message)
    tokens = parse(source.body)
    if traced:
        trace_tokens(tokens)
    slots = Slots(repr(source), repr(brand))
    theme = Theme(slots, brand, source.language, source.course_title, source.preheader)
    found = blocks(tokens)
    html, text = (
        write_lesson(source, theme, form, _frame(found), partial(_body, found, theme, form))
        for form in ("mjml", "txt")
    )
    try:
        compiled = brand.dressed(mjml.compile(html))
    except InvalidInput as error:
        raise TemplateError(name, None, str(error)) from None
    return CompiledLesson(
        name=name,
        subject=slots.splice(slots.line(source.subject)),
        preheader=slots.splice(slots.line(source.preheader)),
        html=slots.splice(compiled),
        text=slots.splice(text),
        needs=_needs(source, tokens),
    )


def _needs(source: LessonSource, tokens: Sequence[Token]) -> tuple[tuple[str, int | None], ...]:
    """The fields without a fallback: those of the head first, then of the body with their lines."""
    head = [part for text in (source.title, source.subject, source.preheader) for part in parts(text)]
    needs: list[tuple[str, int | None]] = [
        (part.path, None) for part in head if isinstance(part, MergeField) and part.fallback is None
    ]
    for field, line in fields(tokens):
        if field.fallback is None:
            needs.append((field.path, line + source.line_offset))
    return tuple(needs)


@lru_cache(maxsize=32)
def compile_notice(kind: Literal["confirm", "subscribe"], brand: Brand, language: str) -> CompiledLesson:
    """The mail that asks whether it was them who want the course, or the newsletter.

    Its context: course {title}, links {confirm}.
    """
    brand.require_address()
    slots = Slots(kind, repr(brand), language)
    say = words(language)
    theme = Theme(slots, brand, language, slots.value("course.title"), say[f"{kind}_preheader"])
    course = slots.value("course.title")
    content = {
        "title": say["confirm_title"],
        "lines": [say[f"{kind}_text"].format(course=course), say[f"{kind}_press"]],
        "button": say[f"{kind}_button"],
        "note": say["confirm_not"],
        "address": slots.link("links.confirm"),
    }
    html, text = (theme.render(f"notice.{form}.j2", content) for form in ("mjml", "txt"))
    return CompiledLesson(
        name=kind,
        subject=slots.splice(say["confirm_subject"]),
        preheader=slots.splice(say[f"{kind}_preheader"]),
        html=slots.splice(brand.dressed(mjml.compile(html))),
        text=slots.splice(text),
    )


class Theme:
    """Renders our own templates for one language and brand."""

    def __init__(self, slots: Slots, brand: Brand, language: str, course_title: str, preheader: str) -> None:
        self.slots = slots
        self.words = words(language)
        self.direction = direction_of(language)
        self.base: dict[str, Any] = {
            "slots": slots,
            "brand": brand,
            "language": language,
            "rtl": self.direction is RIGHT_TO_LEFT,
            "direction": "rtl" if self.direction is RIGHT_TO_LEFT else "ltr",
            "start": self.direction.start,
            "end": self.direction.end,
            "serif": Markup(SERIF),  # noqa: S704 - a constant
            "course_title": course_title,
            "split": False,
            "preheader": slots.line(preheader),
        }

    def render(self, template: str, content: Mapping[str, Any]) -> str:
        return _environment().get_template(template).render(self._context(template, content))

    def macro(self, template: str, name: str, content: Mapping[str, Any]) -> str:
        module: Any = _environment().get_template(template).make_module(self._context(template, content))
        return str(getattr(module, name)())

    def link(self, word: str, path: str, below: str = "") -> Markup:
        """A link of fixed words, for use within a sentence of fixed words; `below`: the rest of its path."""
        label, address = self.words[word], self.slots.link(path) + below
        style = "color:#17604f;text-decoration:underline"
        return Markup('<a href="{}" style="{}">{}</a>').format(address, style, label)

    def _context(self, template: str, content: Mapping[str, Any]) -> dict[str, Any]:
        say = self._markup if ".mjml" in template else self._text
        return {**self.base, "say": say, **content}

    def _markup(self, key: str, **values: object) -> Markup:
        return Markup.escape(self.words[key]).format(**values)

    def _text(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)


def direction_of(language: str) -> Direction:
    return RIGHT_TO_LEFT if runs_right_to_left(language) else LEFT_TO_RIGHT


@dataclass(frozen=True, slots=True)
class Frame:
    """What of the theme around a body depends on that body."""

    placed: frozenset[str] = frozenset()  # recap, teaser: where the body has them itself
    greets: bool = True  # the theme says hello
    split: bool = False  # the body brings sections of its own and parts the card
    quiet: bool = False  # the body has its own button, so the theme's is drawn lighter


def write_lesson(
    source: LessonSource, theme: Theme, form: str, frame: Frame, body: Callable[[Mapping[str, str]], str]
) -> str:
    """A lesson in one of its two forms, `mjml` or `txt`; `body` is given the recap and teaser to place."""
    slots = theme.slots
    content: dict[str, Any] = {
        "title": slots.line(source.title),
        "long_word": max(map(len, source.title.split()), default=0) > _LONG_WORD,
        "number": source.number,
        "total": source.total,
        "minutes": source.minutes,
        "bar": _bar(source.number, source.total),
        "outline": [slots.line(title) for title in source.outline],
        "disclosures": source.disclosures,
        "disclaimers": source.disclaimers,
        "recap_override": source.recap_override,
        "teaser_override": source.teaser_override,
        "placed": frame.placed,
        "greets": frame.greets,
        "quiet": frame.quiet,
        "split": frame.split,
        "pause_link": theme.link("pause", "links.preferences", "/pause"),
        "pace_link": theme.link("pace", "links.preferences"),
    }
    boxes = {name: theme.macro(f"parts.{form}.j2", name, content) for name in ("recap", "teaser")}
    written = {**boxes, "body": body(boxes)}
    if form == "mjml":
        # Written by our own templates and mail_body, with the author's text escaped or cleaned there.
        written = {name: Markup(text) for name, text in written.items()}  # noqa: S704
    template = "issue" if source.kind == "issue" else "lesson"
    return theme.render(f"{template}.{form}.j2", {**content, **written})


def _body(found: Sequence[Block], theme: Theme, form: str, boxes: Mapping[str, str]) -> str:
    labels = {"takeaway": theme.words["takeaway"]}
    if form == "txt":
        return plain.of_blocks(found, theme.slots, labels, boxes)
    return MailBody(theme.slots, theme.direction, labels, boxes).rows(found)


def _frame(found: Sequence[Block]) -> Frame:
    every = _every(found)
    return Frame(
        placed=frozenset(block.name for block in every if isinstance(block, Placeholder)),
        greets=not greets(found),
        quiet=any(isinstance(block, Button) for block in every),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("templates", "email"),
        autoescape=lambda name: name is None or ".mjml" in name,  # noqa: S701 - the others are plain text
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def _bar(number: int, total: int) -> list[tuple[int, bool]]:
    """The progress bar's cells: width in percent, done or not. One percent stands between two cells."""
    if not total:
        return []
    if total <= _MOST_SEGMENTS:
        return [((101 - total) // total, i < number) for i in range(total)]
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


def greets(found: Sequence[Block]) -> bool:
    """Whether the author greets by name in the first paragraph, so that the theme does not do it again."""
    if not found or not isinstance(found[0], Prose):
        return False
    inline = next((token for token in found[0].tokens if token.type == "inline"), None)
    fields = [
        field_of(child) for child in (inline.children if inline else None) or [] if child.meta.get("field")
    ]
    return any(field.path.endswith("_name") for field in fields)
