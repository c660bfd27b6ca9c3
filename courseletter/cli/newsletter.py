"""`courseletter newsletter`: issues of newsletters, sent and watched; they are written in the workshop."""

from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Lesson
from campaigns.newsletters.drafting import Wishes, find_issue, require_draft
from campaigns.newsletters.models import Issue, IssueState
from courseletter.cli import digest
from courseletter.cli.output import AsJson, installation, print_json, print_table, say
from courseletter.errors import InvalidInput
from courseletter.installation import Installation
from sender.newsletters import foreseeing, reporting, steering
from subscribers import audiences
from templates.merge_fields import without_recipient

app = typer.Typer(
    help="Send newsletters, and see what became of them.", no_args_is_help=True, add_completion=False
)
app.add_typer(digest.app, name="digest")

IssueId = Annotated[
    str, typer.Argument(metavar="ISSUE", help="The issue's id: `courseletter newsletter list` tells it.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Send without asking.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the issues of all newsletters, the newest first.

    Example: courseletter newsletter list
    """
    with installation() as opened, opened.database.read() as session:
        issues = select(Issue).join(Lesson, Lesson.id == Issue.lesson_id).where(Lesson.removed.is_(False))
        found = [_facts(one) for one in session.scalars(issues.order_by(Issue.created_at.desc()))]
    if as_json:
        return print_json(found)
    columns = ("issue", "newsletter", "title", "state", "people")
    return print_table(columns, [[one[name] for name in columns] for one in found])


@app.command()
def show(issue: IssueId, as_json: AsJson = False) -> None:
    """Show an issue: whom it is for, what sending it would do, and what became of it by subject.

    Example: courseletter newsletter show les_7K2M9Q4T1B
    """
    with installation() as opened, opened.database.read() as session:
        row = find_issue(session, issue)
        found = {**_facts(row), **_plan(opened, session, row)}
        columns, lines = reporting.as_table(reporting.report(session, row))
        found["subjects"] = [dict(zip(columns, line, strict=True)) for line in lines if row.revisions]
        found["verdict"] = row.verdict
    if as_json:
        return print_json(found)
    _say_plan(found)
    if found["subjects"]:
        print_table(columns, lines)
    if found["verdict"]:
        say(found["verdict"])
    return None


@app.command()
def send(issue: IssueId, yes: Yes = False, as_json: AsJson = False) -> None:
    """Send an issue to its audience, at once or at its hour, as the workshop has it.

    What it would do is shown first. What the checks block is not sent.

    Example: courseletter newsletter send les_7K2M9Q4T1B --yes
    """
    with installation() as opened:
        with opened.database.read() as session:
            row = find_issue(session, issue)
            require_draft(row)
            found = {**_facts(row), **_plan(opened, session, row)}
        if not as_json:
            _say_plan(found)
        people = "1 person" if found["reached"] == 1 else f"{found['reached']:,} people"
        if not yes and (as_json or not typer.confirm(f"Send it to {people}?")):
            raise InvalidInput("Nothing was sent. Say --yes, or answer y.", field="--yes")
        steering.schedule(opened.database, opened.brands, issue, opened.settings.key, opened.clock.now())
        with opened.database.read() as session:
            found = _facts(find_issue(session, issue))
    if as_json:
        return print_json(found)
    return say(f"Scheduled: the worker sends it. Next: courseletter newsletter show {issue}")


@app.command()
def pause(issue: IssueId, as_json: AsJson = False) -> None:
    """Stop an issue that is scheduled or going out. What is in the queue is called back.

    Example: courseletter newsletter pause les_7K2M9Q4T1B
    """
    with installation() as opened:
        back = steering.pause(opened.database, issue, opened.clock.now())
    if as_json:
        return print_json({"issue": issue, "called_back": back})
    return say(f"Paused; {back} called back.")


@app.command()
def resume(issue: IssueId, as_json: AsJson = False) -> None:
    """Let a paused issue go on with whoever has not had it.

    Example: courseletter newsletter resume les_7K2M9Q4T1B
    """
    with installation() as opened:
        ready = steering.resume(opened.database, issue, opened.clock.now())
    if as_json:
        return print_json({"issue": issue, "ready": ready})
    return say(f"It goes on; {ready} ready again.")


@app.command()
def cancel(issue: IssueId, as_json: AsJson = False) -> None:
    """End an issue. Who has it keeps it, nobody else gets it, and it cannot be resumed.

    Example: courseletter newsletter cancel les_7K2M9Q4T1B
    """
    with installation() as opened:
        back = steering.cancel(opened.database, issue, opened.clock.now())
    if as_json:
        return print_json({"issue": issue, "called_back": back})
    return say(f"Cancelled; {back} called back.")


def _facts(issue: Issue) -> dict[str, Any]:
    return {
        "issue": issue.lesson_id,
        "newsletter": issue.lesson.course.title,
        "title": without_recipient(issue.lesson.title),
        "state": issue.state,
        "why": issue.why,
        "people": issue.people,
        "day": issue.day,
        "minute": issue.minute,
        "begun_at": issue.begun_at,
        "finished_at": issue.finished_at,
    }


def _plan(opened: Installation, session: Session, issue: Issue) -> dict[str, Any]:
    wishes, now = Wishes.of(issue), opened.clock.now()
    found: dict[str, Any] = {
        "to": audiences.names(session, wishes.audience.include),
        "not_to": audiences.names(session, wishes.audience.exclude),
    }
    if issue.state == IssueState.DRAFT:
        foreseen = foreseeing.foresee(session, issue, wishes, opened.settings.key, now)
        found |= {
            **foreseen.count._asdict(),
            "tested": foreseen.tested,
            "waves": foreseen.waves,
            "obstacle": foreseen.obstacle,
        }
    return found


def _say_plan(found: dict[str, Any]) -> None:
    state = ": ".join(filter(None, (found["state"], found["why"])))
    say(f"{found['title']} · {found['newsletter']} · {state}")
    without = f", without {', '.join(found['not_to'])}" if found["not_to"] else ""
    say(f"To {', '.join(found['to']) or 'nobody'}{without}")
    if "reached" in found:
        say(
            f"{found['reached']} get it; {found['excluded']} taken out, {found['not_agreed']} have not "
            f"confirmed or have left, {found['suppressed']} suppressed."
        )
        if found["obstacle"]:
            say(found["obstacle"])
