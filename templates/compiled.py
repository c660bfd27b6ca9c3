"""A compiled lesson, as stage 1 leaves it to stage 2 (templates/compiling.py, templates/rendering.py)."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class CompiledLesson:
    """Four stage-2 Jinja2 sources, kept in the database with their revision.

    `name` is the title as errors show it. `needs` are the fields without a fallback, each with its line.
    `expert` lessons hold an author's own Jinja2, which only ever runs in a child process.
    """

    name: str
    subject: str
    preheader: str
    html: str
    text: str
    needs: tuple[tuple[str, int | None], ...] = ()
    expert: bool = False

    @property
    def size(self) -> int:
        """About how many bytes of HTML a recipient gets. Gmail clips over 102 KB."""
        return len(self.html.encode())

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "CompiledLesson":
        values = json.loads(text)
        values["needs"] = tuple((path, line) for path, line in values["needs"])
        return cls(**values)
