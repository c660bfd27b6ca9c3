"""`courseletter course`: courses, their lessons and their publication."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns import drafting, folders, links, publishing, rereading
from campaigns.article import Article
from campaigns.cadence import Cadence
from campaigns.models import Article as ArticleRow
from campaigns.models import Course, Enrolment
from campaigns.reading import read
from campaigns.splitting import SplitSettings, split, warnings
from campaigns.wording import shown
from courseletter.cli import checks, publish
from courseletter.cli.articles import Entry, Form, Maximum, Minimum, Target
from courseletter.cli.cadences import Days, Gap, Start, Time, cadence_of
from courseletter.cli.output import (
    AsJson,
    CourseName,
    OnOff,
    Switch,
    count,
    installation,
    print_json,
    print_table,
    say,
    tell,
)
from courseletter.errors import InvalidInput, NotFound
from courseletter.zones import zone_named
from sender import pausing

app = typer.Typer(
    help="Make courses of articles, and publish them.", no_args_is_help=True, add_completion=False
)

app.command()(checks.check)

LONGEST_ID = 10  # digits


@app.command()
def create(
    article: Annotated[
        str, typer.Argument(metavar="ARTICLE", help="An article's number, or a file, an address or -.")
    ],
    slug: Annotated[str | None, typer.Option(help="The course's name in links; else from the title.")] = None,
    form: Form = None,
    entry: Entry = None,
    target: Target = 2.0,
    minimum: Minimum = 0.5,
    maximum: Maximum = 4.0,
    days: Days = None,
    time: Time = "09:00",
    gap: Gap = None,
    start: Start = None,
    zone: Annotated[str | None, typer.Option(help="The course's time zone; else the installation's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a draft course of an article.

    Example: courseletter course create article.html --days mon --time 09:00 --zone Europe/Berlin
    """
    cadence, lengths = cadence_of(days, time, gap, start), SplitSettings(target, minimum, maximum)
    if article.isdecimal() and (form or entry):
        raise InvalidInput(
            f"--form and --entry say how a source is read, and article {article} was read already: "
            "leave them out."
        )
    with installation() as opened:
        course_zone = zone_named(zone or opened.settings.timezone).key
        fresh = None if article.isdecimal() else read(article, form, entry=entry)
        with opened.database.write() as session:
            now = opened.clock.now()
            row = drafting.add_article(session, fresh, now) if fresh else _kept(session, article)
            kept = Article.from_dict(row.payload)
            lessons = split(kept, lengths)
            course = drafting.create_course(
                session, row, lessons, cadence=cadence, zone=course_zone, slug=slug, now=now
            )
            found = {**_facts(session, course), "warnings": warnings(kept, lessons, lengths)}
    if as_json:
        return print_json(found)
    _print_lessons(found)
    for warning in found["warnings"]:
        say(f"Note: {warning}")
    return say(f"Next: courseletter course publish {found['slug']}")


@app.command()
def copy(
    course: CourseName,
    slug: Annotated[
        str | None, typer.Option(help="The copy's name in links; else the course's, numbered.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a draft of its own of a course's draft, such as to change one that people are under way in.

    Example: courseletter course copy small-habits --slug small-habits-2027
    """
    with installation() as opened, opened.database.write() as session:
        copied = drafting.copy_course(
            session, drafting.find_course(session, course), opened.clock.now(), slug=slug
        )
        found = _facts(session, copied)
    if as_json:
        return print_json(found)
    say(f"Copied {course} to {found['slug']}. Nobody is in it yet.")
    return say(f"Next: courseletter course export {found['slug']} {found['slug']}/")


@app.command()
def update(
    course: CourseName,
    article: Annotated[
        str, typer.Argument(metavar="ARTICLE", help="The article as it is now: a file, an address or -.")
    ],
    form: Form = None,
    entry: Entry = None,
    target: Target = 2.0,
    minimum: Minimum = 0.5,
    maximum: Maximum = 4.0,
    as_json: AsJson = False,
) -> None:
    """Carry what an article says now into the draft of its course. Your own words stay.

    Give the lengths that the course was made with.

    Example: courseletter course update small-habits article.html
    """
    with installation() as opened:
        fresh = read(article, form, entry=entry)
        with opened.database.write() as session:
            row = drafting.find_course(session, course)
            lengths = SplitSettings(target, minimum, maximum)
            told = rereading.update_course(session, row, fresh, lengths, opened.clock.now())
            found = {"slug": row.slug, **asdict(told)}
    if as_json:
        return print_json(found)
    for what, titles in asdict(told).items():
        if titles:
            say(f"{what.capitalize()}: {', '.join(f'“{shown(title)}”' for title in titles)}")
    if told.kept:
        say("Kept are lessons that you have rewritten: the article's new words for them were not taken over.")
    return say(f"Next: courseletter course plan {found['slug']}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the courses.

    Example: courseletter course list
    """
    with installation() as opened, opened.database.read() as session:
        courses = select(Course).where(Course.kind == "course").order_by(Course.created_at)
        found = [_facts(session, one) for one in session.scalars(courses)]
    if as_json:
        return print_json(found)
    columns = ("slug", "title", "state", "lessons", "people")
    rows = [(one["slug"], one["title"], one["state"], _taught(one), one["people"]) for one in found]
    return print_table(columns, rows)


@app.command()
def show(course: CourseName, as_json: AsJson = False) -> None:
    """Show a course: its lessons, when they come, and how many people are in it.

    Example: courseletter course show small-habits
    """
    with installation() as opened, opened.database.read() as session:
        found = _facts(session, drafting.find_course(session, course))
        found["sign_up"] = opened.links.sign_up(str(found["slug"]))
    if as_json:
        return print_json(found)
    _print_lessons(found)
    people = "1 person" if found["people"] == 1 else f"{found['people']} people"
    say(f"{found['rhythm']}, {found['zone']} · {people} · {found['state']}")
    if found["paused_why"]:
        say(f"Why it is paused: {found['paused_why']}")
    return say(f"Sign-up page: {found['sign_up']}")


for command in (publish.plan, publish.publish, publish.rollback, publish.revisions):
    app.command()(command)


@app.command()
def pause(course: CourseName, as_json: AsJson = False) -> None:
    """Send no lesson of this course until it is resumed. Nobody loses their place.

    Example: courseletter course pause small-habits
    """
    with installation() as opened:
        called_back = pausing.pause_course(opened.database, course, opened.clock.now())
    if as_json:
        return print_json({"course": course, "state": "paused", "called_back": called_back})
    return say(f"Paused. Called back: {count(called_back, 'queued lesson')}.")


@app.command()
def resume(course: CourseName, as_json: AsJson = False) -> None:
    """Let a paused course go on. What was missed is dated anew, never sent all at once.

    Example: courseletter course resume small-habits
    """
    with installation() as opened:
        pausing.resume_course(opened.database, course, opened.clock.now())
    if as_json:
        return print_json({"course": course, "state": "resumed"})
    return say("The course goes on.")


@app.command()
def track(course: CourseName, clicks: OnOff, as_json: AsJson = False) -> None:
    """Count clicks on the links of the mails that are written from now on, or count none.

    Example: courseletter course track small-habits on
    """
    with installation() as opened, opened.database.write() as session:
        row = drafting.find_course(session, course)
        links.track_clicks(session, row, clicks is Switch.ON)
    if as_json:
        return print_json({"course": course, "tracks_clicks": clicks is Switch.ON})
    if clicks is Switch.ON:
        return say("Clicks are counted. Who wants none counted: courseletter subscriber track EMAIL off")
    return say("No click is counted. Links in mails that are out lead on as before.")


@app.command("export")
def export_(
    course: CourseName,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to write.")],
    as_json: AsJson = False,
) -> None:
    """Write the draft as a folder of Markdown files; over an existing one, only what changed.

    Example: courseletter course export small-habits small-habits/
    """
    with installation() as opened, opened.database.read() as session:
        found = drafting.find_course(session, course)
        folders.export_course(session, found, folder)
        facts = {"id": found.id, "slug": found.slug, "folder": str(folder)}
    tell(f"Wrote {folder}", facts, as_json=as_json)


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder with course.toml and lessons/.")],
    as_json: AsJson = False,
) -> None:
    """Read a course folder into a draft: a new course, or the draft of the one with its id.

    Example: courseletter course import small-habits/
    """
    with installation() as opened, opened.database.write() as session:
        course, notes = folders.import_course(
            session,
            folder,
            opened.clock.now(),
            default_zone=opened.settings.timezone,
            base_url=opened.settings.base_url,
        )
        found = {**_facts(session, course), "notes": notes}
    if as_json:
        return print_json(found)
    for note in notes:
        say(note)
    return say(f"Read “{found['title']}” with {count(len(found['lessons']), 'mail')} into {found['slug']}.")


def _kept(session: Session, number: str) -> ArticleRow:
    # More digits than an id has are no id, and no database or int() would take them.
    row = session.get(ArticleRow, int(number)) if len(number) < LONGEST_ID else None
    if row is None:
        raise NotFound(f"There is no article {number}. See `courseletter article list`.")
    return row


def _facts(session: Session, course: Course) -> dict[str, Any]:
    people = select(func.count()).where(
        Enrolment.course_id == course.id, Enrolment.state.in_(("active", "paused"))
    )
    return {
        "id": course.id,
        "slug": course.slug,
        "title": course.title,
        "language": course.language,
        "zone": course.zone,
        "rhythm": Cadence.from_json(course.cadence).phrase(),
        "state": _state(course.revision_id, course.paused_at),
        "paused_why": course.paused_why,
        "tracks_clicks": course.tracks_clicks,
        "people": session.scalar(people),
        "lessons": [
            {
                "id": one.id,
                "number": number,
                "title": shown(one.title),
                "subject": shown(one.subject),
                "minutes": one.minutes,
            }
            for number, one in publishing.numbered(course)
        ],
    }


def _taught(found: dict[str, Any]) -> int:
    """How many lessons, the welcome not counted."""
    return sum(one["number"] > 0 for one in found["lessons"])


def _state(revision_id: int | None, paused_at: datetime | None) -> str:
    if revision_id is None:
        return "draft"
    return "paused" if paused_at else "published"


def _print_lessons(found: dict[str, Any]) -> None:
    rows = [
        (one["number"] or "·", one["title"], one["subject"], f"{one['minutes']} min")
        for one in found["lessons"]
    ]
    print_table(("", "lesson", "subject", "reading"), rows, title=str(found["title"]))
