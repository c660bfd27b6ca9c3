"""`courseletter brand`: whom mail is from, and how it looks."""

from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from campaigns import brand_editing
from campaigns.brands import TYPED, Listed
from campaigns.drafting import find_course
from courseletter.cli.output import AsJson, CourseName, installation, print_json, print_table, say
from courseletter.errors import NotFound
from courseletter.installation import Installation

app = typer.Typer(help="See and change whom mail is from.", no_args_is_help=True, add_completion=False)

BrandName = Annotated[str, typer.Argument(metavar="BRAND", help="Its id or name, as `brand list` has it.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the brands. The first is what courseletter.toml says, until it is saved.

    Example: courseletter brand list
    """
    with installation() as opened, opened.database.read() as session:
        found = opened.brands.every(session)
    if as_json:
        return print_json([_told(one) for one in found])
    rows = [(one.id, one.brand.name, one.brand.address_line, one.courses) for one in found]
    return print_table(("id", "name", "postal address", "courses"), rows)


@app.command()
def show(brand: BrandName, as_json: AsJson = False) -> None:
    """Show one brand. An empty line is one that the settings' [sender] says, or that is not set.

    Example: courseletter brand show first
    """
    with installation() as opened, opened.database.read() as session:
        found = _find(opened, session, brand)
    if as_json:
        return print_json(_told(found))
    values = asdict(found.brand)
    return print_table(("setting", "value"), [(name, values[name] or "") for name in (*TYPED, "logo")])


@app.command()
def edit(
    brand: BrandName,
    name: Annotated[str | None, typer.Option(help="As readers know you.")] = None,
    address: Annotated[str | None, typer.Option(help="The postal address.")] = None,
    url: Annotated[str | None, typer.Option(help="Your site.")] = None,
    from_name: Annotated[str | None, typer.Option(help="The sender's name in inboxes.")] = None,
    from_local: Annotated[str | None, typer.Option(help="What stands before the @ of the sender.")] = None,
    reply_to: Annotated[str | None, typer.Option(help="Where replies go.")] = None,
    accent: Annotated[str | None, typer.Option(help="Of links and buttons, like #17604f.")] = None,
    accent_dark: Annotated[str | None, typer.Option(help="The same in dark mode.")] = None,
    titles: Annotated[str | None, typer.Option(help="serif, sans, georgia, humanist or verdana.")] = None,
    text: Annotated[str | None, typer.Option(help="The face of the text, likewise.")] = None,
    footer: Annotated[str | None, typer.Option(help="A line above the postal address.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a brand; what is not named stays. Courses that are published keep the brand as it was until
    they are published again.

    Example: courseletter brand edit first --address "1 Example Street, Bristol" --accent "#6b2d5c"
    """
    given = {
        "name": name,
        "address": address,
        "url": url,
        "from_name": from_name,
        "from_local": from_local,
        "reply_to": reply_to,
        "accent": accent,
        "accent_dark": accent_dark,
        "titles": titles,
        "text": text,
        "footer": footer,
    }
    typed = {key: value for key, value in given.items() if value is not None}
    with installation() as opened, opened.database.write() as session:
        found = _find(opened, session, brand)
        domain = opened.settings.sender.domain
        brand_editing.save(session, opened.brands, found.id, typed, domain)
        saved = _find(opened, session, found.id)
    if as_json:
        return print_json(_told(saved))
    return say(f"“{saved.brand.name}” is saved. Publish its courses again to send in it.")


@app.command()
def use(brand: BrandName, course: CourseName) -> None:
    """Let a course be from this brand, from its next publish on.

    Example: courseletter brand use first small-habits
    """
    with installation() as opened, opened.database.write() as session:
        found, row = _find(opened, session, brand), find_course(session, course)
        brand_editing.choose(row, found.id)
        title = row.title
    say(f"“{title}” is from “{found.brand.name}” once it is published again.")


def _find(opened: Installation, session: Session, name: str) -> Listed:
    for one in opened.brands.every(session):
        if name in (one.id, one.brand.name):
            return one
    raise NotFound(f"There is no brand “{name[:60]}”. See `courseletter brand list`.")


def _told(one: Listed) -> dict[str, object]:
    return {"id": one.id, **asdict(one.brand), "courses": one.courses, "saved": one.saved}
