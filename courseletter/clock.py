"""The only reader of time. Everything else takes `now`, an aware UTC datetime."""

from datetime import UTC, datetime
from threading import Lock
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment as an aware UTC datetime."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """A clock that stands still until it is moved: the demo's calendar, and the tests'."""

    def __init__(self, start: datetime) -> None:
        self._moment = start.astimezone(UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._moment

    def move_to(self, moment: datetime) -> None:
        """Set the clock to `moment`; a moment already past leaves it where it is (time never runs back)."""
        with self._lock:
            self._moment = max(self._moment, moment.astimezone(UTC))
