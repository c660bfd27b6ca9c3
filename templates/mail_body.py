"""A lesson's blocks as MJML rows of the mail's one column, styled inline: many clients read nothing else.

Called by compiling. Colours are the interface's light tokens; their dark twins are in email/layout.mjml.j2.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from itertools import count

from markdown_it.token import Token

from templates import prose
from templates.blocks import Block, Box, Branch, Button, Picture, Placeholder, Prose
from templates.brand import SERIF
from templates.slots import Slots
from templates.syntax import attributes_of
from templates.tracing import attribute_of, class_of

MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
WIDEST = 536  # what the 600 px column leaves between its gutters
PHONE_LINE = 28  # how many letters of a table a phone of 320 px has room for beside each other
NARROWEST = 5  # how many of them a column has at least, whose words may break

_OPENING = re.compile(r"<([a-z][a-z0-9]*)((?: [a-z-]+=\"[^\"]*\")*)>")
_ADDRESS = re.compile(r" (href|src)=\"([^\"]*)\"")
_TABLE = re.compile(r"<table\b.*?</table>", re.S)
_ROW = re.compile(r"(?=<tr\b)")
_CELL = re.compile(r"<(t[hd])\b([^>]*)>(.*?)(?=</t[hd]>)", re.S)
_TAG = re.compile(r"<[^>]+>")
ABSOLUTE = re.compile(r"(?:https?|mailto|tel):|cl[0-9a-f]{8}x", re.I)


@dataclass(frozen=True, slots=True)
class Direction:
    """Which side a line starts on. Mail clients do not know logical properties, so sides are written out."""

    start: str
    end: str


LEFT_TO_RIGHT = Direction("left", "right")
RIGHT_TO_LEFT = Direction("right", "left")


class MailBody:
    """Writes blocks as MJML. `inserts` is the theme's recap and teaser, for their placeholders."""

    def __init__(
        self, slots: Slots, direction: Direction, labels: Mapping[str, str], inserts: Mapping[str, str]
    ) -> None:
        self.slots = slots
        self.direction = direction
        self.labels = labels
        self.inserts = inserts

    def rows(self, blocks: Sequence[Block]) -> str:
        return "\n".join(self._row(block) for block in blocks)

    def _row(self, block: Block) -> str:
        match block:
            case Picture(image) if self._reachable(image):
                return self._picture(image)
            case Button(tokens):
                label, href = self._button(tokens)
                css = f"btn{class_of(tokens[0])}"
                return f'<mj-button css-class="{css}" href="{escape(href)}">{escape(label)}</mj-button>'
            case Branch(condition, then, otherwise):
                slots = self.slots
                parts = [slots.between(f"{{% if {slots.condition(condition)} %}}"), self.rows(then)]
                if otherwise:
                    parts += slots.between("{% else %}"), self.rows(otherwise)
                return "\n".join([*parts, slots.between("{% endif %}")])
            case Placeholder(name):
                return self.inserts.get(name, "")
            case Box():
                return f'<mj-text css-class="tx" padding="8px 32px 24px">{self._html([block])}</mj-text>'
            case _:
                return f'<mj-text css-class="tx">{self._html([block])}</mj-text>'

    def _html(self, blocks: Sequence[Block], paragraph: str = "") -> str:
        return "".join(self._block_html(block, paragraph) for block in blocks)

    def _block_html(self, block: Block, paragraph: str) -> str:
        match block:
            case Prose(tokens):
                return self._styled(prose.render(tokens, self.slots), paragraph)
            case Picture(image):
                return self._styled(f"<p>{prose.render([image], self.slots)}</p>", paragraph)
            case Button(tokens):
                return self._button_html(*self._button(tokens), attribute_of(tokens[0]))
            case Box(kind, attributes, inside):
                return self._box(kind, attributes, inside)
            case Branch(condition, then, otherwise):
                other = self.slots.otherwise() + self._html(otherwise, paragraph) if otherwise else ""
                then_html = self._html(then, paragraph)
                return self.slots.opening(condition) + then_html + other + self.slots.closing()
            case Placeholder():
                return ""

    def _picture(self, image: Token) -> str:
        alt = prose.words(image.children, self.slots)
        given = attributes_of(image).get("width", "")
        width = min(int(given), WIDEST) if given.isdecimal() and int(given) else WIDEST
        src = prose.address(image, "src", self.slots)
        return (
            f'<mj-image css-class="tx{class_of(image)}" align="{self.direction.start}" width="{width}px"'
            f' font-size="15px" src="{escape(src)}" alt="{escape(alt)}" />'
        )

    def _reachable(self, image: Token) -> bool:
        return ABSOLUTE.match(prose.address(image, "src", self.slots)) is not None

    def _button(self, tokens: Sequence[Token]) -> tuple[str, str]:
        return prose.words(tokens, self.slots), prose.address(tokens[0], "href", self.slots)

    def _button_html(self, label: str, href: str, line: str) -> str:
        return (
            '<table role="presentation" cellpadding="0" cellspacing="0" style="margin:0 0 16px"><tr>'
            '<td class="btn-td" bgcolor="#17604f" style="background:#17604f;border-radius:8px">'
            f'<a class="btn-a"{line} href="{escape(href)}" style="{_BUTTON}">{escape(label)}</a>'
            "</td></tr></table>"
        )

    def _box(self, kind: str, attributes: Mapping[str, str], inside: Sequence[Block]) -> str:
        start = self.direction.start
        label = self.labels.get(kind, "")
        head = f'<p class="key" style="{_LABEL}">{escape(label)}</p>' if label else ""
        if kind == "takeaway":
            cell = (
                f"background:#e4f1ec;border-{start}:4px solid #17604f;border-radius:4px;padding:18px 20px 6px"
            )
            return _boxed("keybox", ' bgcolor="#e4f1ec"', cell, head + self._html(inside, _VOICE))
        if kind == "quote":
            said = prose.credit(attributes)
            by = f'<p class="mut" style="{_SMALL}">{escape(said)}</p>' if said else ""
            cell = f"border-{start}:4px solid #8fbfae;padding:2px 20px 0"
            return _boxed("quotebox", "", cell, self._html(inside, _VOICE) + by)
        cell = "border:1px solid #d5d8d2;border-radius:8px;padding:14px 20px 2px"
        return _boxed("notebox mut", "", cell, self._html(inside, _SMALL))

    def _styled(self, html: str, paragraph: str) -> str:
        """Clean HTML with its styles inline and addresses that a mail can reach."""
        html = html.replace("<pre><code", f'<pre style="{_PRE}"><code style="{_PRE_CODE}"')
        html = _TABLE.sub(_fitted, html)
        html = _OPENING.sub(lambda m: self._style_tag(m, paragraph), html)
        return _ENDING.sub(lambda m: f"</{_RENAMED[m[1]]}>", html)

    def _style_tag(self, match: re.Match[str], paragraph: str) -> str:
        tag, attributes = match[1], match[2]
        if " style=" in attributes:
            return match[0]
        for name, url in _ADDRESS.findall(attributes):
            if not ABSOLUTE.match(url):
                if tag == "img":
                    return re.sub(r'.* alt="([^"]*)".*', r"\1", attributes)
                attributes = attributes.replace(f' {name}="{url}"', "")
        if tag in _RENAMED:
            # The dark theme knows it by its class.
            attributes += ' class="aside"' if tag == "aside" and " class=" not in attributes else ""
            return f'<{_RENAMED[tag]}{attributes} style="{self._styles(tag, "")}">'
        if tag == "img" and " alt=" not in attributes:
            attributes += ' alt=""'
        if tag == "table":
            attributes += ' cellpadding="0" cellspacing="0"'
        if tag in ("th", "td") and " align=" not in attributes:
            attributes += f' align="{self.direction.start}"'
        style = paragraph if paragraph and tag in ("p", "li") else self._styles(tag, attributes)
        return f"<{tag}{attributes}" + (f' style="{style}">' if style else ">")

    def _styles(self, tag: str, attributes: str) -> str:
        start, end = self.direction.start, self.direction.end
        if tag == "a" and 'class="button"' in attributes:
            return "color:#17604f;font-weight:700;text-decoration:underline"
        style = _STYLES.get(tag, "").replace("START", start).replace("END", end)
        if 'class="cell' in attributes:
            # The compiler lets all text break anywhere.
            style += ";word-break:normal" if "whole" in attributes else ";overflow-wrap:anywhere"
        return style


# A mail has one h1, its title; and not every client knows the newer elements.
_RENAMED = {"h1": "h2", "aside": "div", "figure": "div", "figcaption": "div"}
_ENDING = re.compile(f"</({'|'.join(_RENAMED)})>")
_LABEL = "margin:0 0 4px;color:#17604f;font-size:14px;line-height:1.5;font-weight:700"
_SMALL = "margin:0 0 12px;color:#4f5c58;font-size:14px;line-height:1.55"
_VOICE = f"margin:0 0 12px;font-family:{SERIF};font-size:20px;line-height:1.45"
_BUTTON = (
    "display:inline-block;padding:14px 24px;color:#ffffff;font-size:16px;font-weight:700;line-height:1.2;"
    "text-decoration:none"
)
_PRE = (
    "margin:0 0 16px;padding:14px 16px;background:#f3f1ec;border-radius:6px;direction:ltr;text-align:left;"
    f"font-family:{MONO};font-size:14px;line-height:1.5;white-space:pre-wrap;word-break:break-word;"
    "overflow-wrap:anywhere"
)
_PRE_CODE = f"font-family:{MONO}"
_HEADING = f"font-family:{SERIF};line-height:1.3;font-weight:700"
_CELL_STYLE = "padding:8px 0;padding-END:14px"
_STYLES = {
    "p": "margin:0 0 16px",
    "h1": f"margin:28px 0 8px;font-size:21px;{_HEADING}",
    "h2": f"margin:28px 0 8px;font-size:21px;{_HEADING}",
    "h3": f"margin:24px 0 8px;font-size:18px;{_HEADING}",
    "h4": "margin:20px 0 6px;font-size:17px;line-height:1.4;font-weight:700",
    "h5": "margin:20px 0 6px;font-size:15px;line-height:1.4;font-weight:700",
    "h6": "margin:20px 0 6px;font-size:15px;line-height:1.4;font-weight:700",
    "ul": "margin:0 0 16px;padding-START:22px;padding-END:0",
    "ol": "margin:0 0 16px;padding-START:26px;padding-END:0",
    "li": "margin:0 0 8px",
    "dl": "margin:0 0 16px",
    "dt": "font-weight:700",
    "dd": "margin:0 0 8px;padding-START:22px",
    "blockquote": "margin:0 0 16px;padding:2px 0 0;padding-START:18px;border-START:3px solid #d5d8d2;"
    "color:#4f5c58",
    "pre": _PRE,
    "code": f"font-family:{MONO};font-size:15px;background:#f3f1ec;border-radius:3px;padding:1px 4px;"
    "overflow-wrap:anywhere",
    "hr": "margin:28px 0;border:0;border-top:1px solid #d5d8d2",
    "a": "color:#17604f;text-decoration:underline;overflow-wrap:anywhere",
    "img": "max-width:100%;height:auto;border:0",
    "table": "width:100%;margin:0 0 20px;border-collapse:collapse;font-size:15px;line-height:1.5",
    "th": f"{_CELL_STYLE};border-bottom:2px solid #d5d8d2;font-weight:700;vertical-align:bottom",
    "td": f"{_CELL_STYLE};border-bottom:1px solid #e3e2dc;vertical-align:top",
    "aside": "margin:0 0 16px;padding:14px 18px 1px;background:#e4f1ec;border-START:4px solid #17604f",
    "figure": "margin:0 0 16px",
    "figcaption": "margin:-8px 0 16px;color:#4f5c58;font-size:14px;line-height:1.55",
}


def _boxed(css_class: str, attributes: str, style: str, html: str) -> str:
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"'
        ' style="border-collapse:separate"><tr>'
        f'<td class="{css_class}"{attributes} style="{style}">{html}</td></tr></table>'
    )


def _fitted(table: re.Match[str]) -> str:
    """A table whose cells say by class whether their words stay whole; see _whole."""
    rows = _ROW.split(table[0])
    longest: dict[int, int] = {}
    for row in rows:
        for column, cell in enumerate(_CELL.finditer(row)):
            words = unescape(_TAG.sub("", cell[3])).split()
            longest[column] = max([longest.get(column, 0), *map(len, words)])
    whole = _whole(longest)
    return "".join(_marked(row, whole) for row in rows)


def _whole(longest: Mapping[int, int]) -> set[int]:
    """The columns that keep their words, given each one's longest: the shortest, while there is room.

    What breaks is then a long word or an address, and not the number or the "yes" beside it.
    """
    room, whole = PHONE_LINE, set[int]()
    others = len(longest)
    for column, length in sorted(longest.items(), key=lambda item: item[1]):
        others -= 1
        if length + others * NARROWEST > room:
            break
        room -= length
        whole.add(column)
    return whole


def _marked(row: str, whole: set[int]) -> str:
    columns = count()

    def mark(cell: re.Match[str]) -> str:
        css_class = "cell whole" if next(columns) in whole else "cell"
        return f'<{cell[1]}{cell[2]} class="{css_class}">{cell[3]}'

    return _CELL.sub(mark, row)
