"""The event loop that mail is sent in: uvloop where it is installed (`pip install courseletter[fast]`)."""

import asyncio
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, TypeVar

Result = TypeVar("Result")


def new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class LoopThread:
    """An event loop in a thread of its own, for callers that wait. It starts with the first call."""

    def __init__(self, make: Callable[[], asyncio.AbstractEventLoop] = new_event_loop) -> None:
        self._make = make
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self.running()).result()

    def call(self, callback: Callable[..., object], *arguments: object) -> None:
        """Let the loop call this soon, without waiting for it."""
        self.running().call_soon_threadsafe(callback, *arguments)

    def stop(self) -> None:
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None

    def running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = self._make()
            self._thread = Thread(target=self._loop.run_forever, name="mail", daemon=True)
            self._thread.start()
        return self._loop
