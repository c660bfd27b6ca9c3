"""`courseletter serve`: the web pages, the scheduler and the sender, in one process."""

import socket
from contextlib import nullcontext
from typing import Annotated
from urllib.parse import urlsplit

import typer

from courseletter.accounts import invitations
from courseletter.cli.output import installation, say
from courseletter.cli.user import invitation_link
from courseletter.errors import CourseletterError
from courseletter.installation import Installation, is_this_machine

app = typer.Typer(add_completion=False)

PATIENCE = 2  # seconds that pages get to finish when the process is told to end


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Send from here, too, or leave it to `worker`.")
    ] = True,
) -> None:
    """Serve the workshop and the readers' pages, send what is due, take in what comes back.

    Put it behind a web server that speaks HTTPS, and set `base_url` to its address.

    Example: courseletter serve --port 8000
    """
    import uvicorn

    from courseletter.cli.running import until_told_to_end, working
    from courseletter.mailroom import Mailroom
    from courseletter.settling import settle_down
    from courseletter.web.app import create_app

    with installation() as opened, _listener(host, port) as listener, until_told_to_end(), Mailroom(opened):
        settings = uvicorn.Config(
            create_app(opened),
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=PATIENCE,
        )
        base = opened.settings.base_url
        relays = ", ".join(relay.host for relay in opened.settings.routes.values())
        sending = f"Sending through {relays}" if worker else "Sending is left to `worker`"
        with working(opened) if worker else nullcontext():
            say(f"Readers' pages: {base}   {sending}")
            _welcome(opened)
            say(f"Listening on {host}:{port}. Ctrl+C ends it.")
            if leads_elsewhere(base, port):
                say("That is not where the links in mails lead. Set base_url in courseletter.toml.")
            settle_down()
            uvicorn.Server(settings).run(sockets=[listener])


def _welcome(opened: Installation) -> None:
    """Say where the workshop is; where nobody works yet, how its first owner gets in."""
    base = opened.settings.base_url
    with opened.database.write() as session:
        token = invitations.invite_first_owner(session, opened.clock.now())
    if token is None:
        say(f"Workshop: {base}/")
    else:
        say(f"Nobody can sign in yet. Become the owner by this link, once: {invitation_link(base, token)}")


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
