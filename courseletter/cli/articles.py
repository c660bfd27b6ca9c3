"""The options that say how an article is read and cut: of `lessons`, `article add` and `course create`."""

from typing import Annotated

import typer

Form = Annotated[
    str | None,
    typer.Option(help="text, html, markdown, docx, feed, wxr, substack or ghost; detected if not given."),
]
Entry = Annotated[
    str | None, typer.Option(help="Which post of a feed or an export: number, title, id or link.")
]
Target = Annotated[float, typer.Option(help="Minutes of reading that a lesson should take.")]
Minimum = Annotated[float, typer.Option("--min", help="Minutes that a lesson should not fall below.")]
Maximum = Annotated[float, typer.Option("--max", help="Minutes that a lesson should not exceed.")]
