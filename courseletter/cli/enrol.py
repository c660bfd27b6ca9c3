"""`courseletter enrol`: put a subscriber into a course."""

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from campaigns import drafting, enrolling
from courseletter.cli.output import AsJson, CourseName, Email, installation, print_json, print_table, say
from courseletter.cli.subscriber import known
from courseletter.errors import InvalidInput
from subscribers import consent
from subscribers.consent import Evidence, Outcome
from subscribers.models import Membership, MemberStatus, Subscriber, SuppressionReason
from subscribers.suppression import suppression_of

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
        _check_may_be_mailed(session, opened.settings.key, subscriber)
        member = session.get(Membership, (row.list_id, subscriber.id))
        if member and member.status == MemberStatus.PENDING and not note:
            raise InvalidInput(
                f"{email} has asked for this course and not confirmed. Wait for that, or say with --note how "
                "they consented.",
                field="note",
            )
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


def _check_may_be_mailed(session: Session, key: bytes, subscriber: Subscriber) -> None:
    found = suppression_of(session, key, subscriber.email)
    if found is None:
        return
    advice = "It stays on the list: enrol another address of theirs."
    if found.reason == SuppressionReason.UNSUBSCRIBED:
        advice = "Only they can come back, from the sign-up page."
    raise InvalidInput(
        f"{subscriber.email} must not be mailed: on the suppression list since {found.at:%d %b %Y}, "
        f"{found.reason}. {advice}",
        field="email",
    )
