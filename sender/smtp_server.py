"""An SMTP server of our own: a listening socket, served by aiosmtpd from a thread's event loop."""

import asyncio
import socket
import threading
from collections.abc import Callable

from aiosmtpd.smtp import SMTP

from courseletter.errors import CourseletterError


class SmtpServer:
    """Serves from start() to stop(). `session` makes the protocol of one connection, in the loop."""

    def __init__(self, listener: socket.socket, session: Callable[[], SMTP], name: str) -> None:
        self._listener, self._session = listener, session
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._session, sock=self._listener)
        await self._over.wait()
        server.close()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for task in sessions:
            task.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)


def listen(host: str, port: int, what: str) -> socket.socket:
    """Bind and listen; port 0 picks a free one. `what` begins the sentence of the error."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise CourseletterError(
            f"{what} cannot listen on port {port}: {error.strerror}. Give another port."
        ) from None
    return listener
