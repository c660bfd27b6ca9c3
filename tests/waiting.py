"""Waiting for what another process or thread does in its own time."""

import time
from collections.abc import Callable
from threading import Event
from typing import Any


def until(holds: Callable[[], Any], what: str | Callable[[], str], seconds: float = 120) -> Any:
    """Look again and again until it holds, and return what it gave; `what` is told when it never does."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, f"it did not happen: {what if isinstance(what, str) else what()}"
        Event().wait(0.02)
    return found
