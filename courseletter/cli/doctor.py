"""`courseletter doctor`: whether mail providers will believe what this installation sends."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from courseletter.cli.output import AsJson, installation, print_json, print_text, say
from courseletter.cli.plain import visible
from sender.doctor.finding import Finding, Level
from sender.doctor.lookups import Dns

app = typer.Typer(add_completion=False)

MARKS = {Level.GOOD: ("✓", "green"), Level.WARN: ("!", "yellow"), Level.BAD: ("✗", "red"),
         Level.UNKNOWN: ("?", "yellow")}  # fmt: skip


@app.command("doctor")
def doctor(
    as_json: AsJson = False,
    server: Annotated[
        str | None, typer.Option(help="Ask this DNS server, as IP or IP:PORT, instead of this machine's.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 2 unless all is well.")] = False,
) -> None:
    """Look up SPF, DKIM, DMARC, the bounces' MX and each relay's TLS, as Gmail, Yahoo and Microsoft ask for.

    Example: courseletter doctor
    """
    found: list[Finding] = []
    lookups = Dns.at(server) if server else Dns()
    with installation() as opened:
        for one in opened.examine(lookups):
            found.append(one)
            if not as_json:
                _tell(one)
        held = opened.note(found)
    if as_json:
        print_json([asdict(one) for one in found])
    elif held is not None:
        say("No mail is sent until this is mended, because sender.doctor is “block”.")
    elif all(one.level is Level.GOOD for one in found):
        say("All is well.")
    if strict and any(one.level is not Level.GOOD for one in found):
        raise typer.Exit(2)


def _tell(one: Finding) -> None:
    mark, colour = MARKS[one.level]
    print_text(Text.assemble((mark, colour), f" {visible(one.about)}: {visible(one.said)}"))
    if one.mend:
        print_text(Text(f"  {visible(one.mend)}", "dim"))
