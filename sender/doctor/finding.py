"""What the doctor says about one thing it looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    GOOD = "good"
    WARN = "warn"  # mail arrives, but fewer providers believe it
    BAD = "bad"  # providers refuse or hide such mail
    UNKNOWN = "unknown"  # nobody answered: look again later


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and, where it is not well, what to do."""

    about: str
    level: Level
    said: str
    mend: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (f"{self.about}: {self.said}", self.mend)))


def good(about: str, said: str) -> Finding:
    return Finding(about, Level.GOOD, said)


def warn(about: str, said: str, mend: str) -> Finding:
    return Finding(about, Level.WARN, said, mend)


def bad(about: str, said: str, mend: str) -> Finding:
    return Finding(about, Level.BAD, said, mend)


def unanswered(about: str, said: str, mend: str) -> Finding:
    return Finding(about, Level.UNKNOWN, said, mend)
