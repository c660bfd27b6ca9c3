"""`courseletter relay`: the servers that take our mail, and what each may take."""

from dataclasses import asdict
from typing import Annotated

import typer

from courseletter.cli.output import AsJson, count, installation, print_json, print_table, say, tell
from courseletter.errors import NotFound
from courseletter.installation import Installation
from sender import relays
from sender.relays import RelayReport

app = typer.Typer(help="See how the relays are, pause and resume them.", no_args_is_help=True)

RelayName = Annotated[str, typer.Argument(metavar="RELAY", help="Its name in courseletter.toml.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the relays: whether each is well, and what it has taken today (UTC) of its allowance.

    Example: courseletter relay list
    """
    with installation() as opened:
        found = opened.relay_reports()
    if as_json:
        return print_json([asdict(one) for one in found])
    columns = ("relay", "state", "weight", "a second", "today", "allowance", "slow domains")
    rows = [
        (
            one.name,
            _state(one),
            one.weight,
            one.per_second or "any",
            one.used_today,
            _allowance(one),
            ", ".join(slow.domain for slow in one.slow_domains),
        )
        for one in found
    ]
    return print_table(columns, rows)


@app.command()
def show(relay: RelayName, as_json: AsJson = False) -> None:
    """Show one relay, and the recipient domains that have asked us to slow down.

    Example: courseletter relay show smtp
    """
    with installation() as opened:
        _check(opened, relay)
        found = _found(opened, relay)
    if as_json:
        return print_json(asdict(found))
    say(f"{found.name} is {_state(found)}.")
    if found.used_today is None:
        say("It may take any number of messages a day.")
    else:
        say(f"Today it has taken {count(found.used_today, 'message')} of {_allowance(found)}.")
    if not found.slow_domains:
        return say("No recipient domain has asked us to slow down.")
    columns = ("domain", "a second", "since (UTC)", "why")
    rows = [
        (slow.domain, slow.per_second, f"{slow.since:%Y-%m-%d %H:%M}", slow.why)
        for slow in found.slow_domains
    ]
    return print_table(columns, rows)


@app.command()
def pause(relay: RelayName, as_json: AsJson = False) -> None:
    """Send nothing more through a relay, within seconds. Its share goes through the others, or waits.

    Example: courseletter relay pause smtp
    """
    with installation() as opened:
        _check(opened, relay)
        relays.pause(opened.database, relay, opened.clock.now())
        found = _found(opened, relay)
    told = f"{relay} is paused. Resume it with: courseletter relay resume {relay}"
    tell(told, asdict(found), as_json=as_json)


@app.command()
def resume(relay: RelayName, as_json: AsJson = False) -> None:
    """Use a relay again that was paused, or that is left alone because it was unwell.

    Example: courseletter relay resume smtp
    """
    with installation() as opened:
        _check(opened, relay)
        relays.resume(opened.database, relay, opened.clock.now())
        found = _found(opened, relay)
    tell(f"{relay} is used again, within seconds.", asdict(found), as_json=as_json)


def _found(opened: Installation, relay: str) -> RelayReport:
    return next(one for one in opened.relay_reports() if one.name == relay)


def _check(opened: Installation, relay: str) -> None:
    known = opened.settings.routes
    if relay not in known:
        raise NotFound(f"There is no relay “{relay[:40]}”. The settings name {', '.join(known)}.")


def _state(one: RelayReport) -> str:
    until = f" until {one.until:%Y-%m-%d %H:%M} UTC" if one.until else ""
    return f"{one.condition}{until}" + (f": {one.why}" if one.why else "")


def _allowance(one: RelayReport) -> str:
    return "any number" if one.allowance is None else f"{one.allowance} (day {one.day} of sending)"
