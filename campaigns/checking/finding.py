"""One finding of the checks: what is so, what it does, what to do, and where."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Severity(StrEnum):
    """BLOCKING stops publishing; a WARNING costs readers; a HINT could be better."""

    BLOCKING = "blocking"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Finding:
    """`line` counts from 1 in the lesson's text; None where the finding is of no one line.

    `part` is what of the lesson has it: title, subject, preheader, only_if or body; or, of the course, course
    for its settings and lessons for its row of them. `lesson` is the id and `title` the title of the lesson,
    '' for the course.
    """

    code: str  # of points.POINTS
    severity: Severity
    message: str
    mend: str
    line: int | None = None
    part: str = "body"
    lesson: str = ""
    title: str = ""

    @property
    def place(self) -> str:
        """Where it is, as a sentence begins: “Start small”, line 3 of its text."""
        if not self.title:
            return ""
        where = f", line {self.line} of its text" if self.line is not None else ""
        return f"“{' '.join(self.title.split())}”{where}"

    @property
    def sentence(self) -> str:
        place = self.place
        return f"{place}: {self.message} {self.mend}" if place else f"{self.message} {self.mend}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        return cls(**{**values, "severity": Severity(values["severity"])})


def blocking(code: str, message: str, mend: str, line: int | None = None, part: str = "body") -> Finding:
    return Finding(code, Severity.BLOCKING, message, mend, line, part)


def warning(code: str, message: str, mend: str, line: int | None = None, part: str = "body") -> Finding:
    return Finding(code, Severity.WARNING, message, mend, line, part)


def hint(code: str, message: str, mend: str, line: int | None = None, part: str = "body") -> Finding:
    return Finding(code, Severity.HINT, message, mend, line, part)


def clipped(text: str, most: int = 60) -> str:
    """A text for a message: in one line, at most so many characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
