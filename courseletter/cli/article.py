"""`courseletter article`: articles as they were read."""

from typing import Annotated

import typer
from sqlalchemy import select

from campaigns import drafting
from campaigns.models import Article
from campaigns.reading import posts_in, read
from campaigns.reading.sources import open_source
from courseletter.cli.articles import Entry, Form
from courseletter.cli.output import AsJson, count, installation, print_json, print_table, say
from courseletter.errors import InvalidInput

app = typer.Typer(help="Read articles and keep them.", no_args_is_help=True, add_completion=False)

Source = Annotated[
    str, typer.Argument(metavar="ARTICLE", help="A file, an http(s) address, or - for standard input.")
]


@app.command()
def add(source: Source, form: Form = None, entry: Entry = None, as_json: AsJson = False) -> None:
    """Read an article and keep it, with every decision the reader took.

    Example: courseletter article add https://example.org/post
    """
    article = read(source, form, entry=entry)
    with installation() as opened, opened.database.write() as session:
        row = drafting.add_article(session, article, opened.clock.now())
        found = {
            "id": row.id,
            "title": row.title,
            "language": row.language,
            "sections": len(article.sections),
            "warnings": article.notes,
        }
        sections = count(len(article.sections), "section")
    if as_json:
        return print_json(found)
    say(f"Article {found['id']}: {found['title']} ({sections})")
    for warning in article.notes:
        say(f"Note: {warning}")
    return say(f"Next: courseletter course create {found['id']}")


@app.command()
def posts(source: Source, form: Form = None, as_json: AsJson = False) -> None:
    """List the posts of a feed or an export. Any of them can be read with --entry.

    Example: courseletter article posts substack.zip
    """
    _, found = posts_in(open_source(source), form)
    if not found:
        raise InvalidInput(f"{source} is one article: courseletter course create {source}", field="source")
    if as_json:
        return print_json(
            [
                {
                    "number": number,
                    "title": post.title,
                    "published_at": post.published_at and post.published_at.isoformat(),
                    "keys": post.keys,
                }
                for number, post in enumerate(found, 1)
            ]
        )
    print_table(
        ("number", "published", "title"),
        [
            (number, post.published_at.date() if post.published_at else "", post.title)
            for number, post in enumerate(found, 1)
        ],
    )
    return say(f"Next: courseletter course create {source} --entry 1")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the articles, newest first.

    Example: courseletter article list --json
    """
    with installation() as opened, opened.database.read() as session:
        rows = session.scalars(select(Article).order_by(Article.id.desc())).all()
    if as_json:
        return print_json(
            [{"id": r.id, "title": r.title, "language": r.language, "source": r.source} for r in rows]
        )
    return print_table(
        ("id", "title", "language", "source"), [(r.id, r.title, r.language, r.source) for r in rows]
    )
