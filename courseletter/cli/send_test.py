"""`courseletter send-test`: one lesson of the draft, to one address, outside of every ledger."""

from typing import Annotated

import typer

from campaigns import drafting, publishing
from campaigns.models import Course, Lesson
from courseletter.cli.output import AsJson, CourseName, count, installation, print_json, say
from courseletter.config import SmtpSettings
from courseletter.errors import CourseletterError, InvalidInput
from courseletter.ids import new_id
from courseletter.installation import Installation
from sender.message import Letterhead, PreparedMail, Stamp, message_id
from sender.replies import judge
from sender.sampling import Somebody, sampled
from sender.transport import Attempt, Envelope, Phase
from subscribers.addresses import check_address
from subscribers.people import check_name
from templates.rendering import render

app = typer.Typer(add_completion=False)


@app.command("send-test")
def send_test(
    course: CourseName,
    to: Annotated[str, typer.Option(help="The address to send to.")],
    lesson: Annotated[int, typer.Option(help="Which lesson; 0 is the welcome.", min=0)] = 1,
    name: Annotated[str, typer.Option(help="The first name to address.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send one lesson of the draft, as a reader would get it. Its links lead to the sign-up page.

    Example: courseletter send-test small-habits --to me@example.org --lesson 2
    """
    address, name = str(check_address(to)), check_name(name, "--name")
    with installation() as opened:
        with opened.database.read() as session:
            found = drafting.find_course(session, course)
            wanted, who = _numbered(found, lesson), Somebody(address, name)
            now = opened.clock.now()
            compiled, context = sampled(found, wanted, who, opened.brand, opened.links, now, "[Test] ")
            mail = PreparedMail(compiled, _letterhead(opened, found), opened.dkim_keys())
        stamp = _stamp(opened, address, name)
        transport = opened.transport()
        relay = next(iter(opened.settings.routes.values()))
        attempt = transport.deliver(
            Envelope(opened.settings.sender.from_address, address, mail.needs_smtputf8),
            mail.write(context, stamp),
            lambda: True,
        )
        transport.close()
    subject = render(compiled, context).subject
    if not attempt.accepted:
        raise CourseletterError(
            f"{relay.host} did not take the test ({attempt.phase}): {judge(attempt).reason}. "
            + _advice(relay, attempt)
        )
    if as_json:
        return print_json({"to": address, "subject": subject, "message_id": stamp.message_id})
    return say(f"Sent “{subject}” to {address}.")


def _advice(smtp: SmtpSettings, attempt: Attempt) -> str:
    if attempt.phase is Phase.CONNECT and attempt.reply is None and smtp.security == "starttls":
        return (
            f"Check [smtp] in courseletter.toml: if port {smtp.port} speaks TLS from the start, as 465 does, "
            'set security = "tls".'
        )
    return "Check [smtp] in courseletter.toml."


def _numbered(course: Course, number: int) -> Lesson:
    numbered = publishing.numbered(course)
    found = next((one for place, one in numbered if place == number), None)
    if found is None:
        raise InvalidInput(
            f"“{course.title}” has {count(numbered[-1][0], 'lesson')} and no lesson {number}. "
            "Choose one with --lesson; 0 is the welcome.",
            field="lesson",
        )
    return found


def _letterhead(opened: Installation, course: Course) -> Letterhead:
    sender = opened.settings.sender
    return Letterhead(sender.from_name or opened.brand.name, sender.from_address, language=course.language)


def _stamp(opened: Installation, address: str, name: str) -> Stamp:
    settings, now = opened.settings, opened.clock.now()
    identifier = message_id(settings.key, new_id("test"), settings.sender.domain)
    return Stamp(name, address, identifier, date=now, signed_at=now)
