"""`courseletter send-test`: one lesson of the draft, to one address, outside of every ledger."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer

from campaigns import drafting, publishing
from campaigns.models import Course
from courseletter.cli.output import AsJson, CourseName, installation, print_json, say
from courseletter.errors import CourseletterError, InvalidInput
from courseletter.ids import new_id
from courseletter.installation import Installation
from sender.context import day_in_words
from sender.message import Letterhead, PreparedMail, Stamp, message_id
from sender.replies import judge
from sender.transport import Envelope
from subscribers.addresses import check_address
from templates.compiling import CompiledLesson, compile_lesson
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
    address = str(check_address(to))
    with installation() as opened:
        with opened.database.read() as session:
            found = drafting.find_course(session, course)
            compiled, context = _lesson(opened, found, lesson, address, name)
            mail = PreparedMail(compiled, _letterhead(opened, found), opened.dkim_keys())
        stamp = _stamp(opened, address, name)
        transport = opened.transport()
        attempt = transport.deliver(
            Envelope(opened.settings.sender.from_address, address, mail.needs_smtputf8),
            mail.write(context, stamp),
            lambda: True,
        )
        transport.close()
    subject = render(compiled, context).subject
    if not attempt.accepted:
        raise CourseletterError(
            f"{opened.settings.smtp.host} did not take the test ({attempt.phase}): {judge(attempt).reason}. "
            "Check [smtp] in courseletter.toml."
        )
    if as_json:
        return print_json({"to": address, "subject": subject, "message_id": stamp.message_id})
    return say(f"Sent “{subject}” to {address}.")


def _lesson(
    opened: Installation, course: Course, number: int, address: str, name: str
) -> tuple[CompiledLesson, dict[str, Any]]:
    """The lesson compiled, and the context of a reader who has just asked for it."""
    numbered = publishing.numbered(course)
    wanted = next((one for count, one in numbered if count == number), None)
    if wanted is None:
        raise InvalidInput(
            f"“{course.title}” has lessons 1 to {numbered[-1][0]}. Choose one with --lesson.", field="lesson"
        )
    source = publishing.source_of(course, number, wanted)
    now = opened.clock.now()
    home = opened.links.sign_up(course.slug)
    upcoming = next(((count, one) for count, one in numbered if count == number + 1), None)
    when = day_in_words((now + timedelta(days=7)).date(), course.language)
    reader = {"first_name": name, "last_name": "", "email": address, "joined": now.date().isoformat()}
    context = {
        "subscriber": reader,
        "lesson": {
            "number": number,
            "total": source.total,
            "title": source.title,
            "minutes": source.minutes,
            "next_when": when,
        },
        "course": {"title": course.title, "total": source.total},
        "sender": {"name": opened.brand.name, "address": opened.brand.address},
        "links": dict.fromkeys(("web", "previous", "next_now", "pause", "preferences", "unsubscribe"), home),
        "previous": None,
        "next": upcoming
        and {"number": upcoming[0], "title": upcoming[1].title, "teaser": wanted.teaser, "when": when},
    }
    return compile_lesson(replace(source, subject=f"[Test] {source.subject}"), opened.brand), context


def _letterhead(opened: Installation, course: Course) -> Letterhead:
    sender = opened.settings.sender
    return Letterhead(sender.from_name or opened.brand.name, sender.from_address, language=course.language)


def _stamp(opened: Installation, address: str, name: str) -> Stamp:
    settings, now = opened.settings, opened.clock.now()
    identifier = message_id(settings.key, new_id("test"), settings.sender.domain)
    return Stamp(name, address, identifier, date=now, signed_at=now)
