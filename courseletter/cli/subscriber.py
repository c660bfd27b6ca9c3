"""`courseletter subscriber`: one person at a time."""

from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Enrolment
from courseletter.cli.output import AsJson, Email, installation, print_json, print_table, say
from courseletter.errors import InvalidInput, NotFound
from courseletter.zones import zone_named
from sender import wishes
from sender.models import Delivery
from subscribers.addresses import check_address
from subscribers.consent import Evidence
from subscribers.models import ConsentEntry, Subscriber
from subscribers.people import Details, check_details, find, find_or_create

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
    details = check_details(Details(first_name=name, zone=zone and zone_named(zone).key))
    with installation() as opened, opened.database.write() as session:
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
        found: dict[str, Any] = {
            **_summary(subscriber),
            "consent": [
                {"at": one.at, "act": one.act, "list": one.list_id, "source": one.source_url, "ip": one.ip}
                for one in session.scalars(
                    select(ConsentEntry).filter_by(subscriber_id=subscriber.id).order_by(ConsentEntry.id)
                )
            ],
            "courses": [
                {"course": one.course.slug, "state": one.state, "next": one.next_lesson, "due_at": one.due_at}
                for one in session.scalars(select(Enrolment).filter_by(subscriber_id=subscriber.id))
            ],
            "deliveries": [
                {
                    "lesson": one.lesson_id or one.kind,
                    "state": one.state,
                    "at": one.finished_at,
                    "reply": one.reply,
                }
                for one in session.scalars(
                    select(Delivery).filter_by(subscriber_id=subscriber.id).order_by(Delivery.id)
                )
            ],
        }
    if as_json:
        return print_json(found)
    say(f"{found['email']}  {found['name']}  {found['zone'] or ''}")
    for part in ("consent", "courses", "deliveries"):
        rows = found[part]
        if rows:
            print_table(list(rows[0]), [list(row.values()) for row in rows], title=part.capitalize())
    return None


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
    }
