"""`courseletter send-test`: one lesson of the draft, to one address, outside of every ledger."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from campaigns import drafting, publishing
from campaigns.models import Course
from courseletter.cli.output import AsJson, CourseName, installation, print_json, say
from courseletter.errors import CourseletterError, InvalidInput
from courseletter.ids import new_id
from courseletter.installation import Installation
from sender.context import day_in_words
from sender.dkim import sign
from sender.message import Mail, build, message_id, mime_boundary
from sender.replies import judge
from sender.transport import Envelope
from subscribers.addresses import check_address
from templates.compiling import compile_lesson
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
            mail = _test_mail(opened, drafting.find_course(session, course), lesson, address, name)
        message = sign(build(mail), opened.dkim_keys(), mail.date)
        transport = opened.transport()
        attempt = transport.deliver(
            Envelope(opened.settings.sender.from_address, address), message, lambda: True
        )
        transport.close()
    if not attempt.accepted:
        raise CourseletterError(
            f"{opened.settings.smtp.host} did not take the test ({attempt.phase}): {judge(attempt).reason}. "
            "Check [smtp] in courseletter.toml."
        )
    if as_json:
        return print_json({"to": address, "subject": mail.subject, "message_id": mail.message_id})
    return say(f"Sent “{mail.subject}” to {address}.")


def _test_mail(opened: Installation, course: Course, number: int, address: str, name: str) -> Mail:
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
    rendered = render(
        compile_lesson(replace(source, subject=f"[Test] {source.subject}"), opened.brand),
        {
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
            "links": dict.fromkeys(
                ("web", "previous", "next_now", "pause", "preferences", "unsubscribe"), home
            ),
            "previous": None,
            "next": upcoming
            and {"number": upcoming[0], "title": upcoming[1].title, "teaser": wanted.teaser, "when": when},
        },
    )
    settings, key, test_id = opened.settings, opened.settings.key, new_id("test")
    return Mail(
        from_name=settings.sender.from_name or opened.brand.name,
        from_address=settings.sender.from_address,
        to_name=name,
        to_address=address,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        message_id=message_id(key, test_id, settings.sender.domain),
        date=now,
        boundary=mime_boundary(key, test_id),
        language=course.language,
    )
