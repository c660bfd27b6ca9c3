"""The front matter of a lesson's file: flat YAML, one line a key, all values text; rewritten by the line."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from courseletter.errors import InvalidInput

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)(\n?)", re.S | re.M)
_LARGEST = 64 * 1024
KEYS = ("id", "kind", "title", "subject", "preheader", "gap", "only_if", "recap", "teaser", "source")
# What a YAML reader takes for a line break, or refuses, even between quotes.
_UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a key and its value stand: lines from 0, the value's columns, whether it is on one line."""

    key: str
    value: str
    first: int
    last: int
    start: int
    end: int


class FrontMatter:
    """The lines between the two `---`, understood but not reformatted."""

    def __init__(self, source: str, file: str) -> None:
        """Raises InvalidInput naming the line of the file."""
        self.lines = source.split("\n")[:-1]
        self.entries = {entry.key: entry for entry in _entries(source, file)}

    def values(self) -> dict[str, str]:
        return {key: entry.value for key, entry in self.entries.items()}

    def changed(self, head: Mapping[str, str]) -> str:
        """The lines with these values: only lines whose value changed differ, unknown keys stay."""
        out: list[str] = []
        at = 0
        for entry in self.entries.values():
            out += self.lines[at : entry.first]
            out += self._lines_of(entry, head)
            at = entry.last + 1
        out += self.lines[at:]
        new = {key: value for key, value in head.items() if key not in self.entries}
        added = [f"{key}: {scalar(key, new[key])}" for key in sorted(new, key=_rank)]
        if added and added[0].startswith("id: "):
            out = [added.pop(0), *out]
        return "".join(f"{line}\n" for line in [*out, *added])

    def _lines_of(self, entry: _Entry, head: Mapping[str, str]) -> list[str]:
        lines = self.lines[entry.first : entry.last + 1]
        if entry.key not in head:
            return [] if entry.key in KEYS else lines
        value = head[entry.key]
        if value == entry.value:
            return lines
        if entry.first != entry.last:
            return [f"{entry.key}: {scalar(entry.key, value)}"]
        before, after = lines[0][: entry.start], lines[0][entry.end :]
        if entry.start == entry.end:
            before = f"{before.rstrip()} "
        return [f"{before}{scalar(entry.key, value)}{after}"]


def split(text: str, file: str) -> tuple[FrontMatter, str, bool]:
    """A file's front matter, its body, and whether an empty line stands between the two."""
    match = _FRONT.match(text)
    if not match:
        if text.startswith("---\n"):
            raise InvalidInput(f"{file}, line 1: the front matter has no end. Close it with a line ---.")
        return FrontMatter("", file), text, True
    return FrontMatter(match[1], file), text[match.end() :], bool(match[2])


def scalar(key: str, value: str) -> str:
    """A value as YAML on one line: plain where every reader gets the same text, else quoted."""
    plain = f"{key}: {value}\n"
    try:
        read = yaml.load(plain, yaml.BaseLoader)  # noqa: S506 - it makes texts, lists and dicts only
        safe = read == {key: value} and value[:1] not in "\"'" and not _UNPRINTABLE.search(value)
    except yaml.YAMLError:
        safe = False
    if safe and value:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _rank(key: str) -> tuple[int, str]:
    return (KEYS.index(key), "") if key in KEYS else (len(KEYS), key)


def _entries(source: str, file: str) -> list[_Entry]:
    if len(source) > _LARGEST:
        raise InvalidInput(
            f"{file}: the front matter is over {_LARGEST // 1024} KB. Move text into the body."
        )
    try:
        node = yaml.compose(source, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _wrong(file, mark.line if mark else 0, f"{error.problem or 'it cannot be read'}. "
                     'Put the value into double quotes: title: "…"') from None  # fmt: skip
    except yaml.YAMLError:
        raise _wrong(file, 0, "it holds characters that YAML does not know. Take them out.") from None
    except RecursionError:
        raise _wrong(file, 0, "it is nested too deep. Write one line a key.") from None
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(
            file, node.start_mark.line, "a line holds no key. Write lines such as title: Start small."
        )
    found: dict[str, _Entry] = {}
    for key, value in node.value:
        entry = _entry(key, value, file)
        if entry.key in found:
            raise _wrong(file, entry.first, f"“{entry.key}” stands there a second time. Keep one.")
        found[entry.key] = entry
    return list(found.values())


def _entry(key: yaml.Node, value: yaml.Node, file: str) -> _Entry:
    line = key.start_mark.line
    if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
        raise _wrong(
            file, line, 'lists and nested values are not supported. Write the value as one text, key: "…"'
        )
    end = value.end_mark
    # A block scalar ends at the start of the line after it.
    last = end.line - 1 if end.column == 0 and end.line > line else end.line
    return _Entry(key.value, value.value, line, last, value.start_mark.column, end.column)


def _wrong(file: str, line: int, message: str) -> InvalidInput:
    # Counted from 1, and the opening --- is the file's first line.
    return InvalidInput(f"{file}, line {line + 2}: {message}")
