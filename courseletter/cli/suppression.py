"""`courseletter suppression`: who must never be mailed, whatever any list says."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from courseletter.cli.output import AsJson, Email, count, installation, print_json, print_table, say, tell
from subscribers import suppression
from subscribers.addresses import check_address
from subscribers.importing.suppressions import add_all
from subscribers.models import Suppression, SuppressionReason

app = typer.Typer(help="Guard the suppression list.", no_args_is_help=True, add_completion=False)

SHOWN = 20


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the newest entries. All of them: courseletter export suppression.

    Example: courseletter suppression list
    """
    with installation() as opened, opened.database.read() as session:
        newest = session.scalars(select(Suppression).order_by(Suppression.id.desc()).limit(SHOWN)).all()
        found = [
            {"email": one.email or "(erased)", "reason": one.reason, "at": one.at, "note": one.note}
            for one in newest
        ]
    if as_json:
        return print_json(found)
    if not found:
        return say("Nobody is on the suppression list.")
    rows = [(one["email"], one["reason"], f"{one['at']:%d %b %Y}", one["note"]) for one in found]
    return print_table(("email", "reason", "since", "note"), rows)


@app.command()
def add(
    email: Email, note: Annotated[str, typer.Option(help="Why; it is kept.")] = "", as_json: AsJson = False
) -> None:
    """Never write to an address again, whether it is anybody's here or not.

    Example: courseletter suppression add someone@example.org --note "asked by telephone"
    """
    address = str(check_address(email))
    with installation() as opened, opened.database.write() as session:
        now, key = opened.clock.now(), opened.settings.key
        fresh = suppression.suppress(session, key, address, SuppressionReason.MANUAL, now, note)
    if as_json:
        return print_json({"email": address, "added": fresh})
    return say(f"{address} gets nothing more." if fresh else f"{address} was on the list already.")


@app.command()
def release(
    email: Email,
    why: Annotated[str, typer.Option(help="Why it may be written to again; it is kept.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take a bounced address, or one put there by hand, off the list. Once: what comes back stays.

    Example: courseletter suppression release reader@example.org --why "their mailbox was full"
    """
    with installation() as opened, opened.database.write() as session:
        suppression.release(session, opened.settings.key, email, why, "command line", opened.clock.now())
    told = f"{email} may be written to again, where it is on a list."
    tell(told, {"email": email, "released": True, "why": why}, as_json=as_json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, JSONL, XLSX, or a ZIP of them.")],
    as_json: AsJson = False,
) -> None:
    """Put everybody in a file on the list: an export of ours, or any file with addresses.

    Example: courseletter suppression import never-again.csv
    """
    with installation() as opened:
        added, problems = add_all(opened.database, file, opened.settings.key, opened.clock.now())
    told = [{"line": one.line, "text": one.text, "reason": one.reason} for one in problems]
    if as_json:
        return print_json({"added": added, "problems": told})
    addresses = "1 address" if added == 1 else f"{added:,} addresses"
    say(f"{addresses} added; {count(len(told), 'row')} named nobody.")
    if told:
        print_table(("line", "as written", "why"), [list(one.values()) for one in told[:SHOWN]])
    return None
