"""`courseletter brand`: whom mail is from, and how it looks."""

from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from campaigns import brand_editing
from campaigns.brands import TYPED, Listed
from campaigns.drafting import find_course
from courseletter.cli.output import AsJson, CourseName, installation, print_json, print_table, say, tell
from courseletter.errors import InvalidInput, NotFound
from courseletter.installation import Installation
from templates.brand import FACES, MissingAddress

app = typer.Typer(help="See and change whom mail is from.", no_args_is_help=True, add_completion=False)

BrandName = Annotated[str, typer.Argument(metavar="BRAND", help="Its id or name, as `brand list` has it.")]

Url = Annotated[str | None, typer.Option(help="Your site.")]
FromName = Annotated[str | None, typer.Option(help="The sender's name in inboxes.")]
FromLocal = Annotated[str | None, typer.Option(help="What stands before the @ of the sender.")]
ReplyTo = Annotated[str | None, typer.Option(help="Where replies go.")]
Accent = Annotated[str | None, typer.Option(help="Of links and buttons, like #17604f.")]
AccentDark = Annotated[str | None, typer.Option(help="The same in dark mode.")]
Titles = Annotated[str | None, typer.Option(help=f"The face of titles: {', '.join(FACES)}.")]
Text = Annotated[str | None, typer.Option(help="The face of the text, likewise.")]
Footer = Annotated[str | None, typer.Option(help="A line above the postal address.")]


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
def add(
    name: Annotated[str, typer.Argument(help="As readers know you.")],
    address: Annotated[str, typer.Option(help="The postal address, which every mail carries.")] = "",
    url: Url = None,
    from_name: FromName = None,
    from_local: FromLocal = None,
    reply_to: ReplyTo = None,
    accent: Accent = None,
    accent_dark: AccentDark = None,
    titles: Titles = None,
    text: Text = None,
    footer: Footer = None,
    as_json: AsJson = False,
) -> None:
    """Add a brand, for courses that are from somebody else. What is not named is as in the first one.

    Example: courseletter brand add "Quiet Desk" --address "1 Example Street, Bristol"
    """
    typed = _typed(
        name=name,
        address=address,
        url=url,
        from_name=from_name,
        from_local=from_local,
        reply_to=reply_to,
        accent=accent,
        accent_dark=accent_dark,
        titles=titles,
        text=text,
        footer=footer,
    )
    with installation() as opened, opened.database.write() as session:
        for one in opened.brands.every(session):
            if one.brand.name == name.strip():
                raise InvalidInput(
                    f"There is a brand “{one.brand.name}” already, {one.id}. Change it with "
                    f"`courseletter brand edit {one.id}`, or choose another name.",
                    field="name",
                )
        saved = _save(opened, session, "", typed)
    if as_json:
        return print_json(_told(saved))
    say(f"“{saved.brand.name}” is added as {saved.id}.")
    return say(f"Let a course be from it: courseletter brand use {saved.id} COURSE")


@app.command()
def edit(
    brand: BrandName,
    name: Annotated[str | None, typer.Option(help="As readers know you.")] = None,
    address: Annotated[str | None, typer.Option(help="The postal address.")] = None,
    url: Url = None,
    from_name: FromName = None,
    from_local: FromLocal = None,
    reply_to: ReplyTo = None,
    accent: Accent = None,
    accent_dark: AccentDark = None,
    titles: Titles = None,
    text: Text = None,
    footer: Footer = None,
    as_json: AsJson = False,
) -> None:
    """Change a brand; what is not named stays. Courses that are published keep the brand as it was until
    they are published again.

    Example: courseletter brand edit first --address "1 Example Street, Bristol" --accent "#6b2d5c"
    """
    typed = _typed(
        name=name,
        address=address,
        url=url,
        from_name=from_name,
        from_local=from_local,
        reply_to=reply_to,
        accent=accent,
        accent_dark=accent_dark,
        titles=titles,
        text=text,
        footer=footer,
    )
    with installation() as opened, opened.database.write() as session:
        found = _find(opened, session, brand)
        if not typed:
            raise InvalidInput(
                f"Say what to change of “{found.brand.name}”, such as --accent '#6b2d5c'. "
                f"`courseletter brand show {found.id}` has all of it."
            )
        saved = _save(opened, session, found.id, typed)
    if as_json:
        return print_json(_told(saved))
    return say(f"“{saved.brand.name}” is saved. Publish its courses again to send in it.")


@app.command()
def use(brand: BrandName, course: CourseName, as_json: AsJson = False) -> None:
    """Let a course be from this brand, from its next publish on.

    Example: courseletter brand use first small-habits
    """
    with installation() as opened, opened.database.write() as session:
        found, row = _find(opened, session, brand), find_course(session, course)
        brand_editing.choose(row, found.id)
        facts = {"course": row.slug, "title": row.title, "brand": found.id}
    told = f"“{facts['title']}” is from “{found.brand.name}” once it is published again."
    tell(told, facts, as_json=as_json)


def _typed(**options: str | None) -> dict[str, str]:
    """What was given. A face that there is not is refused here: a form offers only those there are."""
    typed = {name: value for name, value in options.items() if value is not None}
    for name in ("titles", "text"):
        if name in typed and typed[name] not in FACES:
            raise InvalidInput(
                f"--{name}: there is no face “{typed[name][:40]}”. Choose one of {', '.join(FACES)}.",
                field=name,
            )
    return typed


def _save(opened: Installation, session: Session, brand_id: str, typed: dict[str, str]) -> Listed:
    """Keep it. What is wrong is told with the option that it was given by."""
    try:
        saved = brand_editing.save(session, opened.brands, brand_id, typed, opened.settings.sender.domain)
    except MissingAddress:
        raise InvalidInput(
            "--address: every mail carries a postal address. Give it.", field="address"
        ) from None
    except InvalidInput as wrong:
        option = f"--{(wrong.field or 'name').replace('_', '-')}: "
        raise InvalidInput(f"{option}{wrong}", field=wrong.field) from None
    return _find(opened, session, saved)


def _find(opened: Installation, session: Session, name: str) -> Listed:
    for one in opened.brands.every(session):
        if name in (one.id, one.brand.name):
            return one
    raise NotFound(f"There is no brand “{name[:60]}”. See `courseletter brand list`.")


def _told(one: Listed) -> dict[str, object]:
    return {"id": one.id, **asdict(one.brand), "courses": one.courses, "saved": one.saved}
