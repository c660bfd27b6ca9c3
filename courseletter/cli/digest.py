"""`courseletter newsletter digest`: a newsletter made of a feed, on a schedule."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from campaigns.digests import setting_up
from campaigns.digests.models import Digest
from campaigns.digests.rhythm import Rhythm
from campaigns.digests.setting_up import Wishes
from campaigns.folders import DAYS, minute_of
from campaigns.models import Course
from campaigns.newsletters.drafting import find_newsletter
from courseletter.cli.cadences import weekdays_of
from courseletter.cli.output import AsJson, installation, print_json, say
from courseletter.errors import InvalidInput
from sender.newsletters.previewing import preview
from templates.merge_fields import without_recipient

app = typer.Typer(
    help="Make issues of what a feed has published since the last time.\n\n"
    "Example: courseletter newsletter digest show garden-letter",
    no_args_is_help=True,
    add_completion=False,
)

Newsletter = Annotated[
    str, typer.Argument(metavar="NEWSLETTER", help="The newsletter's name in links, or its id.")
]
Feed = Annotated[str | None, typer.Option(help="Address of the RSS or Atom feed.")]
Days = Annotated[str | None, typer.Option(help="Weekdays: mon,thu or daily.")]
Every = Annotated[
    str | None, typer.Option(metavar="week|month", help="On each of the days, or on a month's first of them.")
]
Time = Annotated[str | None, typer.Option(help="Hour in the zone, like 09:00.")]
Zone = Annotated[str | None, typer.Option(help="Time zone, like Europe/Berlin; else the newsletter's.")]
Subject = Annotated[
    str | None, typer.Option(help="With fields: {{ digest.title }}, {{ digest.count }}, {{ digest.date }}.")
]
Introduction = Annotated[
    Path | None,
    typer.Option(help="A Markdown file that stands above the entries.", exists=True, dir_okay=False),
]
Most = Annotated[int | None, typer.Option(help="Entries of one issue at most.")]
Pictures = Annotated[bool | None, typer.Option("--pictures/--no-pictures", help="A picture of each entry.")]
Sends = Annotated[
    bool | None, typer.Option("--send/--draft", help="Send each issue, or let it wait as a draft.")
]
First = Annotated[int, typer.Option(help="Of what the feed has now, send the newest this many.")]


@app.command()
def show(newsletter: Newsletter, as_json: AsJson = False) -> None:
    """Show a newsletter's feed, when it is looked at, and what stands in the way.

    Example: courseletter newsletter digest show garden-letter
    """
    with installation() as opened, opened.database.read() as session:
        course = find_newsletter(session, newsletter)
        found = _facts(course, setting_up.find_digest(session, course))
    if as_json:
        return print_json(found)
    return _say(found)


@app.command("set")
def set_(
    newsletter: Newsletter,
    feed: Feed = None,
    days: Days = None,
    every: Every = None,
    time: Time = None,
    zone: Zone = None,
    subject: Subject = None,
    introduction: Introduction = None,
    most: Most = None,
    pictures: Pictures = None,
    send: Sends = None,
    first: First = 0,
    as_json: AsJson = False,
) -> None:
    """Set a digest up and switch it on, or change it. What is not named stays as it is.

    Example: courseletter newsletter digest set garden-letter --feed https://example.org/feed --days mon
    """
    with installation() as opened:
        with opened.database.read() as session:
            course = find_newsletter(session, newsletter)
            wishes = _wishes(course, session.get(Digest, course.id))
        rhythm = _rhythm(wishes.rhythm, days, every, time, zone)
        text = introduction.read_text("utf-8-sig").strip() if introduction else None
        named = {
            "url": feed, "subject": subject, "introduction": text, "most": most, "pictures": pictures,
            "sends": send,
        }  # fmt: skip
        changed = {name: value for name, value in named.items() if value is not None}
        wishes = replace(wishes, rhythm=rhythm, **changed)  # type: ignore[arg-type]
        setting_up.set_up(opened.database, opened.fetcher, course.id, wishes, first, opened.clock.now())
        with opened.database.read() as session:
            found = _facts(course, setting_up.find_digest(session, course))
    if as_json:
        return print_json(found)
    return _say(found)


@app.command("preview")
def preview_(newsletter: Newsletter, as_json: AsJson = False) -> None:
    """Read the feed and show what would go out now. Nothing is kept of it.

    Example: courseletter newsletter digest preview garden-letter
    """
    with installation() as opened:
        with opened.database.read() as session:
            course = find_newsletter(session, newsletter)
            wishes = Wishes.of(setting_up.find_digest(session, course))
        found = preview(opened.database, opened.fetcher, course.id, wishes, 0, opened.clock.now())
    if as_json:
        told = {"new": found.new, "shown": found.shown, "subject": found.subject, "body": found.body}
        return print_json(told)
    say(found.sentence)
    say(f"Subject: {without_recipient(found.subject)}")
    return say(found.body)


@app.command()
def off(newsletter: Newsletter, as_json: AsJson = False) -> None:
    """Look at the feed no more. Which entries were sent stays known.

    Example: courseletter newsletter digest off garden-letter
    """
    with installation() as opened, opened.database.write() as session:
        course = find_newsletter(session, newsletter)
        digest = setting_up.find_digest(session, course)
        setting_up.switch_off(digest)
        found = _facts(course, digest)
    if as_json:
        return print_json(found)
    return _say(found)


def _wishes(course: Course, digest: Digest | None) -> Wishes:
    """What is saved, else what a digest begins with."""
    return Wishes.of(digest) if digest else setting_up.proposed(course.zone)


def _rhythm(
    before: Rhythm, days: str | None, every: str | None, time: str | None, zone: str | None
) -> Rhythm:
    if every not in (None, "week", "month"):
        raise InvalidInput("--every: write week or month.", field="--every")
    return Rhythm(
        before.every if every is None else "month" if every == "month" else "week",
        before.weekdays if days is None else weekdays_of(days),
        before.minute if time is None else minute_of(time, "--time"),
        zone or before.zone,
    )


def _facts(course: Course, digest: Digest) -> dict[str, Any]:
    return {
        "newsletter": course.title,
        "feed": digest.url,
        "on": digest.next_at is not None,
        "every": digest.every,
        "days": [DAYS[day] for day in digest.weekdays],
        "minute": digest.minute,
        "zone": digest.zone,
        "rhythm": Rhythm.of(digest).phrase(),
        "subject": digest.subject,
        "introduction": digest.introduction,
        "most": digest.most,
        "pictures": digest.pictures,
        "sends": digest.sends,
        "next_at": digest.next_at,
        "looked_at": digest.looked_at,
        "problem": digest.problem,
        "problem_at": digest.problem_at,
    }


def _say(found: dict[str, Any]) -> None:
    say(f"{found['newsletter']} · {found['feed']}")
    ends = "is sent" if found["sends"] else "waits as a draft"
    say(f"{found['rhythm']} in {found['zone']}; an issue of at most {found['most']} entries {ends}.")
    say(f"Next: {found['next_at']:%Y-%m-%d %H:%M} UTC" if found["on"] else "Switched off.")
    if found["problem"]:
        say(f"{found['problem_at']:%Y-%m-%d %H:%M} UTC: {found['problem']}")
