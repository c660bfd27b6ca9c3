"""`courseletter bounces`: what came back."""

from datetime import timedelta
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from courseletter import mailroom
from courseletter.cli.output import AsJson, count, installation, print_json, print_table, say
from courseletter.errors import CourseletterError
from sender.bounces.models import Bounce
from sender.models import Delivery

app = typer.Typer(help="See what came back, and fetch it.", no_args_is_help=True, add_completion=False)


@app.command("list")
def list_(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far to look back.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List bounces and complaints, the newest first.

    Example: courseletter bounces list --days 7
    """
    with installation() as opened, opened.database.read() as session:
        wanted = (
            select(Bounce)
            .where(Bounce.at > opened.clock.now() - timedelta(days=days))
            .order_by(Bounce.at.desc(), Bounce.id.desc())
            .options(joinedload(Bounce.delivery).joinedload(Delivery.subscriber))
        )
        found = [
            {
                "at": one.at,
                "kind": one.kind,
                "email": one.delivery.subscriber.email,
                "lesson": one.delivery.lesson_id or one.delivery.kind,
                "status": one.status,
                "text": one.text,
            }
            for one in session.scalars(wanted)
        ]
    if as_json:
        return print_json(found)
    if not found:
        return say(f"Nothing came back in the last {count(days, 'day')}.")
    return print_table(list(found[0]), [list(row.values()) for row in found])


@app.command()
def poll(as_json: AsJson = False) -> None:
    """Read the bounce mailbox now. `courseletter serve` does so by itself, every few minutes.

    Example: courseletter bounces poll
    """
    with installation() as opened:
        mailbox = opened.bounce_mailbox()
        if mailbox is None:
            raise CourseletterError(
                "No mailbox is set. Write host, username and password below [mailbox] in courseletter.toml."
            )
        effects = mailroom.poll(opened, mailbox, opened.intake())
    if as_json:
        return print_json(effects)
    told = ", ".join(f"{number} {effect}" for effect, number in sorted(effects.items()))
    return say(f"Read {count(effects.total(), 'mail')}{': ' + told if told else ''}.")
