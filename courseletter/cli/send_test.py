"""`courseletter send-test`: one lesson of the draft, to one address, outside of every ledger."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

import typer

from campaigns import drafting, publishing
from campaigns.models import Course, Lesson
from campaigns.schedule import Mark, Profile, Progress, next_due
from campaigns.standing import Standing
from courseletter.cli.output import AsJson, CourseName, count, installation, print_json, say
from courseletter.cli.simulate import draft_timetable
from courseletter.config import SmtpSettings
from courseletter.errors import CourseletterError, InvalidInput
from courseletter.ids import new_id
from courseletter.installation import Installation
from courseletter.zones import zone_named
from sender.context import date_in_words, day_in_words
from sender.message import Letterhead, PreparedMail, Stamp, message_id
from sender.replies import judge
from sender.transport import Attempt, Envelope, Phase
from subscribers.addresses import check_address
from subscribers.people import check_name
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
    address, name = str(check_address(to)), check_name(name, "--name")
    with installation() as opened:
        with opened.database.read() as session:
            found = drafting.find_course(session, course)
            compiled, context = _lesson(opened, found, lesson, address, name)
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


def _lesson(
    opened: Installation, course: Course, number: int, address: str, name: str
) -> tuple[CompiledLesson, dict[str, Any]]:
    """The lesson compiled, and the context of a reader who has just asked for it."""
    numbered = publishing.numbered(course)
    wanted = next((one for place, one in numbered if place == number), None)
    if wanted is None:
        raise InvalidInput(
            f"“{course.title}” has {count(numbered[-1][0], 'lesson')} and no lesson {number}. "
            "Choose one with --lesson; 0 is the welcome.",
            field="lesson",
        )
    source = publishing.source_of(course, number, wanted)
    now = opened.clock.now()
    home = opened.links.sign_up(course.slug)
    upcoming = next((one for one in numbered if one[0] == number + 1), None)
    when = day_in_words(_next_day(course, wanted, now), course.language) if upcoming else ""
    joined = date_in_words(now.date(), course.language)
    reader = {"first_name": name, "last_name": "", "email": address, "joined": joined}
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
        and {
            "number": upcoming[0],
            "title": upcoming[1].title,
            "teaser": wanted.teaser.removeprefix(f"{upcoming[1].title}: "),
            "when": when,
        },
    }
    return compile_lesson(replace(source, subject=f"[Test] {source.subject}"), opened.brand), context


def _next_day(course: Course, lesson: Lesson, now: datetime) -> date:
    """The day of the lesson after this one, for somebody in the course's zone who gets this one now."""
    timetable = draft_timetable(course)
    had = [one.id for one in course.lessons if one.position <= lesson.position]
    progress = Progress(frozenset(Mark(one, "sent", "schedule") for one in had))
    standing = Standing(now, progress=progress, anchor_at=now, last_at=now)
    due = next_due(timetable, Profile(course.zone), standing, now)
    return (due.at if due else now).astimezone(zone_named(course.zone)).date()


def _letterhead(opened: Installation, course: Course) -> Letterhead:
    sender = opened.settings.sender
    return Letterhead(sender.from_name or opened.brand.name, sender.from_address, language=course.language)


def _stamp(opened: Installation, address: str, name: str) -> Stamp:
    settings, now = opened.settings, opened.clock.now()
    identifier = message_id(settings.key, new_id("test"), settings.sender.domain)
    return Stamp(name, address, identifier, date=now, signed_at=now)
