"""Stands between a sender and PostgreSQL, and cuts the connection at a COMMIT: before it, or after it.

Before: the transaction is undone. After: it is done, and the sender is never told. The sender cannot tell
these apart, and must be right in both.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import URL

from sender.event_loop import LoopThread

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # a simple query, as psycopg sends it
COMMITTED = b"COMMIT\x00"  # the server's tag


class CuttingProxy:
    """Lets everything through but the commits whose numbers (from 1) are in `before` or in `after`."""

    def __init__(self, server: URL, *, before: Container[int] = (), after: Container[int] = ()) -> None:
        self.commits = 0
        self.cuts = 0
        self._server = server
        self._before, self._after = before, after
        self._loop = LoopThread()
        self._listening = self._loop.run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        host, port = self._listening.sockets[0].getsockname()
        self.address = server.set(host=host, port=port, query={}).render_as_string(hide_password=False)

    def close(self) -> None:
        self._loop.call(self._listening.close)
        self._loop.stop()

    async def _serve(self, client_reads: StreamReader, client_writes: StreamWriter) -> None:
        folder = Path(str(self._server.query["host"]))
        reads, writes = await asyncio.open_unix_connection(folder / ".s.PGSQL.5432")
        answering = asyncio.create_task(_pass_on(reads, client_writes))
        with suppress(ConnectionError):
            while octets := await client_reads.read(1 << 16):
                if octets == COMMIT:
                    self.commits += 1
                    if self.commits in self._before:
                        self.cuts += 1
                        break
                    if self.commits in self._after:
                        self.cuts += 1
                        answering.cancel()
                        await asyncio.wait([answering])
                        writes.write(octets)
                        await reads.readuntil(COMMITTED)
                        break
                writes.write(octets)
        for writer in (writes, client_writes):
            writer.close()


async def _pass_on(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(ConnectionError):
        while octets := await reader.read(1 << 16):
            writer.write(octets)
    writer.close()
