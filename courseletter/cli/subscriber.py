"""`courseletter subscriber`: one person at a time."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Enrolment, Lesson
from campaigns.reasons import RULES, Reason
from campaigns.rhythm import moment_phrase
from courseletter import uploads
from courseletter.cli.output import (
    AsJson,
    Email,
    OnOff,
    Switch,
    installation,
    print_json,
    print_table,
    say,
    tell,
)
from courseletter.errors import InvalidInput, NotFound
from courseletter.zones import zone_named
from sender import personal_data, wishes
from sender.erasing import erase
from sender.models import Delivery
from sender.past import Entry
from sender.why import why as answered
from subscribers import tags
from subscribers.addresses import check_address
from subscribers.consent import Evidence
from subscribers.erasure import check_not_erased
from subscribers.models import ConsentEntry, MailingList, Subscriber
from subscribers.names import check_name, fold
from subscribers.people import Details, find, find_or_create
from subscribers.suppression import suppression_of

app = typer.Typer(help="Look after subscribers, one at a time.", no_args_is_help=True, add_completion=False)


@app.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="First name.")] = "",
    zone: Annotated[str | None, typer.Option(help="Their time zone, like Europe/Lisbon.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a subscriber. They get nothing until they are enrolled, with a consent that you vouch for.

    Example: courseletter subscriber add reader@example.org --name Ada --zone Europe/Lisbon
    """
    address = str(check_address(email))
    details = Details(first_name=check_name(name, "--name"), zone=zone and zone_named(zone).key)
    with installation() as opened, opened.database.write() as session:
        check_not_erased(session, opened.settings.key, address)
        subscriber, created = find_or_create(session, address, details, opened.clock.now())
        if not created:
            raise InvalidInput(
                f"{subscriber.email} is a subscriber already. See `courseletter subscriber show {email}`.",
                field="email",
            )
        found = _summary(subscriber)
    if as_json:
        return print_json(found)
    return say(f"Added {found['email']}. Next: courseletter enrol {found['email']} COURSE")


@app.command()
def show(email: Email, as_json: AsJson = False) -> None:
    """Show a subscriber: consent, courses and what was sent.

    Example: courseletter subscriber show reader@example.org
    """
    with installation() as opened, opened.database.read() as session:
        subscriber = known(session, email)
        suppressed = suppression_of(session, opened.settings.key, subscriber.email)
        found: dict[str, Any] = {
            **_summary(subscriber),
            "suppressed": suppressed and {"reason": suppressed.reason, "at": suppressed.at},
            "consent": _consent(session, subscriber),
            "courses": _courses(session, subscriber),
            "deliveries": _deliveries(session, subscriber),
        }
    if as_json:
        return print_json(found)
    say("  ".join(filter(None, (found["email"], found["name"], found["zone"]))))
    if suppressed:
        say(f"Gets nothing: on the suppression list since {_moment(suppressed.at)}, {suppressed.reason}")
    for part in ("consent", "courses", "deliveries"):
        rows = [[_moment(cell) for cell in row.values()] for row in found[part]]
        if rows:
            print_table(list(found[part][0]), rows, title=part.capitalize())
    return None


@app.command()
def why(email: Email, as_json: AsJson = False) -> None:
    """Say what a person got and when, what comes next and why, or why nothing does.

    Example: courseletter subscriber why reader@example.org
    """
    with installation() as opened, opened.database.read() as session:
        answer = answered(session, known(session, email), opened.clock.now(), opened.settings.key)
    if as_json:
        return print_json({**asdict(answer), "rules": {rule: RULES[rule] for rule in answer.rules}})
    zone = zone_named(answer.zone)
    say("  ".join(filter(None, (answer.email, answer.name, answer.zone))))
    for against in answer.obstacles:
        say(f"Gets nothing. {_because(against)}")
    columns = ("When", "What", "Course", "Outcome", "Why")
    for title, entries in (("What they got", answer.past), ("What comes", answer.coming)):
        rows = [
            (moment_phrase(one.at.astimezone(zone)), one.title, one.course, one.outcome, _because(one))
            for one in entries
        ]
        if rows:
            print_table(columns, rows, title=title)
    for course in answer.courses:
        for reason in (*course.obstacles, *course.left_out):
            say(f"{course.course}: {_because(reason)}")
    for rule in answer.rules:
        say(f"{rule}  {RULES[rule]}")
    return None


def _because(reason: Reason | Entry) -> str:
    return f"{reason.text} ({', '.join(reason.rules)})" if reason.rules else reason.text


def _consent(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    ledger = (
        select(ConsentEntry, MailingList.slug)
        .outerjoin(MailingList, MailingList.id == ConsentEntry.list_id)
        .where(ConsentEntry.subscriber_id == subscriber.id)
        .order_by(ConsentEntry.id)
    )
    return [
        {
            "at": one.at,
            "act": one.act,
            "list": slug or "everything",
            "source": one.source_url,
            "ip": one.ip,
            "note": one.note,
        }
        for one, slug in session.execute(ledger)
    ]


def _courses(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    enrolments = (
        select(Enrolment, Lesson.title)
        .outerjoin(Lesson, Lesson.id == Enrolment.next_lesson)
        .where(Enrolment.subscriber_id == subscriber.id)
        .order_by(Enrolment.id)
    )
    return [
        {"course": one.course.slug, "state": one.state, "next": title, "due_at": one.due_at}
        for one, title in session.execute(enrolments)
    ]


def _deliveries(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    sent = (
        select(Delivery, Lesson.title)
        .outerjoin(Lesson, Lesson.id == Delivery.lesson_id)
        .where(Delivery.subscriber_id == subscriber.id)
        .order_by(Delivery.id)
    )
    return [
        {"lesson": title or one.kind, "state": one.state, "at": one.finished_at, "reply": one.reply}
        for one, title in session.execute(sent)
    ]


def _moment(value: object) -> object:
    """A moment to the minute; anything else as it is."""
    return f"{value:%d %b %Y %H:%M} UTC" if isinstance(value, datetime) else value


@app.command()
def unsubscribe(email: Email, as_json: AsJson = False) -> None:
    """Unsubscribe a person from everything, at once and for good.

    Example: courseletter subscriber unsubscribe reader@example.org
    """
    with installation() as opened, opened.database.write() as session:
        now = opened.clock.now()
        subscriber = known(session, email)
        evidence = Evidence(source_url="command line")
        wishes.leave_everything(session, subscriber, now, evidence, opened.settings.key)
        found = {"email": subscriber.email, "unsubscribed_at": now}
    if as_json:
        return print_json(found)
    return say(f"{found['email']} gets nothing more. Their history is kept.")


@app.command()
def tag(
    email: Email,
    name: Annotated[str, typer.Argument(metavar="TAG", help="The tag, in whatever case.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take it off.")] = False,
    as_json: AsJson = False,
) -> None:
    """Mark a person with a tag, or take it off. Triggers act on it within a minute.

    Example: courseletter subscriber tag reader@example.org "early riser"
    """
    with installation() as opened, opened.database.write() as session:
        subscriber = known(session, email)
        if remove:
            changed = tags.remove(session, subscriber, name)
        else:
            changed = tags.add(session, subscriber, name, opened.clock.now())
        found = list(tags.of(session, subscriber))
    if as_json:
        return print_json({"changed": changed, "tags": found})
    return say(f"{'' if changed else 'Nothing changed. '}Tags: {', '.join(found) or 'none'}")


@app.command("export")
def export_one(
    email: Email,
    out: Annotated[Path | None, typer.Option(help="The file to write; without it, the screen.")] = None,
) -> None:
    """Export all that is known of one person, as JSON.

    Example: courseletter subscriber export reader@example.org --out reader.json
    """
    with installation() as opened, opened.database.read() as session:
        text = personal_data.as_json(personal_data.of(session, opened.settings.key, known(session, email)))
    if out is None:
        return typer.echo(text, nl=False)
    out.write_text(text, encoding="utf-8")
    return say(f"Wrote {out}. It is personal: send it to them and to nobody else.")


@app.command("erase")
def erase_one(
    email: Email,
    confirm: Annotated[str, typer.Option(help="The address once more: nothing brings them back.")] = "",
    as_json: AsJson = False,
) -> None:
    """Erase one person for good, on their wish. A keyed hash keeps anybody from entering them again.

    Example: courseletter subscriber erase reader@example.org --confirm reader@example.org
    """
    with installation() as opened, opened.database.write() as session:
        subscriber = known(session, email)
        if fold(confirm) != subscriber.address_key:
            raise InvalidInput(
                f"Nothing was erased. It cannot be undone: say it with --confirm {subscriber.email}.",
                field="confirm",
            )
        erase(session, [subscriber], opened.clock.now(), opened.settings.key)
        session.commit()
        uploads.tidy(opened)
    tell(
        "Erased. What stays is a mark that nobody can read the address from.", {"erased": 1}, as_json=as_json
    )


@app.command()
def track(email: Email, clicks: OnOff, as_json: AsJson = False) -> None:
    """Count a person's clicks like everybody's, or none of them: their mails have plain links then.

    Example: courseletter subscriber track reader@example.org off
    """
    with installation() as opened, opened.database.write() as session:
        subscriber = known(session, email)
        subscriber.no_tracking = clicks is Switch.OFF
        found = {"email": subscriber.email, "no_tracking": subscriber.no_tracking}
    if as_json:
        return print_json(found)
    if clicks is Switch.OFF:
        return say(f"No click of {found['email']} is counted from now on, on whichever course.")
    return say(f"Clicks of {found['email']} are counted where the course counts clicks.")


def known(session: Session, email: str) -> Subscriber:
    subscriber = find(session, email)
    if subscriber is None:
        raise NotFound(f"No subscriber has the address {email}. Add it: courseletter subscriber add {email}")
    return subscriber


def _summary(subscriber: Subscriber) -> dict[str, object]:
    return {
        "id": subscriber.id,
        "email": subscriber.email,
        "name": " ".join(filter(None, (subscriber.first_name, subscriber.last_name))),
        "zone": subscriber.zone,
        "since": subscriber.created_at,
        "fields": subscriber.fields,
        "no_tracking": subscriber.no_tracking,
    }
