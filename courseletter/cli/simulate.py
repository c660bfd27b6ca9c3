"""`courseletter simulate`: the calendar that a subscriber would live through."""

from datetime import datetime, time
from typing import Annotated

import typer

from campaigns import drafting
from campaigns.folders import minute_of
from campaigns.preview import simulate as live_through
from campaigns.schedule import Profile, pace_named
from courseletter.cli.cadences import date_of
from courseletter.cli.output import AsJson, CourseName, installation, print_json, print_table, say
from courseletter.errors import InvalidInput
from courseletter.zones import MINUTES_A_DAY, zone_named

app = typer.Typer(add_completion=False)


@app.command()
def simulate(
    course: CourseName,
    start: Annotated[str, typer.Option("--from", help="The day of signing up, like 2026-03-11.")],
    zone: Annotated[str | None, typer.Option(help="The subscriber's zone; else the course's.")] = None,
    at: Annotated[str, typer.Option(help="The hour of signing up, like 15:42.")] = "12:00",
    pace: Annotated[str, typer.Option(help="slower, normal, faster, or days between lessons.")] = "normal",
    as_json: AsJson = False,
) -> None:
    """Show when each lesson would come, clock changes included. Touches nobody.

    Example: courseletter simulate small-habits --from 2026-03-11 --zone Europe/Berlin
    """
    with installation() as opened, opened.database.read() as session:
        row = drafting.find_course(session, course)
        timetable, titles = drafting.draft_timetable(row), {one.id: one.title for one in row.lessons}
    own = zone_named(zone) if zone else zone_named(timetable.zone)
    joined = datetime.combine(date_of(start, "--from"), _time(at), own)
    profile = Profile(own.key, pace=pace_named(pace))
    lived = [
        {"at": one.at.astimezone(own), "lesson": titles[one.lesson], "remark": one.remark}
        for one in live_through(timetable, profile, joined)
    ]
    if as_json:
        return print_json(lived)
    say(f"Signing up on {joined:%a %d %b %Y at %H:%M}, {own.key}")
    rows = [(f"{one['at']:%a %d %b %Y %H:%M}", one["lesson"], one["remark"]) for one in lived]
    return print_table(("when", "lesson", ""), rows)


def _time(at: str) -> time:
    minute = minute_of(at, "--at")
    if minute == MINUTES_A_DAY:
        raise InvalidInput("--at: 24:00 is 00:00 of the next day. Write it so.", field="at")
    return time(minute // 60, minute % 60)
