"""Merge fields: `{{ subscriber.first_name | default('friend') }}`, all that a Markdown lesson may ask for.

Read by the dialect, turned into stage-2 Jinja2 by compiling. Grammar: docs/lesson-format.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

NAMES = r"(?:subscriber|lesson|course|sender|links)(?:\.[a-z][a-z0-9_]*)+"
PATH = re.compile(NAMES)
FIELD = re.compile(
    rf"\{{\{{ *({NAMES}) *"
    r"(?:\| *default\((?:'([^'\\\n{}]*)'|\"([^\"\\\n{}]*)\")\) *)?\}\}"
)
ADDRESS_FIELD = re.compile(rf"\{{\{{ *({NAMES}) *\}}\}}")
_PIECE = re.compile(rf"\\\{{\{{|{FIELD.pattern}|\{{\{{")

# What every lesson is rendered with. A subscriber's own fields come on top: only publishing knows those.
FIXED = {
    "lesson": frozenset({"number", "total", "title", "minutes", "next_when"}),
    "course": frozenset({"title", "total"}),
    "sender": frozenset({"name", "address"}),
    "links": frozenset({"web", "previous", "next_now", "pause", "preferences", "unsubscribe"}),
}
SUBSCRIBER = frozenset({"first_name", "last_name", "email", "joined"})


@dataclass(frozen=True, slots=True)
class MergeField:
    """One field of the recipient's context; the fallback stands in where it is missing or empty."""

    path: str
    fallback: str | None = None

    @classmethod
    def of(cls, match: re.Match[str]) -> "MergeField":
        """From a match of FIELD."""
        return cls(match[1], match[2] if match[2] is not None else match[3])

    @property
    def unknown(self) -> str | None:
        """Why no context can ever hold this field, or None. Subscribers' own fields count as known."""
        group, _, name = self.path.partition(".")
        if group == "subscriber" or name in FIXED[group]:
            return None
        return f"There is no {self.path}; {group} has {', '.join(sorted(FIXED[group]))}."

    def expression(self) -> str:
        """The Jinja2 expression of stage 2. Subscripts, not attributes: a field may be called `items`."""
        value = f"{subscripts(self.path)} | shown"
        return f"{value} or {literal(self.fallback)}" if self.fallback else value


def subscripts(path: str) -> str:
    """`subscriber.city` as `subscriber["city"]`."""
    group, *names = path.split(".")
    return group + "".join(f'["{name}"]' for name in names)


def literal(text: str) -> str:
    """A Jinja2 string literal that means exactly this text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def parts(text: str) -> list[str | MergeField]:
    """A one-line text (title, subject, preheader) cut at its merge fields; `\\{{` is a literal `{{`."""
    found: list[str | MergeField] = []
    at = 0
    for match in _PIECE.finditer(text):
        found.append(text[at : match.start()])
        found.append(MergeField.of(match) if match[1] else "{{")
        at = match.end()
    found.append(text[at:])
    return [part for part in found if part]


def without_recipient(text: str) -> str:
    """A one-line text as it reads for nobody in particular: each field as its fallback."""
    return "".join(part if isinstance(part, str) else part.fallback or "" for part in parts(text))


def broken(text: str) -> list[str]:
    """What is wrong with the merge fields of a one-line text, each with its mend."""
    wrong = []
    for match in _PIECE.finditer(text):
        if match[0] == "{{":
            wrong.append(not_a_field(text[match.start() :]))
        elif match[1] and (unknown := MergeField.of(match).unknown):
            wrong.append(unknown)
    return wrong


def not_a_field(found: str) -> str:
    """The message for a `{{` that begins no merge field."""
    end = found.find("}}")
    shown = found[: end + 2] if 0 <= end < 60 else found[:40].split("\n")[0]
    return (
        f"“{shown}” is not a merge field. Write {{{{ subscriber.first_name | default('friend') }}}}, "
        r"or \{{ for the braces themselves."
    )


def lookup(context: Mapping[str, object], path: str) -> object:
    """The value at a path of plain mappings, None when any step is missing."""
    value: object = context
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def shown(value: object) -> str:
    """A context value as readers see it. Missing and blank are '', so that a fallback can stand in."""
    if type(value) is str:
        return "" if value.isspace() else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value)
    return shown(str(value))


def present(value: object) -> bool:
    """Whether a condition `subscriber.plan` holds: something is there and it is not false."""
    return value is not False and shown(value) != ""
