"""`courseletter course check`: what is wrong with a course's mails, before anybody gets them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Annotated

import typer
from rich.text import Text

from campaigns import drafting, publishing
from campaigns.checking import alive
from campaigns.checking.finding import Finding, Severity
from campaigns.wording import shown
from courseletter.cli.output import AsJson, CourseName, count, installation, print_json, print_text, say
from courseletter.cli.plain import one_line

TO_MEND = 2  # the exit code for scripts: something blocks publishing
_COLOURS = {Severity.BLOCKING: "bold red", Severity.WARNING: "yellow", Severity.HINT: "cyan"}
_MARGIN = max(map(len, Severity)) + 2


def check(
    course: CourseName,
    links: Annotated[
        bool, typer.Option("--links", help="Also ask the web whether each link and picture is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the draft: each finding names its line and its mend. Those that block stop publishing.

    The exit code is 2 where something blocks, so that a script can stop there.

    Example: courseletter course check small-habits --links
    """
    with installation() as opened, opened.database.read() as session:
        row = drafting.find_course(session, course)
        checked = publishing.check(session, row, opened.brands.of(session, row))
        names = {lesson.id: (number, lesson.title) for number, lesson in publishing.numbered(row)}
        title = row.title
    findings = checked.findings
    if links:
        told = alive.check(checked.targets, alive.default_fetcher())
        findings = _with(findings, told, names)
    tally = Counter(one.severity for one in findings)
    if as_json:
        print_json({
            "course": title,
            **{severity: tally[severity] for severity in Severity},
            "sizes": checked.sizes,
            "findings": [one.to_json() for one in findings],
        })  # fmt: skip
    else:
        _print(title, findings, names, tally)
    if tally[Severity.BLOCKING]:
        raise typer.Exit(TO_MEND)


def _with(
    findings: Sequence[Finding], told: dict[str, list[Finding]], names: dict[str, tuple[int, str]]
) -> list[Finding]:
    """The findings with what the web told of each lesson behind the lesson's others."""
    places = list(names)
    more = [replace(one, lesson=key, title=names[key][1]) for key, many in told.items() for one in many]
    return sorted([*findings, *more], key=lambda one: places.index(one.lesson) if one.lesson else -1)


def _print(
    title: str, findings: Sequence[Finding], names: dict[str, tuple[int, str]], tally: Counter[Severity]
) -> None:
    for lesson, found in groupby(findings, key=lambda one: one.lesson):
        number, name = names.get(lesson, (0, title))
        heading = f"Lesson {number} · {shown(name)}" if number else shown(name)
        print_text(Text(one_line(heading), style="bold"))
        for finding in found:
            print_text(_as_text(finding))
        say("")
    if not findings:
        say(f"“{title}”: nothing found. It can be published.")
        return
    parts = (count(tally[Severity.WARNING], "warning"), count(tally[Severity.HINT], "hint"))
    say(f"“{title}”: {tally[Severity.BLOCKING]} blocking, {', '.join(parts)}.")


def _as_text(finding: Finding) -> Text:
    place = f"line {finding.line}: " if finding.line is not None else ""
    if finding.part not in ("body", "course", "lessons"):
        place = f"{finding.part}: "
    return Text.assemble(
        (f"{finding.severity:<{_MARGIN}}", _COLOURS[finding.severity]),
        f"{place}{one_line(finding.message)}\n",
        (f"{'':<{_MARGIN}}{one_line(finding.mend)}", "dim"),
    )
