"""The relay of the crash tests: writes down each message before it answers, in a process nobody kills.

So what was really delivered is known whatever the ledger says. Each sending process has a door, a port of its
own: a blow that is timed to a step of the conversation knows whom it meets.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32
from functools import partial
from hashlib import sha256
from threading import Condition
from typing import Literal

from faults.scale import PATIENCE

from sender.event_loop import LoopThread

Step = Literal["rcpt", "dot", "answered"]  # the recipient is named, the message is here, 250 was said

Blow = Callable[[str], object]

LONGEST = 1 << 20  # octets of a message


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that the relay took. The digest is over all of it, Date and signatures included."""

    door: str
    recipient: str
    message_id: str
    subject: str
    digest: bytes

    @classmethod
    def of(cls, door: str, recipient: str, message: bytes) -> "Taken":
        head = BytesHeaderParser(policy=compat32).parsebytes(message.partition(b"\r\n\r\n")[0])
        return cls(door, recipient, head["Message-ID"], head["Subject"], sha256(message).digest())


class Sink:
    """A relay that offers `extensions`, and keeps its answers to itself between hold_from() and release()."""

    def __init__(self, extensions: tuple[str, ...] = ("PIPELINING", "CHUNKING")) -> None:
        self.taken: list[Taken] = []
        self._greeting = "\r\n".join([*(f"250-{one}" for one in ("sink", *extensions)), "250 8BITMIME"])
        self._loop = LoopThread()
        self._servers: list[asyncio.Server] = []
        self._connections = 0
        self._news = Condition()
        self._aimed: tuple[Step, int, Blow, float] | None = None
        self._held: tuple[str, Step] | None = None  # what is left unanswered
        self._holding = 0
        self._released = asyncio.Event()

    def open(self, door: str) -> int:
        """Listen on one port more; returns it. What comes there is known by the door's name."""
        serving = asyncio.start_server(partial(self._serve, door), "127.0.0.1", 0, limit=LONGEST)
        self._servers.append(self._loop.run(serving))
        return int(self._servers[-1].sockets[0].getsockname()[1])

    def aim(self, step: Step, number: int, blow: Blow, delay: float = 0) -> None:
        """Call `blow` with the door at which the `number`-th message from now is at this step, once.

        It is called in the sink's thread, `delay` seconds later; without delay before anything is answered.
        """
        self._aimed = (step, number, blow, delay)

    def disarm(self) -> None:
        self._aimed = None

    def hold_from(self, step: Step, number: int) -> None:
        """From the `number`-th message at this step on, leave this step unanswered at its door."""

        def hold(door: str) -> None:
            self._released.clear()
            self._held = (door, step)

        self.aim(step, number, hold)

    def wait_until_held(self, connections: int) -> None:
        """Return when so many connections wait for an answer that is held back."""
        with self._news:
            assert self._news.wait_for(lambda: self._holding >= connections, PATIENCE), self._holding

    def release(self) -> None:
        """Answer all that was held back, and what comes from now on."""
        self._held = None
        self._loop.call(self._released.set)

    def close(self) -> None:
        """Once its senders have ended. Safe to repeat."""
        self.release()
        self.wait_until_quiet()
        while self._servers:
            self._loop.call(self._servers.pop().close)
        self._loop.stop()

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Call `act` in so many seconds, in the sink's thread."""
        self._loop.call(self._loop.running().call_later, seconds, act)

    def copied(self) -> set[str]:
        """The Message-IDs that came more than once."""
        counts = Counter(one.message_id for one in self.taken)
        return {name for name, count in counts.items() if count > 1}

    def wait_until_quiet(self) -> None:
        """Return when every connection is closed: what the dead have written is read to its end."""
        with self._news:
            assert self._news.wait_for(lambda: self._connections == 0, PATIENCE), self._connections

    async def _serve(self, door: str, reader: StreamReader, writer: StreamWriter) -> None:
        self._change(connections=1)
        # However the other side ends: it may just have been killed.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._converse(door, reader, writer)
        writer.close()
        self._change(connections=-1)

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
                await self._hold(door, "rcpt")
                say("250 2.1.5 ok")
            elif verb in ("DATA", "BDAT"):
                if verb == "DATA":
                    say("354 go on")
                    message = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                else:
                    message = await reader.readexactly(int(line.split()[1]))
                self._take(Taken.of(door, recipient, message))
                self._reached(door, "dot")
                await self._hold(door, "dot")
                say("250 2.0.0 taken")
                self._reached(door, "answered")
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("250 2.0.0 ok")

    async def _hold(self, door: str, step: Step) -> None:
        if self._held == (door, step):
            self._change(holding=1)
            await self._released.wait()
            self._change(holding=-1)

    def _reached(self, door: str, step: Step) -> None:
        if self._aimed is None or self._aimed[0] != step:
            return
        _, left, blow, delay = self._aimed
        self._aimed = (step, left - 1, blow, delay) if left > 1 else None
        if left <= 1 and delay:
            self.later(delay, partial(blow, door))
        elif left <= 1:
            blow(door)

    def _take(self, taken: Taken) -> None:
        with self._news:
            self.taken.append(taken)
            self._news.notify_all()

    def _change(self, *, connections: int = 0, holding: int = 0) -> None:
        with self._news:
            self._connections += connections
            self._holding += holding
            self._news.notify_all()
