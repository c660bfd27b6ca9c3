"""`courseletter serve`: the web pages, the scheduler and the sender, in one process."""

import logging
import socket
from typing import Annotated

import typer

from courseletter.cli.output import installation, say
from courseletter.errors import CourseletterError

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Serve the readers' pages and send what is due, until interrupted.

    Put it behind a web server that speaks HTTPS, and set `base_url` to its address.

    Example: courseletter serve --port 8000
    """
    import uvicorn

    from courseletter.web.app import create_app
    from courseletter.worker import Worker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    check_free(host, port)
    with installation() as opened:
        worker = Worker(opened)
        say(f"Readers' pages: {opened.settings.base_url}   Sending through {opened.settings.smtp.host}")
        worker.start()
        try:
            uvicorn.run(create_app(opened), host=host, port=port, log_level="warning", server_header=False)
        finally:
            worker.stop()


def check_free(host: str, port: int) -> None:
    """Raise an error that says what to do, where the port is taken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CourseletterError(
                f"{host}:{port} cannot be listened on: {error.strerror}. "
                f"Name another: courseletter serve --port {port + 1}"
            ) from None
