"""`courseletter field`: what else is known of people, beside their name and address."""

from collections.abc import Mapping
from typing import Annotated

import typer

from campaigns.field_uses import require_unused
from courseletter import acts
from courseletter.cli.output import AsJson, count, installation, print_json, print_table, say, tell
from subscribers import custom_fields
from subscribers.acts import running
from subscribers.acts.doing import Kind
from subscribers.acts.fielding import RENAME, RETYPE
from subscribers.acts.running import DONE
from subscribers.importing.values import KINDS

app = typer.Typer(help="Look after custom fields.", no_args_is_help=True, add_completion=False)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As mails ask for it: {{ subscriber.NAME }}.")]
KindOf = Annotated[str, typer.Option(help=f"{', '.join(KINDS)}.")]
BY = "command line"


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the fields, and those that were removed lately.

    Example: courseletter field list
    """
    with installation() as opened, opened.database.read() as session:
        found = [
            {"name": one.name, "kind": one.kind, "removed": one.removed_at}
            for one in (*custom_fields.in_use(session), *custom_fields.removed(session))
        ]
    if as_json:
        return print_json(found)
    if not found:
        return say("There is no custom field. Define one, or import people who have some.")
    rows = [
        (one["name"], one["kind"], f"{one['removed']:%d %b %Y}" if one["removed"] else "") for one in found
    ]
    return print_table(("name", "kind", "removed"), rows)


@app.command()
def define(name: Name, kind: KindOf = "text", as_json: AsJson = False) -> None:
    """Make a field that people, segments and mails may have.

    Example: courseletter field define birthday --kind date
    """
    with installation() as opened, opened.database.write() as session:
        custom_fields.define(session, name, kind)
    told = f"“{name}” is there. Mails ask for it as {{{{ subscriber.{name} }}}}."
    tell(told, {"name": name, "kind": kind}, as_json=as_json)


@app.command()
def rename(
    name: Name,
    to: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    as_json: AsJson = False,
) -> None:
    """Give a field another name, with what everybody has there, and wherever segments ask about it.

    Example: courseletter field rename ctiy city
    """
    with installation() as opened, opened.database.read() as session:
        require_unused(session, custom_fields.find(session, name).name)
    _change(RENAME, {"field": name, "name": to}, f"“{name}” is called “{to}”", as_json=as_json)


@app.command()
def retype(name: Name, kind: KindOf, as_json: AsJson = False) -> None:
    """Read what everybody has in a field as another kind. Refused where something there is none.

    Example: courseletter field retype age --kind number
    """
    _change(RETYPE, {"field": name, "kind": kind}, f"“{name}” is {kind}", as_json=as_json)


@app.command()
def remove(name: Name, as_json: AsJson = False) -> None:
    """Put a field out of sight. What it says of people is kept for 30 days; see `field restore`.

    Example: courseletter field remove ctiy
    """
    with installation() as opened, opened.database.write() as session:
        require_unused(session, custom_fields.find(session, name).name)
        custom_fields.remove(session, name, opened.clock.now())
        people = custom_fields.people(session, name)
    kept = custom_fields.KEPT.days
    told = f"“{name}” is removed. What it says of {count(people, 'person')} is kept for {kept} days."
    tell(told, {"name": name, "people": people, "kept_days": kept}, as_json=as_json)


@app.command()
def restore(name: Name, as_json: AsJson = False) -> None:
    """Bring a field back that was removed lately, with what it said.

    Example: courseletter field restore ctiy
    """
    with installation() as opened, opened.database.write() as session:
        custom_fields.bring_back(session, name)
    tell(f"“{name}” is back.", {"name": name}, as_json=as_json)


def _change(kind: Kind, typed: Mapping[str, str], done: str, *, as_json: bool) -> None:
    with installation() as opened:
        act = acts.change_field(opened, kind, typed, BY)
        if act is None:
            return tell(f"{done}. Nobody had anything there.", {**typed, "people": 0}, as_json=as_json)
        acts.work(opened, act.id)
        with opened.database.read() as session:
            people = running.find(session, act.id).counts.get(DONE, 0)
    return tell(f"{done}, for {count(people, 'person')}.", {**typed, "people": people}, as_json=as_json)
