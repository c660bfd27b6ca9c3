"""`courseletter demo`: see an article become a course, in a mailbox on this machine."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from courseletter.cli.output import AsJson, print_json, say
from courseletter.clock import SystemClock
from courseletter.demo import Demo, Story
from courseletter.errors import InvalidInput
from sender.stored_mail import StoredMail

app = typer.Typer(add_completion=False)

SECONDS_A_MAIL = 2.0  # slow enough to watch, quick enough for all lessons within 20 seconds


@app.command()
def demo(
    article: Annotated[
        str | None, typer.Argument(metavar="ARTICLE", help="A file, an address or -; else the example.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Play the story and exit; wait for nobody.")] = False,
    mailbox: Annotated[Path | None, typer.Option(help="Keep the mails in this folder, as a Maildir.")] = None,
    unsubscribe_after: Annotated[
        int | None, typer.Option(help="Press one-click unsubscribe after this lesson.", min=0)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Watch an article become an email course: sign-up, confirmation, lessons, unsubscribing.

    Everything stays on this machine and nothing is left behind, except in --mailbox.

    Example: courseletter demo article.html --once --mailbox mails --unsubscribe-after 2
    """
    watching = sys.stdout.isatty() and not (once or as_json)
    if mailbox is not None and (mailbox / "new").is_dir() and any((mailbox / "new").iterdir()):
        raise InvalidInput(f"{mailbox} holds mail already. Name a new folder, or empty it.", field="mailbox")
    with TemporaryDirectory(prefix="courseletter-demo-") as temporary, _kept_when_filled(mailbox):
        home = Path(temporary)
        with Demo(home, mailbox or home / "mailbox", SystemClock().now()) as running:
            running.create_course(article)
            if watching:
                _introduce(running)
            running.sign_up()
            story = running.play(_Teller(watching, quiet=as_json).arrived, unsubscribe_after)
            if mailbox is not None:
                running.write_dns(mailbox / "dns.txt")
            if as_json:
                print_json(_facts(story))
            else:
                _sum_up(story, mailbox)
            if watching:
                _wait(running)


@contextmanager
def _kept_when_filled(mailbox: Path | None) -> Iterator[None]:
    """A story that cannot be played leaves no empty mailbox behind."""
    is_ours = mailbox is not None and not mailbox.exists()
    try:
        yield
    except BaseException:
        if mailbox is not None and is_ours and not any((mailbox / "new").glob("*")):
            rmtree(mailbox, ignore_errors=True)
        raise


class _Teller:
    """Says that a mail has arrived; for somebody watching, at a pace they can follow."""

    def __init__(self, watching: bool, *, quiet: bool) -> None:
        self._watching = watching
        self._quiet = quiet

    def arrived(self, mail: StoredMail) -> None:
        if not self._quiet:
            say(f"  {mail.date:%a %d %b %Y  %H:%M}  {mail.subject}" if mail.date else f"  {mail.subject}")
        if self._watching:
            time.sleep(SECONDS_A_MAIL)


def _introduce(running: Demo) -> None:
    say(f"The demo's mailbox: {running.installation.settings.base_url}/demo/mailbox")
    if running.port != 8000:
        say(f"(Port 8000 is taken, so it is on {running.port}.)")
    say("Open it now and watch. The calendar runs in time-lapse; moments are UTC:")


def _sum_up(story: Story, mailbox: Path | None) -> None:
    say(f"“{story.course}”: {story.lessons} lessons and a welcome; {len(story.mails)} mails in all.")
    if story.unsubscribed_after is not None:
        say(f"One-click unsubscribe after lesson {story.unsubscribed_after}: nothing more has come since.")
    if mailbox is not None:
        say(f"The mails are in {mailbox / 'new'}, the sender's DNS records in {mailbox / 'dns.txt'}.")


def _wait(running: Demo) -> None:
    links = running.installation.links
    say(f"\nThe mailbox: {links.base_url}/demo/mailbox  (phone and desktop view, text, source)")
    say(f"The sign-up page: {links.sign_up(running.slug)}  (mail to any address lands in the mailbox)")
    say("Sign up there, press what you like in the mails, and move the clock in the mailbox.")
    say("Ctrl+C ends the demo.")
    running.keep_running()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        say("\nThe demo has ended; nothing is left behind.")


def _facts(story: Story) -> dict[str, object]:
    return {
        "course": story.course,
        "lessons": story.lessons,
        "unsubscribed_after": story.unsubscribed_after,
        "mails": [{"date": mail.date, "to": mail.to, "subject": mail.subject} for mail in story.mails],
    }
