"""MJML: mend what the compiler would get wrong, compile, and inline styles where the author asked for it.

The compiler is mrml (package mjml-python); every measured trap is named where it is mended. Checking an
author's MJML with line numbers is mjml_check's part and comes before.
"""

import re

from courseletter.errors import InvalidInput

LARGEST = 512 * 1024
DEEPEST = 200
TOO_DEEP = f"The lesson nests tags more than {DEEPEST} deep."

# A comment without an end goes to the end: to look for it from each "<!--" again takes quadratic time.
TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([A-Za-z][\w:-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.S)
_ATTRIBUTE = re.compile(r"([\w:@.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.S)
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);")
_INLINE_STYLE = re.compile(
    r"<mj-style\b[^<>]*\binline\s*=\s*[\"']inline[\"'][^<>]*>(.*?)</mj-style\s*>", re.S
)
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)


def compile(mjml: str) -> str:
    """MJML as HTML. Raises InvalidInput when it cannot be compiled."""
    from mjml import mjml2html

    _bounded(mjml)
    css = "\n".join(_INLINE_STYLE.findall(mjml))
    try:
        # Without fonts={} a font stack that names Roboto makes the mail fetch it from a stranger.
        html = mjml2html(mended(_INLINE_STYLE.sub("", mjml)), fonts={})
    except ValueError as error:
        raise InvalidInput(f"The MJML cannot be compiled: {error}. Check it for unclosed tags.") from None
    return _inlined(html, css) if css else html


def mended(mjml: str) -> str:
    """The same MJML with attribute values that mrml passes on unharmed."""
    return TAG.sub(_mend_tag, mjml)


def _mend_tag(match: re.Match[str]) -> str:
    closing, name, rest = match[1], match[2], match[3]
    if name is None or closing:
        return match[0]
    attributes = _ATTRIBUTE.sub(lambda m: f'{m[1]}="{_mend_value(m[1], m[2] or m[3] or "")}"', rest)
    if name == "mj-image" and not re.search(r"\salt\s*=", rest):
        slash = "/" if attributes.rstrip().endswith("/") else ""
        attributes = f'{attributes.rstrip().rstrip("/")} alt=""{slash}'
    return f"<{name}{attributes}>"


def _mend_value(name: str, value: str) -> str:
    if name == "mj-class":
        # mrml lets the first class win, MJML the last.
        value = " ".join(reversed(value.split()))
    if re.search(r"(?:\A|-)padding", name):
        # mrml takes a shorthand with a bare 0 for no padding at all.
        value = re.sub(r"(?<![\w.#-])0(?![\w.%])", "0px", value)
    return encoded(value)


def encoded(value: str) -> str:
    """An attribute value as ASCII with entities: mrml writes anything else in Rust's debug form."""
    value = re.sub(r"[\r\n\t]+", " ", value)
    out: list[str] = []
    at = 0
    for entity in _ENTITY.finditer(value):
        out += _entities(value[at : entity.start()]), entity[0]
        at = entity.end()
    return "".join([*out, _entities(value[at:])])


def _entities(text: str) -> str:
    return "".join(
        char if 31 < ord(char) < 127 and char not in '"\\<>&' else f"&#{ord(char)};" for char in text
    )


def _bounded(mjml: str) -> None:
    """Refuse what would crash the compiler: about 10,000 nested tags end the process."""
    if len(mjml.encode()) > LARGEST:
        raise InvalidInput(f"The lesson is over {LARGEST // 1024} KB of MJML. Split it into two.")
    if too_deep(mjml) is not None:
        raise InvalidInput(f"{TOO_DEEP} Flatten its lists and quotes.")


def too_deep(mjml: str) -> int | None:
    """The line in which tags come to stand in more than DEEPEST others; None: nowhere."""
    depth = 0
    for match in TAG.finditer(mjml):
        if match[2] is None or match[3].endswith("/") or match[2].lower() in _VOID:
            continue
        depth += -1 if match[1] else 1
        if depth > DEEPEST:
            return mjml.count("\n", 0, match.start()) + 1
    return None


def _inlined(html: str, css: str) -> str:
    import css_inline

    # By default css-inline fetches stylesheets that the page names.
    inliner = css_inline.CSSInliner(
        inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, extra_css=css
    )
    return inliner.inline(html)
