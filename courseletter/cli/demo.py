"""`courseletter demo`: see an article become a course, in a mailbox on this machine."""

import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from threading import Event
from typing import Annotated

import typer

from courseletter.cli.output import AsJson, count, print_json, say
from courseletter.clock import SystemClock
from courseletter.demo import ZONE, Demo, Story, beginning, read_article
from courseletter.errors import InvalidInput
from courseletter.web.moments import place
from courseletter.zones import zone_of
from sender.stored_mail import StoredMail

app = typer.Typer(add_completion=False)

SECONDS_A_MAIL = 2.0  # slow enough to watch
SECONDS_A_STORY = 16.0  # all lessons within 20 seconds, the time to make and send them included


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
    text = read_article(article)
    begins = beginning(text, SystemClock().now())
    with (
        _ended_by_signals(),
        _quiet_sender(),
        TemporaryDirectory(prefix="courseletter-demo-") as temporary,
        _kept_when_filled(mailbox),
    ):
        home = Path(temporary)
        with Demo(home, mailbox or home / "mailbox", begins) as running:
            running.create_course(text)
            if unsubscribe_after is not None and unsubscribe_after > running.lessons:
                raise InvalidInput(
                    f"--unsubscribe-after: the course has {count(running.lessons, 'lesson')}. "
                    f"Choose 0 to {running.lessons}.",
                    field="unsubscribe_after",
                )
            if watching:
                _introduce(running)
            if not as_json:
                say(f"Hours are those of the reader, in {place(ZONE)}:")
            running.sign_up()
            pause = seconds_a_mail(running.lessons) if watching else 0
            story = running.play(_Teller(pause, quiet=as_json).arrived, unsubscribe_after)
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


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A `kill` or a closed terminal ends the demo as Ctrl+C does, so that nothing is left behind."""
    before = {one: signal.signal(one, signal.default_int_handler) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _quiet_sender() -> Iterator[None]:
    """Keep the sender's log off the screen: what failed is in its ledger, and said at the end."""
    logger = logging.getLogger("sender")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def seconds_a_mail(lessons: int) -> float:
    """How long somebody watching may look at each mail: confirmation, welcome and lessons."""
    return min(SECONDS_A_MAIL, SECONDS_A_STORY / (lessons + 2))


class _Teller:
    """Says that a mail has arrived, and waits `pause` seconds, so that one can follow."""

    def __init__(self, pause: float, *, quiet: bool) -> None:
        self._pause = pause
        self._quiet = quiet

    def arrived(self, mail: StoredMail) -> None:
        if not self._quiet:
            when = f"{mail.date.astimezone(zone_of(ZONE)):%a %d %b %Y  %H:%M}  " if mail.date else ""
            say(f"  {when}{mail.subject}")
        time.sleep(self._pause)


def _introduce(running: Demo) -> None:
    say(f"The demo's mailbox: {running.installation.settings.base_url}/demo/mailbox")
    if running.port != 8000:
        say(f"(Port 8000 is taken, so it is on {running.port}.)")
    say("Open it now and watch. The calendar runs in time-lapse.")


def _sum_up(story: Story, mailbox: Path | None) -> None:
    lessons, mails = count(story.lessons, "lesson"), count(len(story.mails), "mail")
    say(f"“{story.course}”: {lessons} and a welcome; {mails} in all.")
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
        Event().wait()
    except KeyboardInterrupt:
        say("\nThe demo has ended; nothing is left behind.")


def _facts(story: Story) -> dict[str, object]:
    return {
        "course": story.course,
        "lessons": story.lessons,
        "unsubscribed_after": story.unsubscribed_after,
        "mails": [{"date": mail.date, "to": mail.to, "subject": mail.subject} for mail in story.mails],
    }
