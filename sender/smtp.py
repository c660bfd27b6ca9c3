"""Single messages to a relay, for callers that wait: a pool of one connection in a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from threading import Thread

from sender.event_loop import new_event_loop
from sender.pool import SmtpPool
from sender.relay import Relay, Timeouts
from sender.transport import Attempt, Envelope, Parcel, check_line_ends


class SmtpTransport:
    """For single messages, such as send-test; many at once go through SmtpPool.

    The connection is opened when needed and kept for the next message. Raises CourseletterError when the
    relay's CA file cannot be read.
    """

    def __init__(self, relay: Relay, timeouts: Timeouts | None = None) -> None:
        self._pool = SmtpPool(relay, 1, _answer, timeouts)
        self._loop: asyncio.AbstractEventLoop | None = None

    def deliver(self, envelope: Envelope, message: bytes, before_dot: Callable[[], bool]) -> Attempt:
        check_line_ends(message)
        raised: list[BaseException] = []

        @cache  # the pool asks again when it has to start anew on another connection
        def may_send() -> bool:
            try:
                return before_dot()
            except BaseException as error:  # raised again below, where the caller is
                raised.append(error)
                return False

        answer = Future[Attempt]()
        self._running_loop().call_soon_threadsafe(
            self._pool.send, Parcel(envelope, message, answer, may_send)
        )
        attempt = answer.result()
        if raised:
            raise raised[0]
        return attempt

    def close(self) -> None:
        if self._loop is None:
            return
        asyncio.run_coroutine_threadsafe(self._pool.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = None

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = new_event_loop()
            self._thread = Thread(target=self._loop.run_forever, name="smtp", daemon=True)
            self._thread.start()
        return self._loop


def _answer(parcel: Parcel, attempt: Attempt) -> None:
    parcel.reference.set_result(attempt)
