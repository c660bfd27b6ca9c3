"""A run of text blocks as clean HTML: what readers see on the web and, styled by mail_body, in the mail.

markdown-it renders the whole run, then nh3 cleans it: an author's tags may open in one token and close in
another.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Protocol

import nh3
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from templates.blocks import words_of
from templates.merge_fields import ADDRESS_FIELD, MergeField
from templates.syntax import attributes_of, field_of
from templates.tracing import ATTRIBUTE, attribute_of

# fmt: off
TAGS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "hr",
    "br", "em", "strong", "code", "a", "img", "span", "b", "i", "u", "s", "sub", "sup", "small", "del", "ins",
    "table", "thead", "tbody", "tr", "th", "td", "div", "figure", "figcaption", "aside",
})
# fmt: on
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width"},
    "th": {"align"},
    "td": {"align"},
    "ol": {"start"},
    "*": {"dir", "lang", ATTRIBUTE},
}
CLASSES = {
    "aside": {"takeaway", "disclosure"},
    "figure": {"quote"},
    "a": {"button"},
}
SCHEMES = frozenset({"http", "https", "mailto", "tel"})


class Fill(Protocol):
    """What stands where the lesson names the recipient. All answers are plain text, not yet escaped."""

    def text(self, field: MergeField) -> str: ...

    def address(self, field: MergeField, /, whole: bool) -> str:
        """Inside a link address; `whole` when the field begins it and may so bring its scheme."""

    def opening(self, condition: str, /) -> str: ...

    def otherwise(self) -> str: ...

    def closing(self) -> str: ...


class Nobody:
    """Fills for no recipient in particular: fallbacks only. Branches are chosen before, see blocks.choose."""

    def text(self, field: MergeField) -> str:
        return field.fallback or ""

    def address(self, _field: MergeField, /, whole: bool) -> str:
        return "#" if whole else ""

    def opening(self, _condition: str, /) -> str:
        return ""

    def otherwise(self) -> str:
        return ""

    def closing(self) -> str:
        return ""


def render(tokens: Sequence[Token], fill: Fill) -> str:
    """Clean HTML of a run. Classes of our own boxes stay; scripts, styles, comments and events are gone."""
    return clean(_Renderer(fill).render(tokens, _OPTIONS, {}))


def clean(html: str) -> str:
    """Author's HTML as readers may get it."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes=_ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=set(SCHEMES),
        link_rel=None,
        strip_comments=True,
        clean_content_tags={"script", "style", "title", "template", "textarea", "svg", "math"},
    )


def words(children: Sequence[Token] | None, fill: Fill) -> str:
    """Inline content as plain words: alt texts, button labels."""
    return "".join(_word(token, fill) for token in words_of(children))


def _word(token: Token, fill: Fill) -> str:
    if token.type == "merge_field":
        return fill.text(field_of(token))
    return "\n" if token.type in ("softbreak", "hardbreak") else token.content


def address(token: Token, key: str, fill: Fill) -> str:
    """The href or src of a token with its merge fields filled."""
    url = str(token.attrGet(key) or "")
    return ADDRESS_FIELD.sub(lambda m: fill.address(MergeField(m[1]), m.start() == 0), url)


_OPTIONS = OptionsDict({
    "maxNesting": 20, "html": True, "linkify": False, "typographer": False, "quotes": "", "xhtmlOut": False,
    "breaks": False, "langPrefix": "", "highlight": None,
})  # fmt: skip


class _Renderer(RendererHTML):
    """markdown-it's own renderer with our tokens."""

    def __init__(self, fill: Fill) -> None:
        super().__init__()
        self.fill = fill
        own = {
            "merge_field": self._merge_field,
            "link_open": self._link_open,
            "image": self._image,
            "th_open": self._cell_open,
            "td_open": self._cell_open,
            "directive_open": self._directive_open,
            "directive_close": self._directive_close,
            "otherwise": lambda _token: self.fill.otherwise(),
            # Inside a list or quotation there is no room for the theme's boxes.
            "placeholder": lambda _token: "",
        }
        self.rules.update({name: _rule(write) for name, write in own.items()})

    def _merge_field(self, token: Token) -> str:
        return escape(self.fill.text(field_of(token)))

    def _link_open(self, token: Token) -> str:
        button = ' class="button"' if "button" in attributes_of(token) else ""
        href = escape(address(token, "href", self.fill))
        return f'<a href="{href}"{_title(token)}{button}{attribute_of(token)}>'

    def _image(self, token: Token) -> str:
        width = attributes_of(token).get("width", "")
        size = f' width="{int(width)}"' if width.isdecimal() else ""
        alt = escape(words(token.children, self.fill))
        src = escape(address(token, "src", self.fill))
        return f'<img src="{src}" alt="{alt}"{_title(token)}{size}{attribute_of(token)}>'

    def _cell_open(self, token: Token) -> str:
        # markdown-it writes an inline style, which no mail or policy of ours lets through.
        align = str(token.attrGet("style") or "").removeprefix("text-align:")
        side = f' align="{escape(align)}"' if align else ""
        return f"<{token.tag}{side}{attribute_of(token)}>"

    def _directive_open(self, token: Token) -> str:
        if token.info == "if":
            return self.fill.opening(token.meta["condition"])
        return QUOTE_OPEN if token.info == "quote" else f'<aside class="{token.info}">'

    def _directive_close(self, token: Token) -> str:
        if token.info == "if":
            return self.fill.closing()
        return quote_close(attributes_of(token)) if token.info == "quote" else "</aside>"


def _rule(write: Callable[[Token], str]) -> Any:  # markdown-it types its rules as bound methods
    return lambda tokens, idx, _options, _env: write(tokens[idx])


QUOTE_OPEN = '<figure class="quote"><blockquote>'


def quote_close(attributes: Mapping[str, str]) -> str:
    """The end of a quote as HTML, with who said it when the lesson tells."""
    said = credit(attributes)
    caption = f"<figcaption>{escape(said)}</figcaption>" if said else ""
    return f"</blockquote>{caption}</figure>"


def credit(attributes: Mapping[str, str]) -> str:
    """Who said a quote, and where, in one line."""
    named = [attributes[key] for key in ("by", "source") if attributes.get(key)]
    return f"— {', '.join(named)}" if named else ""


def _title(token: Token) -> str:
    title = token.attrGet("title")
    return f' title="{escape(str(title))}"' if title else ""
