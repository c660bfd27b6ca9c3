"""Makes clients.json of caniemail's data: what the mail clients that we look at do not know.

`make clients` runs it. The data is that of caniemail.com, from its npm package; see CANIEMAIL-LICENSE.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CLIENTS = {
    "apple-mail/ios": "Apple Mail on iPhones",
    "apple-mail/macos": "Apple Mail on Macs",
    "gmail/desktop-webmail": "Gmail on the web",
    "gmail/ios": "Gmail on iPhones",
    "gmail/android": "Gmail on Android",
    "outlook/windows": "Outlook for Windows",
    "outlook/outlook-com": "Outlook.com",
    "yahoo/desktop-webmail": "Yahoo on the web",
}
KINDS = ("elements", "properties", "values", "functions", "units", "at_rules", "selectors", "images")

# Titles that name several things, or name them in words.
_SEVERAL = {
    "css-gap": ("properties", ("gap", "row-gap", "column-gap")),
    "css-left-right-top-bottom": ("properties", ("left", "right", "top", "bottom")),
    "css-grid-template": ("properties", ("grid-template", "grid-template-columns", "grid-template-rows")),
    "css-column-layout-properties": ("properties", ("columns", "column-count", "column-width")),
    "css-margin-inline-block": ("properties", ("margin-inline", "margin-block")),
    "css-padding-inline-block": ("properties", ("padding-inline", "padding-block")),
    "css-margin-inline-start-end": ("properties", ("margin-inline-start", "margin-inline-end")),
    "css-padding-inline-start-end": ("properties", ("padding-inline-start", "padding-inline-end")),
    "css-color-scheme": ("properties", ("color-scheme",)),
    "css-variables": ("functions", ("var",)),
    "css-modern-color": ("functions", ("lch", "oklch", "lab", "oklab")),
    "css-intrinsic-size": ("values", ("width:fit-content", "width:min-content", "width:max-content")),
    "css-pseudo-class-lang": ("selectors", (":lang",)),
    "html-svg": ("elements", ("svg",)),
}
_SHAPES = (
    ("elements", r"<([a-z]+)> element"),
    ("properties", r"([a-z-]+)(?: property| shorthand| CSS property)?"),
    ("values", r"([a-z-]+: ?[a-z-]+)"),
    ("functions", r"(?:CSS )?([a-z-]+)\(\)(?: function)?"),
    ("units", r"([a-z]+) unit"),
    ("at_rules", r"(@[a-z-]+(?: \([a-z-]+\))?)"),
    ("selectors", r"(::?[a-z-]+)(?:\(\))?"),
)


def trimmed(data: dict[str, Any]) -> dict[str, Any]:
    """Kind -> name -> the clients that lack it. What every client knows is left out."""
    found: dict[str, dict[str, list[str]]] = {kind: {} for kind in KINDS}
    for feature in data["data"]:
        lacking = [client for client in CLIENTS if _newest(feature["stats"], client).startswith("n")]
        for kind, name in _names(feature) if lacking else ():
            found[kind][name] = lacking
    return {"updated": data["last_update_date"][:10], **found}


def _names(feature: dict[str, Any]) -> Iterator[tuple[str, str]]:
    slug, title = feature["slug"], feature["title"].strip()
    if slug in _SEVERAL:
        kind, names = _SEVERAL[slug]
        yield from ((kind, name) for name in names)
    elif feature["category"] == "image":
        yield "images", slug.removeprefix("image-")
    elif feature["category"] in ("css", "html"):
        for kind, shape in _SHAPES:
            if (kind == "elements") == (feature["category"] == "html") and (
                match := re.fullmatch(shape, title)
            ):
                yield kind, match[1].replace(" ", "") if kind == "values" else match[1]
                return


def _newest(stats: dict[str, Any], client: str) -> str:
    """What the newest version that was tested does: y, n, a (in part) or u (unknown)."""
    family, _, platform = client.partition("/")
    tested = stats.get(family, {}).get(platform, {})
    return str(list(tested.values())[-1]) if tested else "u"


def main() -> None:
    made = trimmed(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    # A feature a line, so that new data is a diff that can be read.
    text = re.sub(r'(?<=[\[",])\n {6,}(?=")|\n {4}(?=\])', "", json.dumps(made, indent=2, sort_keys=True))
    (Path(__file__).parent / "clients.json").write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()
