"""`courseletter init`: a data folder with settings, secret, DKIM keys and database."""

from collections.abc import Mapping
from typing import Annotated

import tomlkit
import typer

from courseletter import config
from courseletter.cli.output import say, upgrade
from courseletter.database import Database
from courseletter.installation import create_keys, open_installation

app = typer.Typer(add_completion=False)

_HINTS = {
    "base_url": "The address at which readers reach `courseletter serve`, with https:// in real life.",
    "timezone": "The zone of new courses, as the IANA database names it.",
    "brand": "Who the mail is from. The postal address stands in every footer: the law asks for it.",
    "sender": "Mail is sent from this address; its domain needs the DNS records of dns.txt.",
    "smtp": 'The server that takes your mail. security: "starttls" (port 587), "tls" (port 465).',
}


@app.command()
def init(
    brand: Annotated[str, typer.Option(help="Your name, as readers see it.")] = "Courseletter",
    address: Annotated[str, typer.Option(help="Your postal address, for the footer.")] = "",
    sender: Annotated[str, typer.Option("--from", help="The address mail is sent from.")] = "",
    base_url: Annotated[str, typer.Option(help="Where readers reach this server.")] = "",
    timezone: Annotated[str, typer.Option(help="The zone of new courses, like Europe/Berlin.")] = "UTC",
    smtp_host: Annotated[str, typer.Option(help="The server that takes your mail.")] = "",
) -> None:
    """Set up a data folder: settings, secret key, DKIM keys and database.

    The folder is COURSELETTER_HOME, else ./courseletter-data. Running it again changes nothing that exists.

    Example: courseletter init --brand "Field Notes" --address "1 Example Street" --from notes@example.org
    """
    home = config.home_folder()
    given = {
        "base_url": base_url or None,
        "timezone": timezone,
        "brand": {"name": brand, "address": address},
        "sender": {"from_address": sender} if sender else None,
        "smtp": {"host": smtp_host} if smtp_host else None,
    }
    wanted = {key: value for key, value in given.items() if value is not None}
    path = home / config.FILE_NAME
    is_new = not path.exists()
    if is_new:
        # Everything that can be wrong is found before anything is written.
        _prepare_database(config.load(home, secret_key="-" * config.SHORTEST_SECRET, **wanted))
    config.create_secret(home)
    if is_new:
        with config.created_once(path) as temporary:
            temporary.write_text(_toml(wanted), encoding="utf-8")
    settings = config.load(home)
    create_keys(settings)
    _prepare_database(settings)
    records = open_installation(settings).dns_records()
    (home / "dns.txt").write_text("".join(f"{record}\n" for record in records), encoding="utf-8")
    say(f"{'Set up' if is_new else 'Checked'} {home}")
    say(f"The DNS records that your sender's domain needs are in {home / 'dns.txt'}.")
    if not settings.brand.address:
        say(f"Next: write your postal address under [brand] in {path}: the law wants it in every mail.")
    say("Then: courseletter course create ARTICLE")


def _prepare_database(settings: config.Settings) -> None:
    database = Database(settings.database)
    if database.is_sqlite:
        config.make_home(settings.home)
    try:
        upgrade(database)
    finally:
        database.close()


def _toml(values: Mapping[str, object]) -> str:
    document = tomlkit.document()
    for key, value in values.items():
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(_HINTS[key]))
        document.add(key, tomlkit.item(value))
    return tomlkit.dumps(document).lstrip("\n")
