"""Single messages to a relay, for callers that wait: a pool of one connection in a thread of its own."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import cache

from sender.event_loop import LoopThread
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
        self._loop = LoopThread()

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
        self._loop.call(self._pool.send, Parcel(envelope, message, answer, may_send))
        attempt = answer.result()
        if raised:
            raise raised[0]
        return attempt

    def close(self) -> None:
        self._loop.run(self._pool.close())
        self._loop.stop()


def _answer(parcel: Parcel, attempt: Attempt) -> None:
    parcel.reference.set_result(attempt)
