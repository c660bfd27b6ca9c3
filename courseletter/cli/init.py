"""`courseletter init`: a data folder with settings, secret, DKIM keys and database."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import tomlkit
import typer
from sqlalchemy import select

from courseletter import config
from courseletter.cli.output import say, upgrade
from courseletter.database import Database
from courseletter.home import (
    FILE_NAME,
    SHORTEST_SECRET,
    check_secret_not_lost,
    create_secret,
    created_once,
    home_folder,
    make_home,
)
from courseletter.installation import create_keys, open_installation, still_to_set
from subscribers.models import Subscriber, Suppression

app = typer.Typer(add_completion=False)

_HINTS = {
    "base_url": "The address at which readers reach `courseletter serve`, with https:// in real life.",
    "timezone": "The zone of new courses, as the IANA database names it.",
    "brand": "Who the mail is from. The postal address stands in every footer: the law asks for it.",
    "sender": "Mail is sent from this address; its domain needs the DNS records of dns.txt.",
    "smtp": 'The server that takes your mail. security: "starttls" (port 587), "tls" (port 465).',
}


_OPTIONS = {
    "brand.name": "--brand",
    "brand.address": "--address",
    "sender.from_address": "--from",
    "base_url": "--base-url",
    "timezone": "--timezone",
    "smtp.host": "--smtp-host",
}


# What a new file says where nothing was given: the places to fill in.
_STANDARD = {"timezone": "UTC", "brand.name": "Courseletter", "brand.address": ""}


@app.command()
def init(
    brand: Annotated[str | None, typer.Option(help="Your name, as readers see it.")] = None,
    address: Annotated[str | None, typer.Option(help="Your postal address, for the footer.")] = None,
    sender: Annotated[str | None, typer.Option("--from", help="The address mail is sent from.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Where readers reach this server.")] = None,
    timezone: Annotated[str | None, typer.Option(help="The zone of new courses, like Europe/Berlin.")] = None,
    smtp_host: Annotated[str | None, typer.Option(help="The server that takes your mail.")] = None,
) -> None:
    """Set up a data folder: settings, secret key, DKIM keys and database.

    The folder is COURSELETTER_HOME, else ./courseletter-data. Running it again changes nothing that exists.

    Example: courseletter init --brand "Field Notes" --address "1 Example Street" --from notes@example.org
    """
    values = (brand, address, sender, base_url, timezone, smtp_host)
    given = {key: value for key, value in zip(_OPTIONS, values, strict=True) if value is not None}
    has_own_secret = bool(os.environ.get("COURSELETTER_SECRET_KEY"))
    home = home_folder()
    path = home / FILE_NAME
    is_new = not path.exists()
    if is_new:
        # Everything that can be wrong is found before anything is written.
        options = {key: _OPTIONS[key] for key in given}
        stand_in = {} if has_own_secret else {"secret_key": "-" * SHORTEST_SECRET}
        _prepare_database(config.load(home, options, **stand_in, **_nested(given)))
    if not has_own_secret:
        check_secret_not_lost(home)
        create_secret(home)
    if is_new:
        with created_once(path) as temporary:
            temporary.write_text(_toml(_nested(_STANDARD | given)), encoding="utf-8")
    settings = config.load(home)
    made = create_keys(settings)
    _prepare_database(settings)
    records = open_installation(settings).dns_records()
    (home / "dns.txt").write_text("".join(f"{record}\n" for record in records), encoding="utf-8")
    say(f"{'Set up' if is_new else 'Checked'} {home}")
    _tell_what_was_kept(settings, {} if is_new else given, path)
    if made and not is_new:
        say("The DKIM keys were missing; new ones are made. Publish their records before you send again.")
    say(f"The DNS records that your sender's domain needs are in {home / 'dns.txt'}.")
    if settings.sender.bounce_domain == settings.sender.domain:
        say(
            f"Its MX and SPF are for {settings.sender.domain} itself and would replace those of its "
            f"other mail: merge them with what is there, or set `bounce_domain` under [sender] in {path}."
        )
    for line in still_to_set(settings, settings.brand.address):
        say(f"Still to set in {path}: {line}")
    say("Then: courseletter course create ARTICLE")


def _tell_what_was_kept(settings: config.Settings, given: Mapping[str, str], path: Path) -> None:
    """Options write a new file only; who gives another value than the one in force hears so."""
    for key, value in given.items():
        section, _, name = key.rpartition(".")
        kept = getattr(getattr(settings, section) if section else settings, name)
        if kept != value:
            where = f"`{name}` under [{section}]" if section else f"`{name}`"
            say(f"Kept “{kept}”, not {_OPTIONS[key]} “{value}”: change {where} in {path}.")


def _prepare_database(settings: config.Settings) -> None:
    database = Database(settings.database)
    if database.is_sqlite:
        make_home(settings.home)
    try:
        upgrade(database)
        if not os.environ.get("COURSELETTER_SECRET_KEY"):
            with database.read() as session:
                found = [session.scalar(select(table.id).limit(1)) for table in (Subscriber, Suppression)]
            check_secret_not_lost(settings.home, in_use=any(found))
    finally:
        database.close()


def _nested(values: Mapping[str, str]) -> dict[str, Any]:
    """{"brand.name": "x"} as {"brand": {"name": "x"}}."""
    nested: dict[str, Any] = {}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        (nested.setdefault(section, {}) if section else nested)[name] = value
    return nested


def _toml(values: Mapping[str, object]) -> str:
    document = tomlkit.document()
    # What belongs to no table stands before the first; tomlkit would move it there without its hint.
    for key, value in sorted(values.items(), key=lambda one: isinstance(one[1], dict)):
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(_HINTS[key]))
        document.add(key, tomlkit.item(value))
    return tomlkit.dumps(document).lstrip("\n")
