"""The browser's parser and the server's read every lesson alike: the same tokens, line by line."""

from typing import Any

from editor_core import corpus, nonsense, run, specification
from markdown_it.token import Token

from templates.syntax import attributes_of, field_of, parse


def plain(token: Token) -> dict[str, Any]:
    return {
        "type": token.type,
        "level": token.level,
        "map": None if token.type == "inline" else token.map,  # of a cell, one of the two has none
        "content": token.content,
        "info": "" if token.type == "text" else token.info,  # traces of escapes
        "attrs": {key: str(value) for key, value in token.attrs.items()},
        "meta": meta(token),
        "children": [plain(child) for child in token.children or []],
    }


def meta(token: Token) -> dict[str, Any]:
    if token.type == "merge_field":
        field = field_of(token)
        return {"path": field.path, "fallback": field.fallback}
    if "condition" in token.meta:
        return {"condition": token.meta["condition"]}
    if token.type.startswith("directive_") or "attributes" in token.meta:
        return {"attributes": attributes_of(token)}
    return {}


def agree(bodies: list[str]) -> None:
    for body, theirs in zip(bodies, run("tokens", bodies), strict=True):
        assert theirs == [plain(token) for token in parse(body)], body


def test_they_agree_on_every_lesson_there_is() -> None:
    agree(list(corpus()))


def test_they_agree_on_the_examples_of_commonmark() -> None:
    agree(list(specification()))


def test_they_agree_on_what_nobody_would_write() -> None:
    agree(list(nonsense()))
