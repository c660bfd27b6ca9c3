"""Several connections to one relay, kept open from message to message: a socket and a timer for each.

No task, future or await belongs to a message: replies are heard in the protocol's callback, which reports the
attempt and is given the next parcel there and then.
"""

import asyncio
from contextlib import suppress
from typing import Final, cast

from sender.conversation import Conversation
from sender.relay import Relay, Timeouts
from sender.transport import Parcel, Report

_READ: Final = 4096  # octets at once: replies are short


class SmtpPool:
    """Up to `size` connections, each opened when a parcel needs it and closed when there is no more work.

    Raises CourseletterError when the relay's CA file cannot be read.
    """

    def __init__(self, relay: Relay, size: int, report: Report, timeouts: Timeouts | None = None) -> None:
        self._relay = relay
        self._timeouts = timeouts or Timeouts()
        self._tls = relay.tls_context()
        self._report = report
        self._free = self._size = size
        self._connections: set[_Connection] = set()
        self._idle: dict[_Connection, None] = {}  # the one used last comes last, so that surplus ones may end
        self._all_closed = asyncio.Event()
        self._closing = False

    @property
    def free(self) -> int:
        return 0 if self._closing else self._free

    def send(self, parcel: Parcel) -> None:
        if not self.free:
            raise RuntimeError("no connection is free, or the pool is closed")
        self._free -= 1
        if self._idle:
            self._idle.popitem()[0].send(parcel)
        else:
            self._connections.add(_Connection(self, parcel))

    async def close(self, seconds: float = 30) -> None:
        self._closing = True
        self._all_closed.clear()
        for connection in list(self._connections):
            connection.quit()
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_closed.wait(), seconds)
        for connection in list(self._connections):
            connection.lost("the sender was stopped")

    def _settle(self, connection: "_Connection") -> None:
        """Something has happened on `connection`: see what has become of it and of its parcel."""
        conversation = connection.conversation
        if conversation.idle:
            self._idle[connection] = None
        else:
            self._idle.pop(connection, None)
        if conversation.over:
            self._connections.discard(connection)
        if (ending := conversation.take_ending()) is not None:
            if ending.stale and not self._closing:
                self._connections.add(_Connection(self, ending.parcel))
            else:
                self._free += 1
                self._report(ending.parcel, ending.attempt)
        if not self._connections:
            self._all_closed.set()


class _Connection(asyncio.BufferedProtocol):
    """A socket and a timer that do what their conversation asks for."""

    def __init__(self, pool: SmtpPool, parcel: Parcel) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._encrypting = False
        self._buffer = memoryview(bytearray(_READ))
        self._early = b""  # decrypted before start_tls() has returned
        self._turn = -1
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.conversation = Conversation(pool._relay, pool._timeouts)
        self.conversation.send(parcel)
        self._opening = self._loop.create_task(self._connect())
        self._act()

    def send(self, parcel: Parcel) -> None:
        self.conversation.send(parcel)
        self._act()
        # A parcel may end at once, as one that may not be sent; but never within Pool.send().
        if self.conversation.ended:
            self._loop.call_soon(self._pool._settle, self)

    def quit(self) -> None:
        self.conversation.quit()
        self._follow()

    def lost(self, why: str) -> None:
        self.conversation.lost(why)
        self._follow()

    # --- What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)  # "blocked" is when anything at all has not left
        self.conversation.connected(str(transport.get_extra_info("sockname")[0]))
        self._follow()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        octets = bytes(self._buffer[:nbytes])
        if self._encrypting:
            self._early += octets
        else:
            self.conversation.received(octets)
            self._follow()

    def eof_received(self) -> None:
        self.lost("the relay closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost(f"connection lost: {_said(exc)}" if exc else "the relay closed the connection")

    def pause_writing(self) -> None:
        self.conversation.blocked()
        self._watch()

    def resume_writing(self) -> None:
        self.conversation.unblocked()
        self._follow()

    # --- What the conversation asks for

    def _follow(self) -> None:
        self._act()
        self._pool._settle(self)

    def _act(self) -> None:
        conversation = self.conversation
        if self._transport is not None:
            while octets := conversation.to_write():
                self._transport.write(octets)
            if conversation.wants_tls and not self._encrypting:
                self._encrypting = True
                self._transport.pause_reading()  # what comes now is for the handshake
                self._opening = self._loop.create_task(self._encrypt(self._transport))
        if conversation.over:
            self._hang_up()
        else:
            self._watch()

    async def _connect(self) -> None:
        relay = self._pool._relay
        try:
            await self._loop.create_connection(lambda: self, relay.host, relay.port)
        except (OSError, UnicodeError) as error:
            self.lost(f"cannot connect to {relay.host} port {relay.port}: {_said(error)}")

    async def _encrypt(self, transport: asyncio.Transport) -> None:
        try:
            encrypted = await self._loop.start_tls(
                transport,
                self,
                self._pool._tls,
                server_hostname=self._pool._relay.host,
                ssl_handshake_timeout=2 * self._pool._timeouts.connect,  # the conversation's comes first
            )
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            return self.lost(f"TLS failed: {_said(error)}")
        if encrypted is None:
            return self.lost("TLS failed: the relay closed the connection")
        encrypted.set_write_buffer_limits(high=1, low=0)  # 0 would mean always, here
        self._transport, self._encrypting = encrypted, False
        self.conversation.encrypted()
        self._follow()
        if self._early:
            self.conversation.received(self._early)
            self._follow()
        return None

    def _hang_up(self) -> None:
        """Whatever is not written yet must not be: close() would still write it."""
        self._opening.cancel()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()

    def _watch(self) -> None:
        """Let time run out for the present wait. The timer is moved only when it would ring too late."""
        if self.conversation.turn == self._turn:
            return
        self._turn = self.conversation.turn
        self._deadline = self._loop.time() + self.conversation.wait
        if self._timer is None or self._timer.when() > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._loop.time() < self._deadline:
            self._set_timer()
        else:
            self.conversation.timed_out()
            self._follow()


def _said(error: Exception) -> str:
    """What went wrong, on one line."""
    text = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split()) or type(error).__name__
