"""A source's HTML as a tree, and what its head says of it."""

from __future__ import annotations

import re
from typing import Any

_BLOCK = re.compile(r"<(?:p|div|li|td|br)\b", re.I)


def count_blocks(html: str) -> int:
    """About how many blocks of text there are, told before anything is parsed."""
    return sum(1 for _ in _BLOCK.finditer(html))


def parse(html: str) -> Any:
    """The tree of `html`, with <html> as its root; an empty one where it has no element."""
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(
        encoding="utf-8", remove_pis=True, remove_comments=True, no_network=True, huge_tree=False
    )
    data = re.sub(r"\A\s*<\?xml[^>]*\?>", "", html).encode("utf-8", "replace")
    try:
        return lxml.html.document_fromstring(data, parser=parser)
    except lxml.etree.ParserError:  # it is blank, or a comment that never ends
        return lxml.html.document_fromstring(b"<p></p>", parser=parser)


def meta(tree: Any, name: str) -> str:
    found = tree.xpath("//meta[@property=$name or @name=$name]/@content", name=name)
    return " ".join(str(found[0]).split()) if found else ""
