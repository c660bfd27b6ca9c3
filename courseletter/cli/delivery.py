"""`courseletter delivery`: messages of which nobody knows whether they arrived."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from courseletter.cli.output import AsJson, count, installation, print_json, print_table, say, tell
from courseletter.errors import InvalidInput

if TYPE_CHECKING:
    from sender.doubts import Doubt

app = typer.Typer(help="What may have arrived, and what has become of it.", no_args_is_help=True)


@app.command("in-doubt")
def in_doubt(as_json: AsJson = False) -> None:
    """List every message that went past the final dot without an answer.

    Example: courseletter delivery in-doubt --json
    """
    from sender.doubts import doubts

    with installation() as opened, opened.database.read() as session:
        found, base_url = doubts(session), opened.settings.base_url
    if as_json:
        return print_json([asdict(one) | {"page": f"{base_url}/deliveries/{one.delivery}"} for one in found])
    if not found:
        return say("Nothing is in doubt: each message has its answer.")
    columns = ("Delivery", "When (UTC)", "To", "Lesson", "Why", "Now")
    rows = [
        (one.delivery, f"{one.at:%Y-%m-%d %H:%M}", one.email, one.lesson, one.why, _state(one))
        for one in found
    ]
    print_table(columns, rows, title=count(len(found), "message"))
    return say(f"The story of each: {base_url}/deliveries/DELIVERY")


@app.command()
def settle(
    delivery: Annotated[int, typer.Argument(metavar="DELIVERY", help="Its number in the list.")],
    outcome: Annotated[str, typer.Argument(metavar="arrived|lost", help="What you found out.")],
    as_json: AsJson = False,
) -> None:
    """Say what became of a message in doubt: `arrived` counts it as had, `lost` sends it again.

    Example: courseletter delivery settle 4711 lost
    """
    from sender.doubts import settle as settled

    if outcome not in ("arrived", "lost"):
        raise InvalidInput(f"“{outcome[:20]}” is neither arrived nor lost.", field="outcome")
    with installation() as opened, opened.database.write() as session:
        settled(session, delivery, opened.clock.now(), arrived=outcome == "arrived")
    told = "It counts as had." if outcome == "arrived" else "It is ready and goes out with the next tick."
    tell(told, {"delivery": delivery, "outcome": outcome}, as_json=as_json)


def _state(one: "Doubt") -> str:
    return "undecided" if one.undecided else one.state
