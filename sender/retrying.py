"""When a message is tried again, and for how long. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

# What becomes of a message that may have arrived: tried once more after a rest, or left to a person.
UnknownPolicy = Literal["retry_once", "hold"]
UNKNOWN_REST: Final = timedelta(minutes=30)  # before a delivery whose answer never came is tried once more

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_LADDER: Final = (5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR)
_AFTER_THE_LADDER: Final = 6 * _HOUR
_JITTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class Retrying:
    """What the settings say of messages that did not arrive, or may not have. `deadline`: after the first
    attempt, nothing more is tried.
    """

    unknown: UnknownPolicy = "retry_once"
    deadline: timedelta = timedelta(hours=48)


def next_attempt(
    attempts: int, first: datetime, now: datetime, jitter: float, deadline: timedelta
) -> datetime | None:
    """Return when to try again after `attempts` failed ones, the first at `first`; None when it has expired.

    `jitter` in [-1, 1] moves the wait by up to 20 %, so that a crowd deferred together comes back spread out.
    """
    if not -1 <= jitter <= 1:
        raise ValueError(f"jitter {jitter} is not between -1 and 1")
    wait = _LADDER[attempts - 1] if attempts <= len(_LADDER) else _AFTER_THE_LADDER
    due = now + wait * (1 + _JITTER * jitter)
    return due if due <= first + deadline else None
