"""What every XML source must pass before a parser sees it: no entities of its own, so nothing to expand or
fetch."""

from __future__ import annotations

import re

from courseletter.errors import InvalidInput

_ROOT = re.compile(rb"<[A-Za-z_]")


def refuse_entities(data: bytes, name: str) -> None:
    """Raise InvalidInput where the XML in `data` (UTF-8) declares entities: "billion laughs", external
    files."""
    root = _ROOT.search(data)
    prolog = data[: root.start()] if root else data
    # An entity's value may hold a tag, so its declaration stands before the first one.
    if b"<!ENTITY" in prolog or re.search(rb"<!DOCTYPE[^>]*\[[^\]]*%", prolog):
        raise InvalidInput(
            f"{name} declares XML entities, which are refused as unsafe: export it again without them."
        )
