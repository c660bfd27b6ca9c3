"""The relay of the crash tests: writes down each message before it answers, in a process nobody kills.

So what was really delivered is known whatever the ledger says. Each sending process has a door, a port of its
own: a blow that is timed to a step of the conversation knows whom it meets.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import partial
from hashlib import sha256
from threading import Condition
from typing import Literal

from sender.event_loop import LoopThread

Step = Literal["rcpt", "dot", "answered"]  # the recipient is named, the message is here, 250 was said

Blow = Callable[[str], object]

LONGEST = 1 << 20  # octets of a message


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that the relay took."""

    door: str
    recipient: str
    message: bytes

    @property
    def digest(self) -> bytes:
        return sha256(self.message).digest()

    def header(self, name: str) -> str:
        head = self.message.partition(b"\r\n\r\n")[0]
        return str(message_from_bytes(head, policy=policy.default)[name])


class Sink:
    """Offers `extensions`; while `silent` it takes messages and never says so."""

    def __init__(self, extensions: tuple[str, ...] = ("PIPELINING", "CHUNKING")) -> None:
        self.taken: list[Taken] = []
        self.silent = False
        self._greeting = "\r\n".join([*(f"250-{one}" for one in ("sink", *extensions)), "250 8BITMIME"])
        self._loop = LoopThread()
        self._servers: list[asyncio.Server] = []
        self._connections = 0
        self._news = Condition()
        self._aimed: tuple[Step, int, Blow] | None = None

    def open(self, door: str) -> int:
        """Listen on one port more; returns it. What comes there is known by the door's name."""
        serving = asyncio.start_server(partial(self._serve, door), "127.0.0.1", 0, limit=LONGEST)
        self._servers.append(self._loop.run(serving))
        return int(self._servers[-1].sockets[0].getsockname()[1])

    def aim(self, step: Step, number: int, blow: Blow) -> None:
        """Call `blow` once, in the sink's thread, with the door at which the `number`-th message from now is at
        this step.
        """
        self._aimed = (step, number, blow)

    def disarm(self) -> None:
        self._aimed = None

    def close(self) -> None:
        for server in self._servers:
            self._loop.call(server.close)
        self._loop.stop()

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Call `act` in so many seconds, in the sink's thread."""
        self._loop.call(self._loop.running().call_later, seconds, act)

    def wait_for(self, messages: int, seconds: float = 60) -> None:
        """Return when so many messages were taken in all."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.taken) >= messages, seconds), len(self.taken)

    def wait_until_quiet(self, seconds: float = 60) -> None:
        """Return when every connection is closed: what the dead have written is read to its end."""
        with self._news:
            assert self._news.wait_for(lambda: self._connections == 0, seconds), self._connections

    async def _serve(self, door: str, reader: StreamReader, writer: StreamWriter) -> None:
        self._change(1)
        # However the other side ends: it may just have been killed.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._converse(door, reader, writer)
        writer.close()
        self._change(-1)

    async def _converse(self, door: str, reader: StreamReader, writer: StreamWriter) -> None:
        recipient = ""

        def say(*lines: str) -> None:
            writer.write("".join(f"{line}\r\n" for line in lines).encode())

        say("220 sink")
        while line := (await reader.readline()).decode().strip():
            verb = line[:4].upper()
            if verb == "EHLO":
                say(self._greeting)
            elif verb == "RCPT":
                recipient = line[line.index("<") + 1 : line.index(">")]
                self._reached(door, "rcpt")
                say("250 2.1.5 ok")
            elif verb in ("DATA", "BDAT"):
                if verb == "DATA":
                    say("354 go on")
                    message = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                else:
                    message = await reader.readexactly(int(line.split()[1]))
                self._take(Taken(door, recipient, message))
                self._reached(door, "dot")
                if self.silent:
                    await reader.read()
                    return
                say("250 2.0.0 taken")
                self._reached(door, "answered")
            elif verb == "QUIT":
                return say("221 2.0.0 bye")
            else:
                say("250 2.0.0 ok")

    def _reached(self, door: str, step: Step) -> None:
        if self._aimed is None or self._aimed[0] != step:
            return
        _, left, blow = self._aimed
        self._aimed = (step, left - 1, blow) if left > 1 else None
        if left <= 1:
            blow(door)

    def _take(self, taken: Taken) -> None:
        with self._news:
            self.taken.append(taken)
            self._news.notify_all()

    def _change(self, by: int) -> None:
        with self._news:
            self._connections += by
            self._news.notify_all()
