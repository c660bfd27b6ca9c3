"""How a mail looks: the cascade of its styles over the elements, in a light or a dark client.

CSS Cascade 4 as far as the checks ask: a client's own styles, attributes, style sheets by specificity, inline
styles, !important; then inheritance. Outlook's and Gmail's own inversions of colours are not foretold.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

from cssselect2 import ElementWrapper
from lxml.html import HtmlElement

from campaigns.checking.colour import WHITE, Colour, parse
from campaigns.checking.declarations import PICTURE, Declared, Length, inline
from campaigns.checking.stylesheet import Rule, matcher

Scheme = Literal["light", "dark"]

# What a dark client paints behind a mail that says it knows dark schemes (measured: Apple Mail, Chromium).
_DARK_CANVAS = Colour(0x12 / 255, 0x12 / 255, 0x12 / 255)
_EM = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h5": 0.83, "h6": 0.67, "small": 5 / 6, "sub": 5 / 6, "sup": 5 / 6}
_BOLD = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "th"))
_HIDDEN = frozenset(("head", "style", "script", "title", "template", "noscript"))
_LINK = {"light": Colour(0, 0, 0xEE / 255), "dark": Colour(0x9E / 255, 0x9E / 255, 1)}


class Style(NamedTuple):
    """What the cascade says of one element. `ground` is None where a picture lies behind."""

    colour: Colour
    ground: Colour | None
    size: float  # px
    weight: int
    line_height: float  # px
    shown: bool
    filled: bool  # it has a background of its own
    block: bool  # displayed as a box
    padding: tuple[float, float, float, float]  # px; top, right, bottom, left


def sheets(root: HtmlElement) -> tuple[tuple[str, str], ...]:
    """(media, css) of each <style>."""
    found = cast("list[HtmlElement]", root.xpath("//style"))
    return tuple((style.get("media", ""), style.text or "") for style in found)


def ruled(root: HtmlElement) -> dict[HtmlElement, list[Rule]]:
    """The rules that meet each element, the weakest first, in the order of the document."""
    match = matcher(sheets(root)).match
    return {
        wrapper.etree_element: [rule for *_, rule in match(wrapper)]
        for wrapper in ElementWrapper.from_html_root(root).iter_subtree()
    }


def computed(
    root: HtmlElement, rules: Mapping[HtmlElement, list[Rule]], scheme: Scheme
) -> dict[HtmlElement, Style]:
    """The style of every element in a client of this scheme."""
    canvas = _canvas(root, scheme)
    found: dict[HtmlElement, Style] = {}
    for element, met in rules.items():
        sheet = [one for rule in met if rule.scheme in ("", scheme) for one in rule.declarations]
        parent = found.get(element.getparent(), canvas)
        found[element] = _style(element, _cascaded(element, sheet), parent, scheme)
    return found


def _canvas(root: HtmlElement, scheme: Scheme) -> Style:
    """What lies behind a mail."""
    text, ground = Colour(0, 0, 0), WHITE
    if scheme == "dark" and _knows_dark(root):
        text, ground = WHITE, _DARK_CANVAS
    return Style(text, ground, 16, 400, 19.2, True, False, True, (0, 0, 0, 0))


def _knows_dark(root: HtmlElement) -> bool:
    said = cast("list[str]", root.xpath("//meta[@name='color-scheme']/@content"))
    return any("dark" in one for one in said)


def _cascaded(element: HtmlElement, sheet: Sequence[Declared]) -> dict[str, Any]:
    """The winning values of an element, by name."""
    own = inline(element.get("style", ""))
    order = (
        *(one for one in sheet if not one.important),
        *(one for one in own if not one.important),
        *(one for one in sheet if one.important),
        *(one for one in own if one.important),
    )
    return {**dict(_presented(element)), **{one.name: one.value for one in order}}


def _presented(element: HtmlElement) -> Iterator[tuple[str, Any]]:
    """What attributes and the client's own style sheet say."""
    tag = element.tag
    if tag in _EM:
        yield "font-size", Length(_EM[tag], "em")
    if tag in _BOLD:
        yield "font-weight", 700
    if tag in _HIDDEN or element.get("hidden") is not None:
        yield "display", "none"
    if (said := element.get("bgcolor")) and (ground := parse(said)):
        yield "background", ground
    if tag == "font" and (said := element.get("color")) and (colour := parse(said)):
        yield "color", colour
    if element.get("background"):
        yield "background", PICTURE


def _style(element: HtmlElement, said: Mapping[str, Any], parent: Style, scheme: Scheme) -> Style:
    size = said["font-size"].px(parent.size) if "font-size" in said else parent.size
    filled = said.get("background") is not None
    ground = _ground(said.get("background"), parent.ground)
    colour = said.get("color")
    if colour is None:
        colour = _LINK[scheme] if element.tag == "a" and element.get("href") else parent.colour
    display = said.get("display", "")
    hidden = display == "none" or said.get("visibility") == "hidden" or said.get("max-height") in ("0", "0px")
    factor = parent.line_height / parent.size if parent.size else 1.2
    return Style(
        colour=colour,
        ground=ground,
        size=size,
        weight=said.get("font-weight", parent.weight),
        line_height=said["line-height"].px(size) if "line-height" in said else factor * size,
        shown=parent.shown and not hidden,
        filled=filled,
        block=display in ("block", "inline-block"),
        padding=_padding(said, size),
    )


def _padding(said: Mapping[str, Any], size: float) -> tuple[float, float, float, float]:
    def side(name: str) -> float:
        length = said.get(f"padding-{name}")
        return length.px(size) if length is not None else 0.0

    return side("top"), side("right"), side("bottom"), side("left")


def _ground(said: Any, below: Colour | None) -> Colour | None:
    """The opaque colour behind an element's text; None where a picture lies there."""
    if said == PICTURE:
        return None
    if said is None or below is None:
        return said if said is not None and said.alpha == 1 else below
    return cast("Colour", said).over(below)
