"""`courseletter send-test`: one lesson of the draft, to one address, outside of every ledger."""

from typing import Annotated

import typer

from campaigns import drafting, publishing
from campaigns.models import Course, Lesson
from courseletter.cli.output import AsJson, CourseName, count, installation, print_json, say
from courseletter.errors import InvalidInput
from sender.sampling import Somebody, sampled
from subscribers.addresses import check_address
from subscribers.names import check_name
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
            brand = opened.brands.of(session, found)
            compiled, context = sampled(session, found, wanted, who, brand, opened.links, now, "[Test] ")
            language = found.language
        identifier = opened.send_test(compiled, context, brand, language, address, name)
    subject = render(compiled, context).subject
    if as_json:
        return print_json({"to": address, "subject": subject, "message_id": identifier})
    return say(f"Sent “{subject}” to {address}.")


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
