"""A relay that takes everything and remembers for whom, quickly enough for thousands of mails."""

import asyncio
from typing import Self, cast

from sender.event_loop import LoopThread


class Sink:
    """Open from __enter__ to __exit__. While `silent`, it hears and says nothing, whoever connects."""

    def __init__(self) -> None:
        self.accepted: list[str] = []  # the recipient of each message it took
        self.silent = False
        self.sessions = 0
        self.most_at_once = 0
        self.open = 0
        self._loop = LoopThread()

    def __enter__(self) -> Self:
        self._server = self._loop.run(self._open())
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call(self._server.close)
        self._loop.stop()

    async def _open(self) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(lambda: _Session(self), "127.0.0.1", 0)


class _Session(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._heard = b""
        self._recipient: str | None = None
        self._in_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._sink.sessions += 1
        self._sink.open += 1
        self._sink.most_at_once = max(self._sink.most_at_once, self._sink.open)
        self._say(b"220 sink.test ESMTP")

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink.open -= 1

    def data_received(self, data: bytes) -> None:
        self._heard += data
        end = b"\r\n.\r\n" if self._in_message else b"\r\n"
        while end in self._heard:
            heard, _, self._heard = self._heard.partition(end)
            self._take_message() if self._in_message else self._take_line(heard.decode())
            end = b"\r\n.\r\n" if self._in_message else b"\r\n"

    def _take_line(self, line: str) -> None:
        match line[:4].upper():
            case "EHLO":
                self._say(b"250-sink.test\r\n250 PIPELINING")
            case "RCPT":
                self._recipient = line.partition("<")[2].partition(">")[0]
                self._say(b"250 ok")
            case "DATA":
                self._in_message = True
                self._say(b"354 go on")
            case "QUIT":
                self._say(b"221 bye")
                self._transport.close()
            case _:
                self._say(b"250 ok")

    def _take_message(self) -> None:
        self._in_message = False
        if not self._sink.silent:
            self._sink.accepted.append(self._recipient or "")
        self._say(b"250 taken")

    def _say(self, line: bytes) -> None:
        if not self._sink.silent:
            self._transport.write(line + b"\r\n")
