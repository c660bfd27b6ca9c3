"""`courseletter serve`: the web pages, the scheduler and the sender, in one process."""

import logging
import os
import signal
import socket
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from courseletter.cli.output import installation, say
from courseletter.errors import CourseletterError
from courseletter.installation import is_this_machine

app = typer.Typer(add_completion=False)

PATIENCE = 3  # seconds that pages and a message under way get to finish when the process is told to end

log = logging.getLogger(__name__)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Serve the readers' pages, send what is due and take in what comes back, until interrupted.

    Put it behind a web server that speaks HTTPS, and set `base_url` to its address.

    Example: courseletter serve --port 8000
    """
    import uvicorn

    from courseletter.mailroom import Mailroom
    from courseletter.web.app import create_app
    from courseletter.worker import Worker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    with installation() as opened, _listener(host, port) as listener, Mailroom(opened):
        worker = Worker(opened)
        settings = uvicorn.Config(
            create_app(opened),
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=PATIENCE,
        )
        base = opened.settings.base_url
        say(f"Readers' pages: {base}   Sending through {opened.settings.smtp.host}")
        say(f"Listening on {host}:{port}. Ctrl+C ends it.")
        if leads_elsewhere(base, port):
            say("That is not where the links in mails lead. Set base_url in courseletter.toml.")
        # uvicorn hands the signal back when its own part is over: SIGTERM must not end us before the rest is.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            worker.start()
            uvicorn.Server(settings).run(sockets=[listener])
        except KeyboardInterrupt:
            log.info("ending")
        finally:
            if not worker.stop(PATIENCE):
                log.warning(
                    "the relay is silent; its message is left to the ledger, which knows how far it came"
                )
                _leave()


def leads_elsewhere(base_url: str, port: int) -> bool:
    """Whether readers would be led to another port of this machine. What stands in front of us is unknown."""
    parts = urlsplit(base_url)
    return is_this_machine(parts.hostname or "") and (parts.port or 80) != port


def _listener(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises an error that says what to do, where that is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        advice = f"Name another one: courseletter serve --port {port % 65535 + 1}"
        raise CourseletterError(f"{host}:{port} cannot be listened on: {error.strerror}. {advice}") from None
    return listener


def _leave() -> None:
    """End now: the interpreter would wait for the thread that waits for the relay."""
    sys.stdout.flush()
    os._exit(0)
