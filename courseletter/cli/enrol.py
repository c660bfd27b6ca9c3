"""`courseletter enrol`: put a subscriber into a course."""

from typing import Annotated

import typer

from campaigns import drafting, enrolling
from courseletter.cli.output import AsJson, CourseName, Email, installation, print_json, print_table, say
from courseletter.cli.subscriber import known
from courseletter.errors import InvalidInput
from subscribers import consent
from subscribers.consent import Evidence, Outcome
from subscribers.suppression import is_suppressed

app = typer.Typer(add_completion=False)


@app.command()
def enrol(
    email: Email,
    course: CourseName,
    note: Annotated[str, typer.Option(help="How they consented; kept in the consent ledger.")] = "",
    as_json: AsJson = False,
) -> None:
    """Enrol a subscriber whose consent you vouch for. Who has left by themselves is not brought back.

    Example: courseletter enrol reader@example.org small-habits --note "asked by telephone"
    """
    with installation() as opened, opened.database.write() as session:
        now = opened.clock.now()
        row = drafting.find_course(session, course)
        subscriber = known(session, email)
        if is_suppressed(session, opened.settings.key, subscriber.email):
            raise InvalidInput(f"{email} must not be mailed: it is on the suppression list.", field="email")
        vouched = Evidence(source_url="command line", wording=note)
        if consent.add(session, row.mailing_list, subscriber, vouched, now, note) is Outcome.CLOSED:
            raise InvalidInput(
                f"{email} has unsubscribed from this course. Only they can come back, from the sign-up page.",
                field="email",
            )
        enrolment = enrolling.enrol(session, row, subscriber, now)
        zone = enrolling.place_of(session, enrolment).zone
        titles = {one.lesson_id: one.title for one in row.revision.lessons} if row.revision else {}
        coming = [
            {"lesson": titles[lesson], "at": moment.astimezone(zone)}
            for lesson, moment in enrolling.calendar(session, enrolment, now)
        ]
    if as_json:
        return print_json(coming)
    say(f"{email} is enrolled. What comes, in {zone.key}:")
    return print_table(
        ("when", "lesson"), [(f"{one['at']:%a %d %b %Y %H:%M}", one["lesson"]) for one in coming]
    )
