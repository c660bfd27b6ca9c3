"""`courseletter user`: who may sign in to the workshop, the web pages in which courses are made."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from sqlalchemy import select

from courseletter.accounts import invitations
from courseletter.accounts.models import Role, User
from courseletter.accounts.signing_in import find_user
from courseletter.cli.output import AsJson, installation, print_json, print_table, say
from courseletter.errors import NotFound

app = typer.Typer(help="Say who may sign in to the workshop.", no_args_is_help=True, add_completion=False)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's address, which they sign in with.")]


@app.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="Their name, as colleagues read it.")] = "",
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.MARKETER,
    as_json: AsJson = False,
) -> None:
    """Let a person in. Prints a link that works once, for two days, on which they choose a password.

    Example: courseletter user add colleague@example.org --role marketer
    """
    with installation() as opened, opened.database.write() as session:
        token = invitations.invite(session, email, name, role, opened.clock.now())
        link = invitation_link(opened.settings.base_url, token)
    if as_json:
        return print_json({"email": email, "role": role, "link": link})
    return say(f"Give {email} this link, which works once: {link}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List who may sign in, and who was asked in and has not come yet.

    Example: courseletter user list --json
    """
    with installation() as opened, opened.database.read() as session:
        users = session.scalars(select(User).order_by(User.id)).all()
        asked = invitations.waiting(session, opened.clock.now())
    rows: list[dict[str, Any]] = [
        {"email": one.email, "name": one.name, "role": one.role, "code": one.totp_secret is not None}
        for one in users
    ]
    rows += [
        {"email": one.email, "name": one.name, "role": one.role, "link_until": one.ends_at.isoformat()}
        for one in asked
    ]
    if as_json:
        return print_json(rows)
    table = [(one["email"], one["name"], one["role"], _told(one)) for one in rows]
    return print_table(("email", "name", "role", ""), table)


def _told(row: Mapping[str, Any]) -> str:
    if "link_until" in row:
        return f"has a link until {row['link_until'][:16].replace('T', ' ')} UTC"
    return "asked for a code" if row["code"] else ""


@app.command()
def reset(
    email: Email,
    without_code: Annotated[
        bool, typer.Option("--without-code", help="Ask for no code any more: the phone is lost.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a link for a new password. The old one holds until the link is used.

    Example: courseletter user reset colleague@example.org
    """
    with installation() as opened, opened.database.write() as session:
        user = find_user(session, email)
        if user is None:
            raise NotFound(f"Nobody signs in as {email}. See `courseletter user list`.")
        if without_code:
            user.totp_secret = None
        token = invitations.invite_back(session, user, opened.clock.now())
        link = invitation_link(opened.settings.base_url, token)
    if as_json:
        return print_json({"email": email, "link": link})
    return say(f"Give {email} this link, which works once: {link}")


def invitation_link(base_url: str, token: str) -> str:
    return f"{base_url}/invitations/{token}"
