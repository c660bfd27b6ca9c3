"""`courseletter lessons SOURCE`: what an article would become, without touching a database."""

from __future__ import annotations

import json
from html import escape as as_html
from typing import TYPE_CHECKING, Annotated, Any

import typer

from courseletter.cli.articles import Entry, Form, Maximum, Minimum, Target

if TYPE_CHECKING:
    from campaigns.article import Article
    from campaigns.splitting import DraftLesson, SplitSettings


app = typer.Typer(add_completion=False)


@app.command()
def lessons(
    source: Annotated[
        str, typer.Argument(metavar="ARTICLE", help="A file, an http(s) address, or - for standard input.")
    ],
    form: Form = None,
    entry: Entry = None,
    target: Target = 2.0,
    minimum: Minimum = 0.5,
    maximum: Maximum = 4.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON, for scripts.")] = False,
) -> None:
    """Show the lessons that an article becomes, and what was left out and why.

    Example: courseletter lessons https://example.org/post --target 3
    """
    from campaigns.reading import read
    from campaigns.splitting import SplitSettings, split

    settings = SplitSettings(target=target, minimum=minimum, maximum=maximum)
    article = read(source, form, entry=entry)
    drafts = split(article, settings)
    if as_json:
        # The terminal's encoding may not hold every letter; JSON is UTF-8 by its definition (RFC 8259).
        typer.echo(json.dumps(as_dict(article, drafts, settings), ensure_ascii=False, indent=2).encode())
    else:
        _print_table(article, drafts, settings)


def as_dict(article: Article, drafts: tuple[DraftLesson, ...], settings: SplitSettings) -> dict[str, Any]:
    """The plan as JSON values. Merge fields stand as their defaults."""
    from campaigns.article import Role
    from campaigns.splitting import warnings
    from campaigns.wording import shown
    from templates.dialect import render_html, render_text

    decisions = article.decisions
    # The HTML is the lesson as readers see it, with each disclosure above (REQUIREMENTS 19); text and body
    # are its own words alone.
    above = "".join(f"<p>{as_html(one)}</p>\n" for one in article.disclosures)
    return {
        "title": article.title,
        "language": article.language,
        "disclosures": list(article.disclosures),
        "disclaimers": list(article.disclaimers),
        "dropped": [
            {"text": found.text, "reason": found.reason, "score": found.score}
            for found in decisions
            if found.role is Role.DROPPED
        ],
        "lessons": [
            {
                "title": shown(draft.title),
                "title_generated": draft.title_generated,
                "kind": draft.kind,
                "subject": shown(draft.subject),
                "preheader": shown(draft.preheader),
                "recap": shown(draft.recap),
                "teaser": shown(draft.teaser),
                "words": draft.words,
                "minutes": round(draft.minutes, 2),
                "headings": list(draft.headings),
                "html": above + render_html(draft.body),
                "text": render_text(draft.body),
                "body": draft.body,
            }
            for draft in drafts
        ],
        "warnings": warnings(article, drafts, settings),
        "form": article.form,
        "source": article.source,
        "decisions": [
            {"piece": d.piece, "role": d.role.value, "text": d.text, "reason": d.reason, "score": d.score}
            for d in decisions
        ],
    }


def _print_table(article: Article, drafts: tuple[DraftLesson, ...], settings: SplitSettings) -> None:
    from rich.console import Console
    from rich.markup import escape as escaped
    from rich.table import Table

    from campaigns.article import Role
    from campaigns.splitting import warnings
    from campaigns.wording import shown
    from courseletter.cli.plain import visible

    def escape(text: str) -> str:
        return escaped(visible(text))

    console = Console()
    console.print(f"[bold]{escape(article.title)}[/bold]  ({article.language}, read as {article.form})")
    table = Table(show_lines=False, pad_edge=False)
    for column in ("", "Subject and preheader", "Words", "Minutes"):
        table.add_column(
            column, justify="right" if column in ("Words", "Minutes") else "left", overflow="fold"
        )
    for number, draft in enumerate(drafts):
        lines = f"[bold]{escape(shown(draft.subject))}[/bold]\n{escape(shown(draft.preheader))}"
        table.add_row(str(number), lines, str(draft.words), f"{draft.minutes:.1f}")
    console.print(table)
    for warning in warnings(article, drafts, settings):
        console.print(f"[bold]Note:[/bold] {escape(warning)}")
    for name, texts in (
        ("Disclosure, above every lesson", article.disclosures),
        ("Disclaimer", article.disclaimers),
    ):
        for text in texts:
            console.print(f"[bold]{name}:[/bold] {escape(text)}")
    dropped = [found for found in article.decisions if found.role is Role.DROPPED]
    if dropped:
        console.print("[bold]Left out[/bold]")
    for found in dropped:
        text = found.text if len(found.text) <= 70 else found.text[:69] + "…"
        console.print(
            f"  {escape(text.replace(chr(10), ' '))}  [dim]{escape(found.reason)}, {found.score:.0%} "
            f"sure[/dim]"
        )
