"""Waiting for what another process or thread does in its own time."""

import time
from collections.abc import Callable
from threading import Event
from typing import Any


def eventually(look: Callable[[], Any], why_not: Callable[[], str], seconds: float = 30) -> None:
    """Look again and again; `why_not` is what is told when it does not happen."""
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until, f"it did not happen: {why_not()}"
        Event().wait(0.02)
